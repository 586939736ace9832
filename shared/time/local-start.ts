/**
 * Where local days and months begin, computed from a list of UTC offsets alone.
 *
 * In:  changes of a zone's offset, ascending. Out: first instants. Used by zone-clock.ts with the platform's zone
 *      data and by bills with their own `offsets`, so that a verifier needs no zone data (records.md section 4).
 */
import { fail } from "../base/error.ts";
import type { UnixSeconds } from "../base/units.ts";
import { formatDate, monthDays, monthOf, nextMonth, SECONDS_PER_DAY } from "./calendar-date.ts";

/** A zone's offset from UTC in seconds, in force from `from` on. */
export interface OffsetChange {
  readonly from: UnixSeconds;
  readonly offset: number;
}

/** The first instant at which a clock with these offsets shows this day's date or a later one. */
export function startOfLocalDay(changes: readonly OffsetChange[], dayNumber: number): UnixSeconds {
  const midnight = dayNumber * SECONDS_PER_DAY;
  for (const [i, { from, offset }] of changes.entries()) {
    const start = Math.max(from, midnight - offset);
    if (start < (changes[i + 1]?.from ?? Number.POSITIVE_INFINITY)) return start;
  }
  fail("calendar", "no offsets are known", { dayNumber });
}

/**
 * How many local days or months begin within [from, to). The changes begin at least a day before `from`.
 * Counts of adjoining spans add up to the count of the whole, wherever the cut is.
 */
export function countStarts(
  changes: readonly OffsetChange[],
  unit: "day" | "month",
  from: UnixSeconds,
  to: UnixSeconds,
): number {
  const offsetAtFrom = changes.findLast((change) => change.from <= from)?.offset ?? 0;
  const dayAtFrom = Math.floor((from + offsetAtFrom) / SECONDS_PER_DAY);
  return unit === "day"
    ? countDays(changes, dayAtFrom, from, to)
    : countMonths(changes, dayAtFrom, from, to);
}

function countDays(
  changes: readonly OffsetChange[],
  dayAtFrom: number,
  from: UnixSeconds,
  to: UnixSeconds,
): number {
  let count = 0;
  let counted = from - 1;
  for (let day = dayAtFrom; ; day++) {
    const start = startOfLocalDay(changes, day);
    if (start >= to) return count;
    // A day that does not occur begins where the next one does, and counts once.
    if (start > counted) count++;
    counted = Math.max(counted, start);
  }
}

function countMonths(
  changes: readonly OffsetChange[],
  dayAtFrom: number,
  from: UnixSeconds,
  to: UnixSeconds,
): number {
  let count = 0;
  for (let month = monthOf(formatDate(dayAtFrom)); ; month = nextMonth(month)) {
    const start = startOfLocalDay(changes, monthDays(month).first);
    if (start >= to) return count;
    if (start >= from) count++;
  }
}
