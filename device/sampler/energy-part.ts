/**
 * One part that counts towards the meter's register: what is kept of it, and what a reading of it adds.
 *
 * In: readings of that part, with the time since the one before. Out: whole Wh in and out, and the codes of what
 * happened to its counters. Each part has its own baseline and its own remainder, so that a part that is silent,
 * reset or replaced disturbs no other.
 */
import type { MilliWatt, UnixMillis, WattHour } from "../../shared/base/units.ts";
import { integratePower } from "./energy-integral.ts";
import { type Baseline, type Counted, countEnergy } from "./energy-register.ts";

/** What a part that counts towards the register says at one reading. */
export interface EnergyReading {
  /** Names the part's place in the configuration; what is kept of it is kept under this name. */
  readonly part: string;
  /** What identifies the counter: another one begins anew. */
  readonly sensor: string;
  readonly energy: "register" | "power" | "estimate";
  readonly register?: WattHour;
  readonly registerSpan?: WattHour;
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
  readonly events: readonly { readonly code: string; readonly note: string }[];
}

export interface Since {
  /** Time since the part's last reading. */
  readonly ms: number;
  /** Short enough for it to count as measured. */
  readonly close: boolean;
  readonly last: LastReading | undefined;
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
  if (before === undefined || !since.close) return { wh: 0, events: [] };
  const { wh, carry } = integratePower(before, reading.power ?? 0, since.ms, state.carry);
  state.carry = carry;
  return { wh, events: [] };
}

function countReading(
  state: PartState,
  reading: EnergyReading,
  since: Since,
  maxPowerW: number,
): Added {
  const { sensor, register = 0, registerSpan, exported } = reading;
  const elapsed = { ms: since.ms, restarted: since.last === undefined };
  const span = registerSpan === undefined ? {} : { span: registerSpan };
  const count = (before: Baseline | undefined, value: WattHour): Counted =>
    countEnergy(before, { sensor, register: value, ...span }, elapsed, maxPowerW);
  const taken = count(state.baseline, register);
  const events = describe(reading.part, state.baseline, taken);
  state.baseline = taken.baseline;
  if (exported === undefined) return { wh: taken.wh, events };
  const given = count(state.exported, exported);
  const more = describe(`${reading.part} out`, state.exported, given);
  state.exported = given.baseline;
  return { wh: taken.wh, out: given.wh, events: [...events, ...more] };
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
