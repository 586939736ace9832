/**
 * Mean, least and greatest of what was sampled, in integers: one running sum a quantity and phase.
 *
 * Slots keep their own and a day's is their merger, so a restart loses at most what one slot had seen. Only
 * values that were read take part; a quantity that nobody read has no statistics.
 */
import type { CentiPercent, MilliAmp, MilliCelsius, MilliVolt } from "../../shared/base/units.ts";

/** [count, sum, least, greatest] */
export type Running = readonly [number, number, number, number];
/** [mean, least, greatest], the mean rounded half away from zero. */
export type Summary = [number, number, number];

export interface Quantities {
  /** One value a phase, 1 to 3. */
  readonly voltage?: readonly MilliVolt[];
  readonly current?: readonly MilliAmp[];
  readonly temperature?: MilliCelsius;
  readonly humidity?: CentiPercent;
}

/** Per quantity one `Running` a phase; temperature and humidity have one. */
export interface Statistics {
  readonly voltage?: readonly Running[];
  readonly current?: readonly Running[];
  readonly temperature?: readonly Running[];
  readonly humidity?: readonly Running[];
}

export const NO_STATISTICS: Statistics = {};

const NAMES = ["voltage", "current", "temperature", "humidity"] as const;

export function addQuantities(statistics: Statistics, sample: Quantities): Statistics {
  const seen: Partial<Record<(typeof NAMES)[number], readonly Running[]>> = {};
  if (sample.voltage !== undefined) seen.voltage = sample.voltage.map(once);
  if (sample.current !== undefined) seen.current = sample.current.map(once);
  if (sample.temperature !== undefined) seen.temperature = [once(sample.temperature)];
  if (sample.humidity !== undefined) seen.humidity = [once(sample.humidity)];
  return mergeStatistics(statistics, seen);
}

export function mergeStatistics(a: Statistics, b: Statistics): Statistics {
  const out: Partial<Record<(typeof NAMES)[number], readonly Running[]>> = {};
  for (const name of NAMES) {
    const left = a[name] ?? [];
    const right = b[name] ?? [];
    if (left.length === 0 && right.length === 0) continue;
    const phases = Math.max(left.length, right.length);
    out[name] = Array.from({ length: phases }, (_, i) => merge(left[i], right[i]));
  }
  return out;
}

/** Throws nothing; `undefined` when nothing was counted. */
export function summarize(running: Running | undefined): Summary | undefined {
  if (running === undefined || running[0] === 0) return undefined;
  const [count, sum, least, greatest] = running;
  return [Math.sign(sum) * Math.round(Math.abs(sum) / count), least, greatest];
}

function once(value: number): Running {
  return [1, value, value, value];
}

function merge(a: Running | undefined, b: Running | undefined): Running {
  if (a === undefined || a[0] === 0) return b ?? [0, 0, 0, 0];
  if (b === undefined || b[0] === 0) return a;
  return [a[0] + b[0], a[1] + b[1], Math.min(a[2], b[2]), Math.max(a[3], b[3])];
}
