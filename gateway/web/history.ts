/**
 * From days or months of the read model to the columns of a chart: what was measured, how well, and where there
 * is nothing. Pure; a column without readings between the first and the last is a gap, outside it is nothing.
 */
import type {
  Conditions,
  DaySummary,
  MonthSummary,
  SlotCounts,
  Spread,
} from "../projection/read-model-types.ts";
import type { BarKind } from "./chart/bars.ts";

/** One day of a month, or one month of a year. */
export interface Column {
  /** "YYYY-MM-DD" or "YYYY-MM". */
  readonly key: string;
  readonly kind: BarKind;
  readonly wh: number;
  readonly slots: SlotCounts;
  readonly conditions: Conditions;
  /** The records behind it; more than one when the meter was swapped that day. */
  readonly days: readonly DaySummary[];
}

const NO_SLOTS: SlotCounts = {
  total: 0,
  measured: 0,
  partial: 0,
  recovered: 0,
  substituted: 0,
  gap: 0,
  missing: 0,
};

/** How a day or month is drawn, by the quality of its slots. */
export function kindOfSlots(slots: SlotCounts): BarKind {
  if (slots.total === 0 || slots.gap + slots.missing === slots.total) return "gap";
  if (slots.gap + slots.missing + slots.partial + slots.recovered > 0) return "partial";
  return slots.substituted > 0 ? "substituted" : "solid";
}

/** Energy to print: undefined, never zero, for a day that holds no reading. */
export function energyOf(day: DaySummary | undefined): number | undefined {
  if (day === undefined || day.unusable !== undefined) return undefined;
  return kindOfSlots(day.slots) === "gap" ? undefined : day.wh;
}

/** How a slot is drawn, by its letter (records.md section 4). */
export function kindOfLetter(letter: string): BarKind {
  if (letter === "G") return "gap";
  if (letter === "S") return "substituted";
  return letter === "R" || letter === letter.toLowerCase() ? "partial" : "solid";
}

/** One column a date. `first` and `last` are the meter's first and newest sealed dates. */
export function columnsOfDays(
  dates: readonly string[],
  days: readonly DaySummary[],
  first: string | undefined,
  last: string | undefined,
): Column[] {
  const byDate = new Map<string, DaySummary[]>();
  for (const day of days) byDate.set(day.date, [...(byDate.get(day.date) ?? []), day]);
  return dates.map((key) => {
    const own = byDate.get(key) ?? [];
    const usable = own.filter((day) => day.unusable === undefined);
    const slots = usable.map((day) => day.slots).reduce(addSlots, NO_SLOTS);
    const within = first !== undefined && last !== undefined && key >= first && key <= last;
    return {
      key,
      kind: usable.length > 0 ? kindOfSlots(slots) : within ? "gap" : "none",
      wh: usable.reduce((sum, day) => sum + day.wh, 0),
      slots,
      conditions: usable[0] ?? {},
      days: own,
    };
  });
}

/** One column a month. */
export function columnsOfMonths(
  keys: readonly string[],
  months: readonly MonthSummary[],
): Column[] {
  const first = months[0]?.month ?? "";
  const last = months.at(-1)?.month ?? "";
  return keys.map((key) => {
    const month = months.find((m) => m.month === key);
    const kind = month ? kindOfSlots(month.slots) : key > first && key < last ? "gap" : "none";
    return {
      key,
      kind,
      wh: month?.wh ?? 0,
      slots: month?.slots ?? NO_SLOTS,
      conditions: month ?? {},
      days: [],
    };
  });
}

export function addSlots(a: SlotCounts, b: SlotCounts): SlotCounts {
  return {
    total: a.total + b.total,
    measured: a.measured + b.measured,
    partial: a.partial + b.partial,
    recovered: a.recovered + b.recovered,
    substituted: a.substituted + b.substituted,
    gap: a.gap + b.gap,
    missing: a.missing + b.missing,
  };
}

/** Whether a correction stands in the place of what was sealed first. */
export function isCorrected({ days }: Column): boolean {
  return days.some(({ reason }) => reason !== undefined);
}

/** The columns that carry energy. */
export function measuredColumns(columns: readonly Column[]): Column[] {
  return columns.filter((column) => column.kind !== "gap" && column.kind !== "none");
}

/** The whole range of one quantity over its phases. */
export function rangeOf(spreads: readonly Spread[]): { min: number; max: number } {
  return {
    min: Math.min(...spreads.map((spread) => spread.min)),
    max: Math.max(...spreads.map((spread) => spread.max)),
  };
}

/**
 * The usual energy of this weekday: the mean of the same weekday in the four weeks before, or undefined with
 * fewer than two complete ones. `days` are those before `date`.
 */
export function usualWh(date: string, days: readonly DaySummary[]): number | undefined {
  const weekday = (text: string): number => new Date(`${text}T12:00:00Z`).getUTCDay();
  const same = days.filter(
    (day) =>
      day.date < date && weekday(day.date) === weekday(date) && kindOfSlots(day.slots) === "solid",
  );
  const last = same.slice(-4);
  if (last.length < 2) return undefined;
  return last.reduce((sum, day) => sum + day.wh, 0) / last.length;
}
