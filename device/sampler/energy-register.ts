/**
 * From a sensor's energy counter to energy that the meter may count: deltas with rules for what counters do.
 *
 * In: the last counter value that was counted, the new one, the time between them. Out: whole Wh (never
 * negative), the new baseline, and the code of what happened if it was not plain counting. No delta may be
 * larger than what the connection can carry in that time, so a corrupt value never becomes a bill.
 */
import type { WattHour } from "../../shared/base/units.ts";

/** The last counter value whose energy has been counted. */
export interface Baseline {
  /** Which part counts: another identity is another counter (part swap). */
  readonly sensor: string;
  readonly register: WattHour;
  /** Of a part that states when its counter began again: another one is another beginning. */
  readonly epoch?: string;
}

export interface CounterReading {
  readonly sensor: string;
  readonly register: WattHour;
  readonly epoch?: string;
  /** The counter runs from 0 to `span` - 1 and starts again at 0. */
  readonly span?: WattHour;
  /** It shows multiples of this; default 1. A coarse counter moves by much at once. */
  readonly step?: WattHour;
}

/**
 * `counter-swap`: another part, counting begins anew · `counter-wrap`: it ran through its span ·
 * `counter-reset`: it started again from 0, what it shows since is counted · `counter-back`: it lost
 * some counts, as parts do that save now and then · `counter-ahead`: after a restart it shows more than the clock
 * allows, counted · `counter-jump`: more than the connection can carry, not counted.
 */
type CounterEvent =
  | "counter-swap"
  | "counter-wrap"
  | "counter-reset"
  | "counter-back"
  | "counter-ahead"
  | "counter-jump";

export interface Counted {
  readonly wh: WattHour;
  readonly baseline: Baseline;
  readonly event?: CounterEvent;
}

/** Counts of rounding: one at either end of the interval. */
const ROUNDING = 2;

/** The most energy that can have passed in `elapsedMs`, in Wh, as a counter with this step shows it. */
export function mostEnergy(elapsedMs: number, maxPowerW: number, step: WattHour = 1): WattHour {
  return Math.floor((Math.max(0, elapsedMs) * maxPowerW) / 3_600_000) + ROUNDING * step;
}

/** Meters that keep their decimals to themselves (SML without its PIN) show whole kWh, and do not say so. */
export function stepOf(before: WattHour, { register, step = 1 }: CounterReading): WattHour {
  const coarse = [1_000, 100, 10].find((one) => before % one === 0 && register % one === 0);
  return Math.max(step, coarse ?? 1);
}

/** After a restart the clock may be behind, so a counter may have gone on for longer than it says. */
const RESTART_ALLOWANCE_MS = 7 * 86_400_000;

/** A counter that stood further from its end than this part of its span did not run through it: it began again. */
const WRAP_PART = 10;

/**
 * `elapsedMs` is the time since the baseline was taken; after a restart it is the civil time between, which may
 * be short of the truth where no battery keeps the clock.
 */
export function countEnergy(
  baseline: Baseline | undefined,
  reading: CounterReading,
  elapsed: { readonly ms: number; readonly restarted: boolean },
  maxPowerW: number,
): Counted {
  const { sensor, register, epoch } = reading;
  const next: Baseline = { sensor, register, ...(epoch === undefined ? {} : { epoch }) };
  if (baseline === undefined) return { wh: 0, baseline: next };
  if (baseline.sensor !== sensor) return { wh: 0, baseline: next, event: "counter-swap" };
  const step = stepOf(baseline.register, reading);
  const most = mostEnergy(elapsed.ms, maxPowerW, step);
  const begun = baseline.epoch !== undefined && epoch !== undefined && baseline.epoch !== epoch;
  if (begun) {
    const allowance = elapsed.restarted ? RESTART_ALLOWANCE_MS : 0;
    const possible = register <= Math.max(most, mostEnergy(allowance, maxPowerW));
    const event = possible ? "counter-reset" : "counter-jump";
    return { wh: possible ? register : 0, baseline: next, event };
  }
  const forward = register - baseline.register;
  if (forward >= 0) {
    if (forward <= most) return { wh: forward, baseline: next };
    const kept = elapsed.restarted && forward <= mostEnergy(RESTART_ALLOWANCE_MS, maxPowerW);
    if (kept) return { wh: forward, baseline: next, event: "counter-ahead" };
    return { wh: 0, baseline: next, event: "counter-jump" };
  }
  const { span = 0 } = reading;
  const wrapped = forward + span;
  if (wrapped >= 0 && wrapped <= Math.min(most, span / WRAP_PART)) {
    return { wh: wrapped, baseline: next, event: "counter-wrap" };
  }
  // A counter that began again shows little; one that lost a few counts shows nearly what it did before.
  const fresh = reading.register <= most;
  if (fresh && 2 * reading.register < baseline.register) {
    return { wh: reading.register, baseline: next, event: "counter-reset" };
  }
  return { wh: 0, baseline: next, event: "counter-back" };
}
