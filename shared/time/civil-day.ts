/**
 * Local days and months of IANA zones as half-open spans of unix seconds (records.md section 4).
 *
 * A day runs from its first instant to the first instant of the next local day that exists: 23, 24 or 25 hours, 24.5
 * on Lord Howe, from 01:00 where midnight is skipped; Apia has no 2011-12-30. Clocks of zones are kept once
 * opened: about 0.1 us a look-up of a known day.
 */

import { fail, isCoded } from "../base/error.ts";
import type { UnixSeconds } from "../base/units.ts";
import { formatDate, monthDays, monthOf, parseDate, SECONDS_PER_DAY } from "./calendar-date.ts";
import { createZoneClock, type ZoneClock } from "./zone-clock.ts";

/** Half-open: `to` is the first instant after it. */
export interface Span {
  readonly from: UnixSeconds;
  readonly to: UnixSeconds;
}

// A memo of pure look-ups: what it holds never changes an answer. Bounded, because names may differ in case.
const MAX_ZONES = 1_024;
const clockByZone = new Map<string, ZoneClock>();

// Another one: the records of a night are almost all of one day.
let lastBounds: { readonly zone: string; readonly date: string; readonly span: Span | undefined } =
  {
    zone: "",
    date: "",
    span: undefined,
  };

function clockOf(zone: string): ZoneClock {
  const known = clockByZone.get(zone);
  if (known !== undefined) return known;
  const clock = createZoneClock(zone);
  if (clockByZone.size >= MAX_ZONES) clockByZone.clear();
  clockByZone.set(zone, clock);
  return clock;
}

/** Whether the platform's time zone data has this zone. */
export function isZone(zone: string): boolean {
  try {
    clockOf(zone);
    return true;
  } catch (error) {
    if (!isCoded(error, "zone")) throw error;
    return false;
  }
}

/** D of the local day that contains the instant. Throws `zone` or `calendar`. */
export function localDayOf(zone: string, instant: UnixSeconds): string {
  return formatDate(clockOf(zone).dayAt(instant));
}

/** The span of a local day; undefined for a date that the zone skipped. Throws `zone` or `calendar`. */
export function dayBounds(zone: string, date: string): Span | undefined {
  if (zone === lastBounds.zone && date === lastBounds.date) return lastBounds.span;
  const clock = clockOf(zone);
  const day = parseDate(date);
  const from = clock.startOfDay(day);
  const to = clock.startOfDay(day + 1);
  const span = from < to ? { from, to } : undefined;
  lastBounds = { zone, date, span };
  return span;
}

/** D of the next local day that exists. Throws `zone` or `calendar`. */
export function nextLocalDay(zone: string, date: string): string {
  const clock = clockOf(zone);
  return formatDate(clock.dayAt(clock.startOfDay(parseDate(date) + 1)));
}

/** The span of a local month (`YYYY-MM`). Throws `zone` or `calendar`. */
export function monthBounds(zone: string, month: string): Span {
  const clock = clockOf(zone);
  const { first, after } = monthDays(month);
  return { from: clock.startOfDay(first), to: clock.startOfDay(after) };
}

/** `YYYY-MM` of the local day that contains the instant. Throws `zone` or `calendar`. */
export function localMonthOf(zone: string, instant: UnixSeconds): string {
  return monthOf(localDayOf(zone, instant));
}

/** Seconds by which the zone's clock is ahead of UTC. Throws `zone` or `calendar`. */
export function offsetAt(zone: string, instant: UnixSeconds): number {
  return clockOf(zone).offsetAt(instant);
}

/**
 * `offsets` of a bill: the zone's offset one day before `from`, as [from - 86,400, seconds], then [instant,
 * seconds] of every change after that and before `to`. The day before tells whether `from` begins a
 * local day, also where midnight is skipped. Throws `zone` or `calendar`.
 */
export function listOffsets(zone: string, from: UnixSeconds, to: UnixSeconds): [number, number][] {
  const changes = clockOf(zone).offsetsWithin(from - SECONDS_PER_DAY, to);
  return changes.map(({ from: instant, offset }) => [instant, offset]);
}

/** First instants of the slots of a span; step 0 is one slot for all of it. Throws `calendar` if step does not divide it. */
export function listSlotStarts(span: Span, step: number): UnixSeconds[] {
  if (step === 0) return [span.from];
  const count = (span.to - span.from) / step;
  if (!Number.isInteger(count)) fail("calendar", "the step does not divide the span", { step });
  return Array.from({ length: count }, (_, i) => span.from + i * step);
}
