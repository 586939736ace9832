/**
 * Dates of the holidays that United States tariffs name, by the rules of 5 U.S.C. 6103 and common calendars.
 *
 * In:  the code of a holiday, a year, and how it is observed. Out: its date.
 */
import { fail } from "../base/error.ts";
import { formatDate, parseDate } from "../time/calendar-date.ts";

/** `observed`: one on a Saturday counts on the Friday before, one on a Sunday on the Monday after. */
export type Observance = "actual_day" | "observed";

type HolidayRule = (year: number) => number;

const MONDAY = 1;
const THURSDAY = 4;
const SATURDAY = 6;
const SUNDAY = 7;

const RULES: { readonly [code: string]: HolidayRule | undefined } = {
  new_years_day: (year) => fixed(year, 1, 1),
  mlk_day: (year) => nth(year, 1, MONDAY, 3),
  washingtons_birthday: (year) => nth(year, 2, MONDAY, 3),
  presidents_day: (year) => nth(year, 2, MONDAY, 3),
  good_friday: (year) => easter(year) - 2,
  memorial_day: (year) => lastMonday(year, 5),
  juneteenth: (year) => fixed(year, 6, 19),
  independence_day: (year) => fixed(year, 7, 4),
  labor_day: (year) => nth(year, 9, MONDAY, 1),
  columbus_day: (year) => nth(year, 10, MONDAY, 2),
  veterans_day: (year) => fixed(year, 11, 11),
  thanksgiving: (year) => nth(year, 11, THURSDAY, 4),
  day_after_thanksgiving: (year) => nth(year, 11, THURSDAY, 4) + 1,
  christmas_eve: (year) => fixed(year, 12, 24),
  christmas: (year) => fixed(year, 12, 25),
  new_years_eve: (year) => fixed(year, 12, 31),
};

/** Dates (D) of these holidays in the years, ascending, none twice. Throws `tariff-file` for a code that is not known. */
export function listUsHolidays(
  codes: readonly string[],
  years: readonly number[],
  observance: Observance,
): string[] {
  const days = new Set<number>();
  for (const code of codes) {
    const rule = Object.hasOwn(RULES, code) ? RULES[code] : undefined;
    if (rule === undefined) fail("tariff-file", `no holiday ${code} is known`, { holiday: code });
    for (const year of years) days.add(observe(rule(year), observance));
  }
  return [...days].sort((a, b) => a - b).map(formatDate);
}

function observe(day: number, observance: Observance): number {
  if (observance === "actual_day") return day;
  const weekday = weekdayOf(day);
  if (weekday === SATURDAY) return day - 1;
  return weekday === SUNDAY ? day + 1 : day;
}

function fixed(year: number, month: number, day: number): number {
  const two = (value: number): string => String(value).padStart(2, "0");
  return parseDate(`${year}-${two(month)}-${two(day)}`);
}

function nth(year: number, month: number, weekday: number, count: number): number {
  const first = fixed(year, month, 1);
  return first + ((weekday - weekdayOf(first) + 7) % 7) + 7 * (count - 1);
}

function lastMonday(year: number, month: number): number {
  const last = fixed(year, month, 31);
  return last - ((weekdayOf(last) - MONDAY + 7) % 7);
}

/** 1 is Monday; 1970-01-01 was a Thursday. */
function weekdayOf(day: number): number {
  return ((day + 3) % 7) + 1;
}

/** Easter Sunday of the Gregorian calendar, by the algorithm of Nature (1876), as Meeus prints it. */
function easter(year: number): number {
  const a = year % 19;
  const century = Math.floor(year / 100);
  const ofCentury = year % 100;
  const leaps = Math.floor(century / 4);
  const correction = Math.floor((century - Math.floor((century + 8) / 25) + 1) / 3);
  const moon = (19 * a + century - leaps - correction + 15) % 30;
  const quarter = Math.floor(ofCentury / 4);
  const sunday = (32 + 2 * (century % 4) + 2 * quarter - moon - (ofCentury % 4)) % 7;
  const shift = Math.floor((a + 11 * moon + 22 * sunday) / 451);
  const sum = moon + sunday - 7 * shift + 114;
  return fixed(year, Math.floor(sum / 31), (sum % 31) + 1);
}
