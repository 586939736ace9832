/**
 * One part that counts towards the meter's register: what is kept of it, and what a reading of it adds.
 *
 * In: readings of that part, with the time since the one before. Out: whole Wh in and out, and the codes of what
 * happened to its counters. Each part has its own baseline and its own remainder, so that a part that is silent,
 * reset or replaced disturbs no other.
 */
import type { MilliWatt, UnixMillis, WattHour } from "../../shared/base/units.ts";
import { integratePower } from "./energy-integral.ts";
import { type Baseline, type Counted, countEnergy, mostEnergy, stepOf } from "./energy-register.ts";

/** What a part that counts towards the register says at one reading. */
export interface EnergyReading {
  /** Names the part's place in the configuration; what is kept of it is kept under this name. */
  readonly part: string;
  /** What identifies the counter: another one begins anew. */
  readonly sensor: string;
  readonly energy: "register" | "power" | "estimate";
  readonly register?: WattHour;
  readonly registerSpan?: WattHour;
  /** The register shows multiples of this; default 1. */
  readonly registerStep?: WattHour;
  readonly epoch?: string;
  /** The part's register of exported energy, with the same span. */
  readonly exported?: WattHour;
  readonly power?: MilliWatt;
  /** Of a part that speaks by itself: when it said this, by the sample's monotonic clock. */
  readonly takenMs?: number;
}

/** What the journal keeps of a part. */
export interface PartState {
  baseline?: Baseline;
  /** The same of its register of exported energy. */
  exported?: Baseline;
  /** Half microjoules that are not yet a whole Wh. */
  carry: number;
  /** Civil time of its last reading. */
  lastMs?: UnixMillis;
}

/** What is known of a part's last reading as long as the process lives. */
export interface LastReading {
  readonly monotonicMs: number;
  readonly power: MilliWatt | undefined;
}

export interface Added {
  readonly wh: WattHour;
  /** Exported energy; undefined from a part that does not count it. */
  readonly out?: WattHour;
  /** More than can have passed in that time: the clock has slept through a gap. */
  readonly beyond: boolean;
  readonly events: readonly { readonly code: string; readonly note: string }[];
}

export interface Since {
  /** Time since the part's last reading. */
  readonly ms: number;
  /** Short enough for it to count as measured. */
  readonly close: boolean;
  readonly last: LastReading | undefined;
}

/** Civil and monotonic time may drift apart this far between two readings before it is a step of the clock. */
export const STEP_MS = 2000;

export interface Placed {
  /** Civil time of the reading, and when it was by the monotonic clock. */
  readonly at: UnixMillis;
  readonly monotonicMs: number;
  /** Since the part's last reading: by the monotonic clock, or by the civil one after a restart. */
  readonly ms: number;
  readonly close: boolean;
  /** Civil time from which on everything counts as measured; undefined where nothing does. */
  readonly from: UnixMillis | undefined;
}

/** `gapMs`: longest time that counts as measured. `trusted`: the civil clock was right when the part was read last. */
export function placeReading(
  state: PartState,
  last: LastReading | undefined,
  { takenMs, energy }: EnergyReading,
  sample: {
    readonly at: UnixMillis;
    readonly monotonicMs: number;
    readonly gapMs: number;
    readonly trusted: boolean;
  },
): Placed {
  const monotonicMs = takenMs ?? sample.monotonicMs;
  const at = Math.round(sample.at - (sample.monotonicMs - monotonicMs));
  const civilMs = at - (state.lastMs ?? at);
  const ms = last === undefined ? Math.max(0, civilMs) : monotonicMs - last.monotonicMs;
  const close = state.lastMs !== undefined && ms <= sample.gapMs && sample.trusted;
  const known = energy === "register" || last?.power !== undefined;
  const measured = close && known && civilMs >= 0 && Math.abs(civilMs - ms) <= STEP_MS;
  return { at, monotonicMs, ms, close, from: measured ? state.lastMs : undefined };
}

