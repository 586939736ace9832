/**
 * The wall clock of one IANA zone: offsets from UTC, their changes, and where each local day begins.
 *
 * Offsets are read from the platform's time zone data through `Intl.DateTimeFormat`, one probe a UTC day, and kept;
 * changes between two probes are found by bisection. No zone changed its clock twice within six days since 1970
 * (the closest pairs are of Brazil, October 2000, and Gaza, from 2040 on).
 *
 * A local day begins at the first instant at which the zone's clock shows its date **or a later one**. So each
 * instant belongs to one day and the days follow each other without hole or overlap, also where a clock goes back
 * across midnight (St. John's 00:01, Casey 02:00) and where midnight or a whole day does not occur.
 */
import { fail } from "../base/error.ts";
import type { UnixSeconds } from "../base/units.ts";
import { LAST_DAY_NUMBER, SECONDS_PER_DAY } from "./calendar-date.ts";
import { type OffsetChange, startOfLocalDay } from "./local-start.ts";

export interface ZoneClock {
  readonly zone: string;
  /** Seconds by which the zone's clock is ahead of UTC. Throws `calendar` outside of 1970 to 9999. */
  offsetAt(instant: UnixSeconds): number;
  /** The offset at `from`, then every change after it and before `to`, ascending. */
  offsetsWithin(from: UnixSeconds, to: UnixSeconds): readonly OffsetChange[];
  /** First instant at which the clock shows this day's date or a later one. Ascending, not strictly: a day that does not occur begins where the next one does. */
  startOfDay(dayNumber: number): UnixSeconds;
  /** Number of the day that contains the instant. */
  dayAt(instant: UnixSeconds): number;
}

/** Names as tzdata has them; forms such as "+01:00" are refused because only some platforms know them. */
const ZONE_NAME = /^[A-Za-z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+)*$/;
/** No offset from UTC ever reached this. */
const MAX_OFFSET_S = 16 * 3600;
/** Days around the range of D that probes may touch. */
const PROBE_MARGIN_DAYS = 3;
/** Probes, changes and day starts kept for a zone: about ten years of days. */
const MAX_KEPT = 4_096;

/** Throws `zone` for a name that is not a zone of the platform's time zone data. */
export function createZoneClock(zone: string): ZoneClock {
  const readOffset = createOffsetReader(zone);
  const probes = new Map<number, number>();
  const starts = new Map<number, UnixSeconds>();
  const changesOfDays = new Map<number, UnixSeconds>();

  const probe = (utcDay: number): number =>
    remember(probes, utcDay, () => readOffset(utcDay * SECONDS_PER_DAY));

  /** The instant within (low, high] from which the offset is that of `high`. */
  const bisect = (low: number, high: number, offsetAtLow: number): number => {
    let before = low;
    let after = high;
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if (readOffset(middle) === offsetAtLow) before = middle;
      else after = middle;
    }
    return after;
  };

  const changeWithin = (utcDay: number): OffsetChange | undefined => {
    const before = probe(utcDay);
    const offset = probe(utcDay + 1);
    if (before === offset) return undefined;
    const start = utcDay * SECONDS_PER_DAY;
    const from = remember(changesOfDays, utcDay, () =>
      bisect(start, start + SECONDS_PER_DAY, before),
    );
    return { from, offset };
  };

  const offsetsFromDay = (utcDay: number, to: UnixSeconds): OffsetChange[] => {
    const changes: OffsetChange[] = [{ from: utcDay * SECONDS_PER_DAY, offset: probe(utcDay) }];
    for (let day = utcDay; day * SECONDS_PER_DAY < to; day++) {
      const change = changeWithin(day);
      if (change !== undefined && change.from < to) changes.push(change);
    }
    return changes;
  };

  const offsetsWithin = (from: UnixSeconds, to: UnixSeconds): OffsetChange[] => {
    requireInstant(from);
    requireInstant(to);
    const changes = offsetsFromDay(Math.floor(from / SECONDS_PER_DAY), Math.max(to, from + 1));
    const first = changes.findLastIndex((change) => change.from <= from);
    return changes.slice(first).map((change, i) => (i === 0 ? { ...change, from } : change));
  };

  const findStart = (dayNumber: number): UnixSeconds => {
    const after = (dayNumber + 2) * SECONDS_PER_DAY;
    return startOfLocalDay(offsetsFromDay(dayNumber - 2, after), dayNumber);
  };

  const startOfDay = (dayNumber: number): UnixSeconds =>
    remember(starts, dayNumber, () => findStart(dayNumber));

  return {
    zone,
    offsetsWithin,
    startOfDay,
    offsetAt: (instant) => offsetsWithin(instant, instant)[0]?.offset ?? 0,
    dayAt: (instant) => {
      requireInstant(instant);
      const guess = probe(Math.floor(instant / SECONDS_PER_DAY));
      let day = Math.floor((instant + guess) / SECONDS_PER_DAY);
      while (instant < startOfDay(day)) day--;
      while (instant >= startOfDay(day + 1)) day++;
      return day;
    },
  };
}

function requireInstant(instant: number): void {
  const day = Math.floor(instant / SECONDS_PER_DAY);
  if (!Number.isInteger(instant) || day < 0 || day > LAST_DAY_NUMBER) {
    fail("calendar", "an instant outside of the years 1970 to 9999", { instant });
  }
}

/** `map.get(key)`, computed once; the oldest entries go when the map is full. */
function remember(map: Map<number, number>, key: number, compute: () => number): number {
  const known = map.get(key);
  if (known !== undefined) return known;
  if (key < -PROBE_MARGIN_DAYS || key > LAST_DAY_NUMBER + PROBE_MARGIN_DAYS) {
    fail("calendar", "a day outside of the years 1970 to 9999", { dayNumber: key });
  }
  const value = compute();
  if (map.size >= MAX_KEPT)
    for (const oldest of [...map.keys()].slice(0, MAX_KEPT / 2)) map.delete(oldest);
  map.set(key, value);
  return value;
}

function createOffsetReader(zone: string): (instant: UnixSeconds) => number {
  const format = openFormat(zone);
  return (instant) => {
    const part = { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0 };
    for (const { type, value } of format.formatToParts(instant * 1000)) {
      if (Object.hasOwn(part, type)) part[type as keyof typeof part] = Number(value);
    }
    const { year, month, day, hour, minute, second } = part;
    const offset = Date.UTC(year, month - 1, day, hour, minute, second) / 1000 - instant;
    if (Math.abs(offset) > MAX_OFFSET_S)
      fail("calendar", `${zone} is not read as expected`, { zone });
    return offset;
  };
}

function openFormat(zone: string): Intl.DateTimeFormat {
  if (zone.length <= 64 && ZONE_NAME.test(zone)) {
    try {
      return new Intl.DateTimeFormat("en-US", {
        timeZone: zone,
        calendar: "gregory",
        numberingSystem: "latn",
        hourCycle: "h23",
        year: "numeric",
        month: "numeric",
        day: "numeric",
        hour: "numeric",
        minute: "numeric",
        second: "numeric",
      });
    } catch {
      // A name of the right form that the platform does not know; answered below like any other.
    }
  }
  fail("zone", "not an IANA time zone that is known here", { zone: zone.slice(0, 64) });
}
