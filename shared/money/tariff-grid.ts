/**
 * Tariffs by the month-and-hour grid of public rate databases: periods with tiers, and two grids of 12 × 24 period
 * numbers, for weekdays and for weekends.
 *
 * In:  such a grid. Out: the rate members of a charge (tariff-charge.ts), with as few rules as the grid allows.
 */
import type { JsonObject } from "../base/canonical-json.ts";
import { fail } from "../base/error.ts";
import type { Nano, WattHour } from "../base/units.ts";
import type { WhenRule } from "./tariff-when.ts";
import { HOLIDAY } from "./tariff-when.ts";

const WEEKDAYS = [1, 2, 3, 4, 5];
const WEEKEND = [6, 7];
const HOURS = 24;
const MINUTES = 60;

export interface GridTier {
  readonly nano: Nano;
  /** Absent: without end. */
  readonly upto?: WattHour;
}

export interface GridPeriod {
  readonly tiers: readonly GridTier[];
  readonly per: "month" | "day";
}

/** Period numbers by month (12) and hour (24). */
export type Grid = readonly (readonly number[])[];

export interface RateGrid {
  readonly weekday: Grid;
  readonly weekend: Grid;
  /** Whether holidays are billed as weekends. */
  readonly holidaysAsWeekend: boolean;
}

/** The rate members of an energy or export charge. */
export function rateOfGrid(grid: RateGrid, periods: readonly GridPeriod[]): JsonObject {
  const used = listPeriods(grid);
  for (const number of used) {
    if (periods[number] === undefined) fail("tariff-file", `no period ${number} is described`);
  }
  if (used.length === 1) return rateOfPeriod(periods[used[0] as number] as GridPeriod);
  // The period of most hours is the one for all other times, so that the rules are few.
  const rest = used.at(-1) as number;
  const bands = used.map((number, i): JsonObject => {
    const rate = rateOfPeriod(periods[number] as GridPeriod);
    const name = { code: `rate-${i + 1}`, label: `rate ${i + 1}` };
    const when =
      number === rest ? {} : { when: listRules(grid, number) as unknown as JsonObject[] };
    return { ...name, ...when, ...rate };
  });
  return { bands };
}

/** Rules under which a period is in force, undefined if it always is. */
export function rulesOfPeriod(grid: RateGrid, number: number): readonly WhenRule[] | undefined {
  return listPeriods(grid).length === 1 ? undefined : listRules(grid, number);
}

/** Periods in the grids, those of few hours first. */
export function listPeriods({ weekday, weekend }: RateGrid): readonly number[] {
  const hours = new Map<number, number>();
  for (const [rows, days] of [
    [weekday, WEEKDAYS.length],
    [weekend, WEEKEND.length],
  ] as const) {
    for (const number of rows.flat()) hours.set(number, (hours.get(number) ?? 0) + days);
  }
  return [...hours].sort(([a, x], [b, y]) => x - y || a - b).map(([number]) => number);
}

function rateOfPeriod({ tiers, per }: GridPeriod): JsonObject {
  const [first] = tiers;
  if (first === undefined) fail("tariff-file", "a period without a rate");
  if (tiers.length === 1) return { nano: first.nano };
  return { steps: tiers.map((tier) => ({ ...tier })), per };
}

/** Months with the same hours share a rule; weekdays and weekends too, where they agree. */
function listRules(grid: RateGrid, number: number): readonly WhenRule[] {
  const rules = new Map<string, { months: number[]; days?: number[]; hours: [number, number][] }>();
  const note = (month: number, hours: [number, number][], days?: number[]): void => {
    if (hours.length === 0) return;
    const key = JSON.stringify([days, hours]);
    const rule = rules.get(key) ?? { months: [], hours, ...(days === undefined ? {} : { days }) };
    rule.months.push(month);
    rules.set(key, rule);
  };
  const weekend = grid.holidaysAsWeekend ? [...WEEKEND, HOLIDAY] : WEEKEND;
  const weekdays = grid.holidaysAsWeekend ? WEEKDAYS : [...WEEKDAYS, HOLIDAY];
  for (let month = 1; month <= 12; month++) {
    const onWeekdays = listHours(grid.weekday[month - 1] ?? [], number);
    const onWeekends = listHours(grid.weekend[month - 1] ?? [], number);
    if (JSON.stringify(onWeekdays) === JSON.stringify(onWeekends)) note(month, onWeekdays);
    else {
      note(month, onWeekdays, weekdays);
      note(month, onWeekends, weekend);
    }
  }
  return [...rules.values()].map(({ months, days, hours }) => ({
    ...(months.length === 12 && (days !== undefined || !isWholeDay(hours)) ? {} : { months }),
    ...(days === undefined ? {} : { weekdays: days }),
    ...(isWholeDay(hours) ? {} : { hours }),
  }));
}

/** Spans of minutes of the hours that have this number. */
function listHours(row: readonly number[], number: number): [number, number][] {
  const spans: [number, number][] = [];
  for (let hour = 0; hour < HOURS; hour++) {
    if (row[hour] !== number) continue;
    const last = spans.at(-1);
    if (last?.[1] === hour * MINUTES) last[1] += MINUTES;
    else spans.push([hour * MINUTES, (hour + 1) * MINUTES]);
  }
  return spans;
}

function isWholeDay(hours: readonly (readonly [number, number])[]): boolean {
  return hours[0]?.[0] === 0 && hours[0][1] === HOURS * MINUTES;
}
