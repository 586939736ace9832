/** What goes into the sampler and comes out of it: samples, rows, pieces, its state in the journal, events. Types only. */
import type { UnixMillis, UnixSeconds, WattHour } from "../../shared/base/units.ts";
import type { EnergyReading, PartState } from "./energy-part.ts";
import type { FinishedSlot, OpenSlot, SlotDay } from "./slot.ts";
import type { Quantities } from "./statistics.ts";

export interface MeterSample extends Quantities {
  /** Civil time of the reading. */
  readonly at: UnixMillis;
  readonly monotonicMs: number;
  /** What the parts that count towards the register say; those that failed are absent. */
  readonly energies: readonly EnergyReading[];
}

export interface MeterRow extends Quantities {
  readonly from: UnixSeconds;
  readonly to: UnixSeconds;
  readonly wh: WattHour;
  readonly partial: boolean;
  readonly measured: "M" | "I";
}

/** An interval that was measured before its civil time was known; it lies within one slot. */
export interface MeasuredPiece extends Pick<FinishedSlot, "wh" | "out" | "quality" | "statistics"> {
  readonly fromMs: UnixMillis;
  readonly toMs: UnixMillis;
}

export interface SamplerState {
  /** Own register at the start of the open slot; it only grows. */
  register: WattHour;
  /** The same of exported energy; absent until a part counts it. */
  out?: WattHour;
  /** Where the very first slot began. */
  begin?: UnixSeconds;
  open?: OpenSlot;
  /** The slot before the open one, as long as a part may still cover more of it. */
  settling?: OpenSlot;
  parts: { [part: string]: PartState };
  /** Civil time of the last energy reading, or the end of the last row. */
  lastMs?: UnixMillis;
}

export interface SamplerOptions {
  /** The local day of an instant. */
  readonly dayOf: (instant: UnixSeconds) => SlotDay;
  /** Longest time between two readings that still counts as measured. */
  readonly maxGapMs: number;
  /** The same for parts that speak by themselves, at their own pace; default `maxGapMs`. */
  readonly maxSilenceMs?: number;
  /** More than the connection can carry is not counted. */
  readonly maxPowerW: number;
  /** The parts that count towards the register; default: those that have been read. */
  readonly parts?: readonly string[];
}

export interface SamplerEvent {
  readonly at: UnixSeconds;
  readonly code: string;
  readonly note?: string;
}
