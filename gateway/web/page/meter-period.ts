/**
 * Which part of a meter's history is looked at: a month, a year, or any days; its columns, its neighbours, and what is nearer
 * and further. Days are columns of their own up to some months, then months are.
 */
import type { MeterSummary, ReadModel } from "../../projection/read-model-types.ts";
import { type Column, columnsOfDays, columnsOfMonths } from "../history.ts";
import type { Html } from "../view/html.ts";
import { stepper } from "../view/parts.ts";
import {
  addDays,
  addMonths,
  datesBetween,
  datesOfMonth,
  daysBetween,
  formatMonth,
  formatPeriod,
  monthsBetween,
} from "../view/time.ts";
import { middleHalf, type Zoom, type ZoomColumns } from "../view/zoom.ts";

/** As the address says it; at most one of the three. */
export interface AskedPeriod {
  readonly month?: string | undefined;
  readonly year?: string | undefined;
  /** Both included. */
  readonly days?: { readonly from: string; readonly to: string } | undefined;
}

export interface ShownPeriod {
  readonly kind: "month" | "year" | "days";
  /** The month that the views of month and day begin with. */
  readonly month: string;
  /** First and last date, both included. */
  readonly from: string;
  readonly to: string;
  /** For people. */
  readonly name: string;
  /** Its columns are months. */
  readonly yearly: boolean;
}

/** More days than this are shown as months. */
const MOST_DAYS = 124;
/** A few columns fill no chart. */
const LEAST_COLUMNS = 3;

export function shownPeriod(asked: AskedPeriod, newest: string): ShownPeriod {
  const { days, year } = asked;
  if (days !== undefined) {
    const { from, to } = days;
    const yearly = daysBetween(from, to) >= MOST_DAYS;
    const month = to.slice(0, 7);
    return { kind: "days", month, from, to, name: formatPeriod(from, to), yearly };
  }
  const month = asked.month ?? `${year ?? newest.slice(0, 4)}-${newest.slice(5, 7)}`;
  if (year !== undefined) {
    const [from, to] = [`${year}-01-01`, `${year}-12-31`];
    return { kind: "year", month, from, to, name: year, yearly: true };
  }
  return { kind: "month", month, ...spanOfMonth(month), name: formatMonth(month), yearly: false };
}

export function readColumns(
  readModel: Pick<ReadModel, "days" | "months">,
  { meter, firstDate, lastDay }: MeterSummary,
  { from, to, yearly }: ShownPeriod,
): Column[] {
  if (yearly) {
    const months = monthsBetween(from.slice(0, 7), to.slice(0, 7));
    return columnsOfMonths(months, readModel.months(meter));
  }
  const days = readModel.days(meter, from, to);
  return columnsOfDays(datesBetween(from, to), days, firstDate, lastDay?.date);
}

/** To the period before and after, of the same length. */
export function periodStepper(meter: MeterSummary, shown: ShownPeriod): Html {
  const { kind, from, to, name } = shown;
  const base = `/meters/${meter.meter}`;
  const first = meter.firstDate ?? "";
  const last = meter.lastDay?.date ?? "";
  if (kind === "days") {
    const length = daysBetween(from, to) + 1;
    const link = (by: number): readonly [string, string] => {
      const [start, end] = [addDays(from, by), addDays(to, by)];
      return [`${base}?from=${start}&to=${end}`, formatPeriod(start, end)];
    };
    return stepper({
      label: name,
      previous: from > first ? link(-length) : undefined,
      next: to < last ? link(length) : undefined,
    });
  }
  const period = kind === "year" ? from.slice(0, 4) : shown.month;
  const [low, high] = [first.slice(0, period.length), last.slice(0, period.length)];
  const shift = (by: number): string =>
    kind === "year" ? String(Number(period) + by).padStart(4, "0") : addMonths(period, by);
  const link = (other: string): readonly [string, string] => [
    `${base}?${kind}=${other}`,
    kind === "year" ? other : formatMonth(other),
  ];
  return stepper({
    label: name,
    previous: period > low ? link(period > high ? high : shift(-1)) : undefined,
    next: period < high ? link(period < low ? low : shift(1)) : undefined,
  });
}

/** Nearer is the middle half, further twice as much, within what the meter has sealed. */
export function zoomOf(
  { meter, firstDate = "", lastDay }: MeterSummary,
  { kind, month, from, to }: ShownPeriod,
  columns: readonly Column[],
): Zoom {
  const base = `/meters/${meter}`;
  const days = (first: string, last: string): string => `${base}?from=${first}&to=${last}`;
  const half = middleHalf(columns.length, LEAST_COLUMNS);
  const nearer =
    half && spanOfKeys(columns[half.first]?.key ?? from, columns[half.last]?.key ?? to);
  const newest = lastDay?.date ?? to;
  const hasMore = firstDate < from || newest > to;
  const room = Math.ceil((daysBetween(from, to) + 1) / 2);
  const [start, end] = [addDays(from, -room), addDays(to, room)];
  const wide = {
    from: start < firstDate && from > firstDate ? firstDate : start,
    to: end > newest && to < newest ? newest : end,
  };
  return {
    nearer: nearer && days(nearer.from, nearer.to),
    further: hasMore ? days(wide.from, wide.to) : undefined,
    ...(kind === "days" && { whole: [`${base}?month=${month}`, formatMonth(month)] }),
  };
}

/** For the script: what lies between two columns. */
export function zoomColumns(
  meter: string,
  { yearly }: ShownPeriod,
  columns: readonly Column[],
): ZoomColumns {
  return {
    keys: columns.map(({ key }) => key),
    address: `/meters/${meter}?from={from}${yearly ? "-01" : ""}&to={to}${yearly ? "-31" : ""}`,
  };
}

function spanOfMonth(month: string): { readonly from: string; readonly to: string } {
  return { from: `${month}-01`, to: datesOfMonth(month).at(-1) ?? `${month}-28` };
}

/** From the first day of one column to the last of another. */
function spanOfKeys(first: string, last: string): { readonly from: string; readonly to: string } {
  const isMonth = first.length === 7;
  return isMonth
    ? { from: spanOfMonth(first).from, to: spanOfMonth(last).to }
    : { from: first, to: last };
}
