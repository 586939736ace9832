/**
 * When a band of a tariff is in force: rules over the local calendar and clock.
 *
 *   { months?: [1…12], weekdays?: [1…8], dates?: [["MM-DD","MM-DD"]], hours?: [[minute,minute]] }
 *
 * A rule holds where each of its members holds; a band is in force where any of its rules does. Weekdays are those of
 * ISO 8601, 1 is Monday; a date in the tariff's `holidays` is weekday 8 and no other. `dates` and `hours` are half
 * open: from the first day or minute to before the second; dates may run over the end of a year, minutes (0 to 1440)
 * may not run over midnight. In:  a local day and minute. Out: the number of the band.
 */
import type { JsonObject } from "../base/canonical-json.ts";
import {
  arrayOf,
  type Decoded,
  type Decoder,
  integer,
  object,
  pattern,
  tuple,
} from "../base/decoder.ts";
import { fail } from "../base/error.ts";
import { formatDate } from "../time/calendar-date.ts";

/** The weekday that a holiday counts as. */
export const HOLIDAY = 8;
const MINUTES_PER_DAY = 1440;

const monthDay = pattern(/^(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/, "MM-DD");

const ruleMembers = object(
  {},
  {
    months: arrayOf(integer(1, 12), 1, 12),
    weekdays: arrayOf(integer(1, HOLIDAY), 1, HOLIDAY),
    dates: arrayOf(tuple<readonly [string, string]>(monthDay, monthDay), 1, 24),
    hours: arrayOf(
      tuple<readonly [number, number]>(
        integer(0, MINUTES_PER_DAY - 1),
        integer(1, MINUTES_PER_DAY),
      ),
      1,
      48,
    ),
  },
);

export type WhenRule = Decoded<typeof ruleMembers>;

const rule: Decoder<WhenRule> = (value, path) => {
  const decoded = ruleMembers(value, path);
  if (Object.keys(value as JsonObject).length === 0) {
    fail("schema", `${path}: expected months, weekdays, dates or hours`, { path });
  }
  for (const [i, [from, to]] of (decoded.hours ?? []).entries()) {
    if (from >= to) fail("schema", `${path}.hours[${i}]: ends before it begins`, { path });
  }
  return decoded;
};

export const decodeWhen: Decoder<WhenRule[]> = arrayOf(rule, 1, 48);

/** A part of a local day under one band. */
interface DayPart {
  /** Minute before which the part ends. */
  readonly until: number;
  readonly band: number;
}

/** Finds the band in force; each local day is worked out once. */
export class BandSchedule {
  readonly #bands: readonly (readonly WhenRule[] | undefined)[];
  readonly #holidays: ReadonlySet<string>;
  readonly #parts = new Map<number, readonly DayPart[]>();

  /** @param bands rules of each band; the last one, without rules, is in force wherever no other is */
  constructor(
    bands: readonly (readonly WhenRule[] | undefined)[],
    holidays: readonly string[] = [],
  ) {
    this.#bands = bands;
    this.#holidays = new Set(holidays);
  }

  /** Number of the band at a minute (0 to 1439) of a local day, counted from 1970-01-01. */
  bandAt(dayNumber: number, minute: number): number {
    let parts = this.#parts.get(dayNumber);
    if (parts === undefined) {
      parts = this.#listParts(dayNumber);
      this.#parts.set(dayNumber, parts);
    }
    for (const { until, band } of parts) if (minute < until) return band;
    return (parts.at(-1) as DayPart).band;
  }

  #listParts(dayNumber: number): readonly DayPart[] {
    const date = formatDate(dayNumber);
    // 1970-01-01 was a Thursday.
    const weekday = this.#holidays.has(date) ? HOLIDAY : ((dayNumber + 3) % 7) + 1;
    const held = this.#bands.map((rules) =>
      rules?.filter((candidate) => holdsOn(candidate, date, weekday)),
    );
    const cuts = new Set([0]);
    for (const { hours = [] } of held.flatMap((rules) => rules ?? [])) {
      for (const cut of hours.flat()) cuts.add(cut);
    }
    const starts = [...cuts].filter((cut) => cut < MINUTES_PER_DAY).sort((a, b) => a - b);
    return starts.map((start, i) => ({
      until: starts[i + 1] ?? MINUTES_PER_DAY,
      band: held.findIndex((rules) => rules?.some((r) => holdsAtMinute(r, start)) ?? true),
    }));
  }
}

function holdsOn({ months, weekdays, dates }: WhenRule, date: string, weekday: number): boolean {
  const day = date.slice(5);
  return (
    (months?.includes(Number(date.slice(5, 7))) ?? true) &&
    (weekdays?.includes(weekday) ?? true) &&
    (dates?.some(([from, to]) => (from < to ? from <= day && day < to : from <= day || day < to)) ??
      true)
  );
}

function holdsAtMinute({ hours }: WhenRule, minute: number): boolean {
  return hours?.some(([from, to]) => from <= minute && minute < to) ?? true;
}
