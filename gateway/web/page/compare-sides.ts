/** The two sides of a comparison: what is asked, what is offered ready-made, what was measured and what it costs. */
import { isCoded } from "../../../shared/base/error.ts";
import type { PeriodStatement } from "../../projection/period-statement-types.ts";
import type { DayStatement, MeterSummary } from "../../projection/read-model-types.ts";
import { type Column, columnsOfDays, columnsOfMonths } from "../history.ts";
import {
  addDays,
  addMonths,
  datesBetween,
  datesOfMonth,
  daysBetween,
  formatPeriod,
  monthsBetween,
} from "../view/time.ts";
import type { PageContext } from "./context.ts";

/** Local days, both included. */
export interface Days {
  readonly from: string;
  readonly to: string;
}

/** One side as it is shown. */
export interface Side extends Days {
  readonly meter: MeterSummary;
  readonly name: string;
  readonly columns: readonly Column[];
  /** What the whole costs, or undefined where that cannot be computed. */
  readonly statement: PeriodStatement | undefined;
  /** What single days cost, by date; empty where columns are months. */
  readonly costs: ReadonlyMap<string, DayStatement>;
}

/** More days than this are compared by month. */
const MOST_DAYS = 62;

/** Whether two periods are compared by month. */
export function isLong(...sides: readonly Days[]): boolean {
  return sides.some(({ from, to }) => daysBetween(from, to) >= MOST_DAYS);
}

export interface Choice {
  readonly label: string;
  readonly left: Days;
  readonly right: Days;
}

/** What people ask most, up to the newest day; a period that still runs is compared with as much of the other one. */
export function choicesOf(newest: string): readonly Choice[] {
  const month = newest.slice(0, 7);
  const year = newest.slice(0, 4);
  const now: Days = { from: `${month}-01`, to: newest };
  const days = Number(newest.slice(8));
  const sameDays = (other: string): Days => {
    const all = datesOfMonth(other);
    const isWhole = newest === datesOfMonth(month).at(-1);
    return { from: `${other}-01`, to: (isWhole ? all.at(-1) : all[days - 1]) ?? all.at(-1) ?? "" };
  };
  const before = String(Number(year) - 1).padStart(4, "0");
  // 29 February has no day before a year: the last of its month stands for it.
  const lastYear = datesOfMonth(`${before}${newest.slice(4, 7)}`);
  const yearAgo = lastYear[days - 1] ?? lastYear.at(-1) ?? "";
  return [
    { label: "This month and last", left: now, right: sameDays(addMonths(month, -1)) },
    { label: "This month and a year before", left: now, right: sameDays(addMonths(month, -12)) },
    {
      label: "This year and last",
      left: { from: `${year}-01-01`, to: newest },
      right: { from: `${before}-01-01`, to: yearAgo },
    },
    {
      label: "Last 7 days and the 7 before",
      left: { from: addDays(newest, -6), to: newest },
      right: { from: addDays(newest, -13), to: addDays(newest, -7) },
    },
  ];
}

/** As many days, or the same months, just before. */
export function periodBefore({ from, to }: Days): Days {
  const isMonths = from.endsWith("-01") && addDays(to, 1).endsWith("-01");
  if (!isMonths) {
    const length = daysBetween(from, to) + 1;
    return { from: addDays(from, -length), to: addDays(to, -length) };
  }
  const months = monthsBetween(from.slice(0, 7), to.slice(0, 7)).length;
  return { from: `${addMonths(from.slice(0, 7), -months)}-01`, to: addDays(from, -1) };
}

export async function readSide(
  { readModel, work }: PageContext,
  meter: MeterSummary,
  { from, to }: Days,
  byMonth: boolean,
): Promise<Side> {
  const id = meter.meter;
  const months = monthsBetween(from.slice(0, 7), to.slice(0, 7));
  const columns = byMonth
    ? columnsOfMonths(months, readModel.months(id))
    : columnsOfDays(
        datesBetween(from, to),
        readModel.days(id, from, to),
        meter.firstDate,
        meter.lastDay?.date,
      );
  const daily = byMonth ? [] : months.flatMap((month) => readModel.statements(id, month));
  return {
    ...{ meter, from, to, columns },
    name: formatPeriod(from, to),
    statement: await costOf(work, { meter: id, from, to }),
    costs: new Map(daily.map((day) => [day.date, day])),
  };
}

/** A period without a tariff, or with nothing in it, has no cost; that is no error of this page. */
async function costOf(
  work: PageContext["work"],
  query: Parameters<PageContext["work"]["periodStatement"]>[0],
): Promise<PeriodStatement | undefined> {
  try {
    return await work.periodStatement(query);
  } catch (error) {
    if (!isCoded(error)) throw error;
    return undefined;
  }
}
