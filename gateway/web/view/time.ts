/**
 * Dates and instants for people. Civil dates ("2024-01-14") are never turned into instants; instants
 * are shown in the meter's zone, with UTC on hover.
 */
import { type Html, html } from "./html.ts";

const LOCALE = "en-GB";
const SHORT: Intl.DateTimeFormatOptions = { day: "numeric", month: "short" };
const UTC = { timeZone: "UTC" } as const;
const shortDate = new Intl.DateTimeFormat(LOCALE, { ...SHORT, ...UTC });
const mediumDate = new Intl.DateTimeFormat(LOCALE, { ...SHORT, year: "numeric", ...UTC });
const longDate = new Intl.DateTimeFormat(LOCALE, {
  weekday: "long",
  day: "numeric",
  month: "long",
  year: "numeric",
  ...UTC,
});
const weekdayName = new Intl.DateTimeFormat(LOCALE, { weekday: "long", ...UTC });
const monthName = new Intl.DateTimeFormat(LOCALE, { month: "long", year: "numeric", ...UTC });
const shortMonthName = new Intl.DateTimeFormat(LOCALE, { month: "short", ...UTC });

function noon(date: string): Date {
  return new Date(`${date}T12:00:00Z`);
}

/** "14 Jan" */
export function formatShortDate(date: string): string {
  return shortDate.format(noon(date));
}
/** "14 Jan 2024" */
export function formatDate(date: string): string {
  return mediumDate.format(noon(date));
}
/** "Sunday 14 January 2024" */
export function formatLongDate(date: string): string {
  return longDate.format(noon(date)).replace(",", "");
}
/** "Sunday" */
export function formatWeekday(date: string): string {
  return weekdayName.format(noon(date));
}
/** "January 2024" from "2024-01" */
export function formatMonth(month: string): string {
  return monthName.format(noon(`${month}-15`));
}
/** "Jan" from "2024-01" */
export function formatShortMonth(month: string): string {
  return shortMonthName.format(noon(`${month}-15`));
}

/** The date `days` later (or earlier). */
export function addDays(date: string, days: number): string {
  const day = noon(date);
  day.setUTCDate(day.getUTCDate() + days);
  return day.toISOString().slice(0, 10);
}

/** The month `months` later (or earlier): "2024-01" and -1 is "2023-12". */
export function addMonths(month: string, months: number): string {
  const index = Number(month.slice(0, 4)) * 12 + Number(month.slice(5, 7)) - 1 + months;
  const year = String(Math.floor(index / 12)).padStart(4, "0");
  return `${year}-${String((index % 12) + 1).padStart(2, "0")}`;
}

/** All dates of a month, ascending. */
export function datesOfMonth(month: string): string[] {
  const dates: string[] = [];
  for (let date = `${month}-01`; date.startsWith(month); date = addDays(date, 1)) dates.push(date);
  return dates;
}

/** Days from one date to another, 0 for the same. */
export function daysBetween(from: string, to: string): number {
  return Math.round((noon(to).getTime() - noon(from).getTime()) / 86_400_000);
}

/** All dates from one to another, both included, ascending. */
export function datesBetween(from: string, to: string): string[] {
  return Array.from({ length: daysBetween(from, to) + 1 }, (_, i) => addDays(from, i));
}

/** All months from one to another, both included, ascending. */
export function monthsBetween(from: string, to: string): string[] {
  const index = (month: string): number =>
    Number(month.slice(0, 4)) * 12 + Number(month.slice(5, 7)) - 1;
  // Counted, not compared: "10000-01" is before "9999-12" as a text.
  const length = Math.max(0, index(to) - index(from) + 1);
  return Array.from({ length }, (_, i) => addMonths(from, i));
}

/** "5 – 12 Mar 2024", "28 Feb – 5 Mar 2024", "29 Dec 2023 – 4 Jan 2024"; a whole month or year by its name. */
export function formatPeriod(from: string, to: string): string {
  const isStart = from.endsWith("-01");
  const isEnd = addDays(to, 1).endsWith("-01");
  if (isStart && isEnd && from.slice(0, 7) === to.slice(0, 7)) return formatMonth(from.slice(0, 7));
  if (from.endsWith("-01-01") && to.endsWith("-12-31") && from.slice(0, 4) === to.slice(0, 4)) {
    return from.slice(0, 4);
  }
  if (from === to) return formatDate(from);
  if (from.slice(0, 7) === to.slice(0, 7)) return `${Number(from.slice(8))} – ${formatDate(to)}`;
  const start = from.slice(0, 4) === to.slice(0, 4) ? formatShortDate(from) : formatDate(from);
  return `${start} – ${formatDate(to)}`;
}

/** Formats of one zone; a page makes one and names the zone once. */
export interface ZonedTime {
  readonly zone: string;
  /** "14 Jan 2024, 00:10" as a time element with UTC on hover. */
  stamp(seconds: number): Html;
  /** "14 Jan 2024" of the local day that holds the instant. */
  date(seconds: number): Html;
  /** "2024-01-14" */
  isoDate(seconds: number): string;
  /** "00:10" */
  clock(seconds: number): string;
}

/** A zone that this machine's tzdata does not know is shown in UTC. */
export function zonedTime(zone: string): ZonedTime {
  const timeZone = isKnownZone(zone) ? zone : "UTC";
  // A format takes long to make, and most pages need one of the four.
  const lazily = (locale: string, options: Intl.DateTimeFormatOptions) => {
    let format: Intl.DateTimeFormat | undefined;
    return (seconds: number): string => {
      format ??= new Intl.DateTimeFormat(locale, { ...options, timeZone });
      return format.format(seconds * 1000);
    };
  };
  const dated = { ...SHORT, year: "numeric" } as const;
  const timed = { hour: "2-digit", minute: "2-digit" } as const;
  const stamp = lazily(LOCALE, { ...dated, ...timed });
  const date = lazily(LOCALE, dated);
  const mark = (seconds: number, text: string): Html => {
    const utc = new Date(seconds * 1000).toISOString();
    return html`<time datetime="${utc}" title="${utc.replace("T", " ").replace(".000Z", " UTC")}">${text}</time>`;
  };
  return {
    zone: timeZone,
    stamp: (seconds) => mark(seconds, stamp(seconds)),
    date: (seconds) => mark(seconds, date(seconds)),
    isoDate: lazily("sv-SE", {}),
    clock: lazily(LOCALE, timed),
  };
}

/** The same for rows of several zones: each zone's formats are made once. */
export function zonedTimes(): (zone: string) => ZonedTime {
  const known = new Map<string, ZonedTime>();
  return (zone) => {
    const time = known.get(zone) ?? zonedTime(zone);
    known.set(zone, time);
    return time;
  };
}

function isKnownZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat(LOCALE, { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
