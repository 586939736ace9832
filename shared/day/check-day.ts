/**
 * Local rules of a day (records.md sections 3 and 4): does an opened day hold together?
 *
 * In:  line 1's period, the decoded plaintext, the meter that the topic names, and what is known of the day before.
 * Out: nothing, or the code of the first rule broken. These rules never decide a block; a signed day that
 *      breaks one enters the log as unusable. In order: meter, period, calendar, step, slots, quality, sums,
 *      plausibility, ranges, events, and last that the register goes on.
 */
import { fail } from "../base/error.ts";
import type { UnixSeconds } from "../base/units.ts";
import { dayBounds } from "../time/civil-day.ts";
import { type DayPlaintext, STEPS } from "./day-plaintext.ts";
import { kindOfQuality } from "./quality.ts";
import { checkRegisters, type DayRegisters } from "./register-rule.ts";

/**
 * Default ceiling of the mean power of a slot: three phases at 230 V and 145 A. Above it a slot is taken for
 * a broken counter, not for a household.
 */
export const DEFAULT_MAX_WATT = 100_000;

const MAX_LATITUDE = 900_000_000;
const MAX_LONGITUDE = 1_800_000_000;
const ABSOLUTE_ZERO_MILLI_C = -273_150;
const MAX_HUMIDITY = 10_000;

export interface DayContext {
  /** Nine digits: the meter whose point the signing key occupies. */
  readonly meter: string;
  /** Registers after this kid's record before this one, where they are known. */
  readonly before?: DayRegisters;
  /** Ceiling of the mean power of a slot; default DEFAULT_MAX_WATT. */
  readonly maxWatt?: number;
}

/** Throws `day-meter`, `day-period`, `zone`, `calendar` or another `day-…` code, the first that applies. */
export function checkDay(
  period: { readonly from: UnixSeconds; readonly to: UnixSeconds },
  day: DayPlaintext,
  context: DayContext,
): void {
  checkSpan(period, day, context.meter);
  checkQuality(day);
  if (day.quality.includes("S")) fail("day-quality", "only a correction has substituted slots");
  checkEnergy(day.wh, day.register);
  if (day.out !== undefined) checkEnergy(day.out.wh, day.out.register);
  checkPlausible(day, context.maxWatt);
  checkRegisters(context.before, day);
}

/** What days and corrections share: whose they are, of when, and in which slots. Throws as checkDay. */
export function checkSpan(
  period: { readonly from: UnixSeconds; readonly to: UnixSeconds },
  day: DayPlaintext,
  meter: string,
): void {
  if (day.meter !== meter) fail("day-meter", "the day names another meter");
  if (day.from !== period.from || day.to !== period.to) {
    fail("day-period", "the day's period is not that of line 1");
  }
  checkCalendar(day);
  checkSlots(day);
}

/** What days and corrections share: numbers that a household can have. Throws as checkDay. */
export function checkPlausible(day: DayPlaintext, maxWatt: number = DEFAULT_MAX_WATT): void {
  checkPower(day, maxWatt);
  checkRanges(day);
  checkEvents(day);
}

/** A whole local day, or a part of one. */
function checkCalendar({ zone, day, from, to }: DayPlaintext): void {
  const bounds = dayBounds(zone, day);
  if (bounds === undefined) fail("day-calendar", `${day} does not occur in ${zone}`, { day, zone });
  if (from < bounds.from || to > bounds.to || from >= to) {
    fail("day-calendar", `the period is not within ${day} of ${zone}`, { day, zone });
  }
}

function checkSlots({ from, to, step, wh, quality, out }: DayPlaintext): void {
  if (!(STEPS as readonly number[]).includes(step)) fail("day-step", "no such step", { step });
  if (step !== 0 && (from % step !== 0 || to % step !== 0)) {
    fail("day-step", "the step does not divide from and to", { step });
  }
  const slots = step === 0 ? 1 : (to - from) / step;
  if (wh.length !== slots || quality.length !== slots || (out && out.wh.length !== slots)) {
    fail("day-slots", `a day of ${slots} slots has other numbers of values`, { slots });
  }
}

/** Letters that exist, and gaps without energy. Throws `day-quality`, `day-gap`. */
export function checkQuality({ wh, quality, out }: DayPlaintext): void {
  let letter = -1;
  let isGap = false;
  for (let slot = 0; slot < quality.length; slot++) {
    if (quality.charCodeAt(slot) !== letter) {
      // Looked up where it changes: most days have one letter.
      const kind = kindOfQuality(quality.charAt(slot));
      if (kind === undefined) fail("day-quality", "a quality letter that does not exist", { slot });
      letter = quality.charCodeAt(slot);
      isGap = kind === "gap";
    }
    if (isGap && (wh[slot] !== 0 || (out?.wh[slot] ?? 0) !== 0)) {
      fail("day-gap", "a gap that claims energy", { slot });
    }
  }
}

function checkEnergy(wh: readonly number[], [first, last]: readonly [number, number]): void {
  let sum = 0;
  for (const energy of wh) sum += energy;
  if (!Number.isSafeInteger(sum) || last - first !== sum) {
    fail("day-sum", "the register's difference is not the sum of the slots");
  }
}

/** A recovered slot carries what a whole gap used, which may be weeks, so it has no ceiling. */
function checkPower({ from, to, step, wh, quality }: DayPlaintext, maxWatt: number): void {
  const limit = (maxWatt * (step === 0 ? to - from : step)) / 3600;
  for (let slot = 0; slot < wh.length; slot++) {
    if ((wh[slot] ?? 0) > limit && quality.charAt(slot) !== "R") {
      fail("day-power", "more energy in a slot than the connection can carry", { slot });
    }
  }
}

function checkRanges({ current, voltage, temperature, humidity, location }: DayPlaintext): void {
  const spreads = [...(current ?? []), ...(voltage ?? [])];
  if (temperature !== undefined) spreads.push(temperature);
  if (humidity !== undefined) spreads.push(humidity);
  for (const [mean, min, max] of spreads) {
    if (mean < min || mean > max) fail("day-range", "a mean outside of its least and greatest");
  }
  if (temperature !== undefined && temperature[1] < ABSOLUTE_ZERO_MILLI_C) {
    fail("day-range", "a temperature below absolute zero");
  }
  if (humidity !== undefined && humidity[2] > MAX_HUMIDITY) {
    fail("day-range", "a humidity above 100 %");
  }
  if (location === undefined) return;
  if (Math.abs(location[0]) > MAX_LATITUDE || Math.abs(location[1]) > MAX_LONGITUDE) {
    fail("day-range", "a location that is not on Earth");
  }
}

function checkEvents({ from, to, wh, events, clock }: DayPlaintext): void {
  for (const [at] of events) {
    if (at < from || at > to) fail("day-event", "an event outside of its day", { at });
  }
  let before = -1;
  for (const [slot] of clock) {
    if (slot < before || slot >= wh.length)
      fail("day-event", "a clock entry out of place", { slot });
    before = slot;
  }
}