/** Counts or integrates; `state` has the new baseline or remainder afterwards. */
export function addReading(
  state: PartState,
  reading: EnergyReading,
  since: Since,
  maxPowerW: number,
): Added {
  if (reading.energy === "register") return countReading(state, reading, since, maxPowerW);
  const before = since.last?.power;
  if (before === undefined || !since.close) return { wh: 0, beyond: false, events: [] };
  const { wh, carry } = integratePower(before, reading.power ?? 0, since.ms, state.carry);
  state.carry = carry;
  return { wh, beyond: false, events: [] };
}

function countReading(
  state: PartState,
  reading: EnergyReading,
  since: Since,
  maxPowerW: number,
): Added {
  const { sensor, register = 0, registerSpan, registerStep, epoch, exported } = reading;
  const elapsed = { ms: since.ms, restarted: since.last === undefined };
  const counter = {
    sensor,
    ...(registerSpan === undefined ? {} : { span: registerSpan }),
    ...(registerStep === undefined ? {} : { step: registerStep }),
    ...(epoch === undefined ? {} : { epoch }),
  };
  const count = (before: Baseline | undefined, value: WattHour): Counted =>
    countEnergy(before, { ...counter, register: value }, elapsed, maxPowerW);
  const taken = count(state.baseline, register);
  const step = stepOf(state.baseline?.register ?? 0, { ...counter, register });
  const beyond = taken.wh > mostEnergy(since.ms, maxPowerW, step);
  const events = describe(reading.part, state.baseline, taken);
  state.baseline = taken.baseline;
  if (exported === undefined) return { wh: taken.wh, beyond, events };
  const given = count(state.exported, exported);
  const more = describe(`${reading.part} out`, state.exported, given);
  state.exported = given.baseline;
  return { wh: taken.wh, out: given.wh, beyond, events: [...events, ...more] };
}

function describe(name: string, before: Baseline | undefined, counted: Counted): Added["events"] {
  const { event, wh, baseline } = counted;
  if (event === undefined) return [];
  if (before !== undefined && before.sensor !== baseline.sensor) {
    const after = describeCounter(name, baseline);
    return [{ code: event, note: `${describeCounter(name, before)}${NOW}${after}` }];
  }
  const from = before?.register ?? 0;
  return [{ code: event, note: `${name}: ${from} to ${baseline.register} Wh, counted ${wh}` }];
}

/** Between the two counters of a note on a swap. */
export const NOW = "; now ";

/** What is kept of the parts that count from now on, and a text for each of those that do no more. */
export function chooseParts(
  before: { readonly [part: string]: PartState },
  names: readonly string[] = Object.keys(before),
): { parts: { [part: string]: PartState }; left: string[] } {
  const parts: { [part: string]: PartState } = {};
  for (const name of names) parts[name] = before[name] ?? { carry: 0 };
  const left = Object.entries(before).filter(([name]) => !names.includes(name));
  return { parts, left: left.map(([name, { baseline }]) => describeCounter(name, baseline)) };
}

export function describeCounter(part: string, counter: Baseline | undefined): string {
  return counter === undefined ? part : `${part}: ${counter.sensor} at ${counter.register} Wh`;
}

/** Parts whose readings had no civil time yet, in civil time; `known`: what was known of them before. */
export function placeParts(
  loose: { readonly [part: string]: PartState },
  known: { readonly [part: string]: PartState },
  toCivil: (ms: UnixMillis) => UnixMillis,
): { [part: string]: PartState } {
  const placed: { [part: string]: PartState } = {};
  for (const [name, part] of Object.entries(loose)) {
    // Not read since: what was known of it before holds.
    const at = part.lastMs === undefined ? known[name]?.lastMs : toCivil(part.lastMs);
    placed[name] = { ...part, ...(at === undefined ? {} : { lastMs: at }) };
  }
  return placed;
}
