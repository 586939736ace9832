/**
 * Everything that a request may say, checked at the door: each reader returns a typed value or throws
 * `parameter` naming the parameter. Nothing else in the portal looks at the address.
 */
import { fail } from "../../shared/base/error.ts";
import { isMeterId } from "../../shared/record/meter-id.ts";
import type { AlarmState } from "../projection/alarm-types.ts";

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const MONTH = /^\d{4}-(?:0[1-9]|1[0-2])$/;
const YEAR = /^\d{4}$/;
const INTEGER = /^(?:0|[1-9]\d{0,15})$/;
const HASH = /^[A-Za-z0-9_-]{43}$/;
/** What can have been measured; beyond the year 9999 dates no longer sort as texts. */
const [FIRST_YEAR, LAST_YEAR] = ["1970", "2199"];
const BILL_NO = /^[\x20-\x7e]{1,200}$/;
/** Longest text that a search field may send. */
const MAX_SEARCH = 100;
/** A longer period has no chart. */
const MAX_YEARS = 20;
/** Meters of one page of the overview, and some. */
const MAX_METERS = 100;

function refuse(name: string, form: string): never {
  fail("parameter", `${name} must be ${form}`, { parameter: name });
}

/** Nine digits. */
export function readMeter(text: string): string {
  return isMeterId(text) ? text : refuse("meter", "a meter id of nine digits");
}

/** Meter ids with commas between them, at most a page of them; none for an empty text. */
export function readMeters(text: string): string[] {
  const meters = text === "" ? [] : text.split(",");
  if (meters.length > MAX_METERS || !meters.every(isMeterId)) {
    refuse("meters", `at most ${MAX_METERS} meter ids of nine digits, separated by commas`);
  }
  return meters;
}

function isWithinYears(text: string): boolean {
  const year = text.slice(0, 4);
  return year >= FIRST_YEAR && year <= LAST_YEAR;
}

/** "YYYY-MM-DD" of the calendar. */
export function readDate(text: string, name = "date"): string {
  if (!DATE.test(text)) refuse(name, "a date like 2024-01-31");
  const date = new Date(`${text}T12:00:00Z`);
  if (Number.isNaN(date.getTime()) || date.toISOString().slice(0, 10) !== text) {
    refuse(name, "a date that exists");
  }
  return isWithinYears(text) ? text : refuse(name, `a date from ${FIRST_YEAR} to ${LAST_YEAR}`);
}

/** Two dates, both included, the second not before the first; undefined without either. An end may be meant loosely: 2024-02-31. */
export function readPeriod(
  from: string | undefined,
  to: string | undefined,
): { readonly from: string; readonly to: string } | undefined {
  if (from === undefined && to === undefined) return undefined;
  const last = to?.replace(/^(\d{4}-\d{2})-31$/, (_, month: string) => lastDateOf(month));
  const period = { from: readDate(from ?? "", "from"), to: readDate(last ?? "", "to") };
  if (period.to < period.from) refuse("to", "a date that is not before from");
  if (period.to.slice(0, 4) > `${Number(period.from.slice(0, 4)) + MAX_YEARS}`) {
    refuse("to", `a date within ${MAX_YEARS} years of from`);
  }
  return period;
}

/** "2024-02" is "2024-02-29". */
function lastDateOf(month: string): string {
  const next = new Date(`${readMonth(month)}-01T12:00:00Z`);
  next.setUTCMonth(next.getUTCMonth() + 1, 0);
  return next.toISOString().slice(0, 10);
}

/** "YYYY-MM" */
export function readMonth(text: string, name = "month"): string {
  return MONTH.test(text) && isWithinYears(text) ? text : refuse(name, "a month like 2024-01");
}

/** "24-47": first and last slot of a day, from 0. */
export function readSlots(
  text: string | undefined,
): { readonly first: number; readonly last: number } | undefined {
  if (text === undefined) return undefined;
  const [, first, last] = /^(\d{1,4})-(\d{1,4})$/.exec(text) ?? [];
  if (first === undefined || last === undefined || Number(last) < Number(first)) {
    refuse("slots", "the first and last slot of a day, like 24-47");
  }
  return { first: Number(first), last: Number(last) };
}

/** "YYYY" */
export function readYear(text: string, name = "year"): string {
  return YEAR.test(text) && isWithinYears(text) ? text : refuse(name, "a year like 2024");
}

/** An integer from `min` to `max`. */
export function readInteger(
  text: string,
  name: string,
  min = 0,
  max = Number.MAX_SAFE_INTEGER,
): number {
  const value = INTEGER.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max)) refuse(name, `a whole number from ${min} to ${max}`);
  return value;
}

/** The number of a bill: printable ASCII. */
export function readBillNo(text: string): string {
  return BILL_NO.test(text) ? text : refuse("bill", "a bill number");
}

/** What a search field holds, without surrounding space; empty is no search. */
export function readSearch(text: string | undefined): string | undefined {
  const trimmed = text?.trim() ?? "";
  if (trimmed.length > MAX_SEARCH) refuse("q", `at most ${MAX_SEARCH} characters`);
  return trimmed === "" ? undefined : trimmed;
}

/** One of these texts; the first without a parameter. */
export function readChoice<T extends string>(
  text: string | undefined,
  name: string,
  choices: readonly [T, ...(readonly T[])],
): T {
  if (text === undefined) return choices[0];
  return choices.find((choice) => choice === text) ?? refuse(name, choices.join(" or "));
}

/** Without it, alarms of any state. */
export function readAlarmState(text: string | undefined): AlarmState | undefined {
  const states: readonly AlarmState[] = ["open", "acknowledged", "closed"];
  const found = states.find((state) => state === text);
  return text === undefined || found !== undefined ? found : refuse("state", states.join(" or "));
}

/** Whether a text has the form of a hash (H of records.md). */
export function isHash(text: string): boolean {
  return HASH.test(text);
}
