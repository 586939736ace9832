/**
 * Dates of the proleptic Gregorian calendar as numbers: days and months since 1970, without any time zone.
 *
 * In:  D (`YYYY-MM-DD`), months (`YYYY-MM`), day numbers (0 is 1970-01-01). Years 1970 to 9999.
 * Out: the other form. The arithmetic of zones is in zone-clock.ts.
 */
import { fail } from "../base/error.ts";

export const SECONDS_PER_DAY = 86_400;
/** Number of 9999-12-31, the last date that D can write. */
export const LAST_DAY_NUMBER = 2_932_896;

const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;
const MONTH = /^(\d{4})-(\d{2})$/;

/** The number of a date. Throws `calendar` for text that is no date from 1970-01-01 to 9999-12-31. */
export function parseDate(date: string): number {
  const match = DATE.exec(date);
  if (match !== null) {
    const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
    const number = dayNumber(year, month, day);
    // Date.UTC carries what no month has, such as a 31st of April, into the next one.
    const at = new Date(number * SECONDS_PER_DAY * 1000);
    if (number >= 0 && at.getUTCDate() === day && at.getUTCMonth() === month - 1) return number;
  }
  fail("calendar", "not a date from 1970-01-01 to 9999-12-31", { date });
}

/** D of a day number. Throws `calendar` outside of 1970 to 9999. */
export function formatDate(number: number): string {
  if (!Number.isInteger(number) || number < 0 || number > LAST_DAY_NUMBER) {
    fail("calendar", "a day outside of the years 1970 to 9999", { number });
  }
  return new Date(number * SECONDS_PER_DAY * 1000).toISOString().slice(0, 10);
}

/** Numbers of the first day of a month (`YYYY-MM`) and of the first day after it. Throws `calendar`. */
export function monthDays(month: string): { readonly first: number; readonly after: number } {
  const match = MONTH.exec(month);
  const year = Number(match?.[1]);
  const index = Number(match?.[2]);
  if (match === null || year < 1970 || index < 1 || index > 12) {
    fail("calendar", "not a month from 1970-01 to 9999-12", { month });
  }
  return { first: dayNumber(year, index, 1), after: dayNumber(year, index + 1, 1) };
}

/** The month of a date. */
export function monthOf(date: string): string {
  return date.slice(0, 7);
}

/** The month after this one. Throws `calendar`. */
export function nextMonth(month: string): string {
  return monthOf(formatDate(monthDays(month).after));
}

function dayNumber(year: number, month: number, day: number): number {
  return Date.UTC(year, month - 1, day) / 1000 / SECONDS_PER_DAY;
}
