/**
 * A slot of the day: what is gathered while it is open, and what is left when it is finished.
 *
 * Slots tile the local day from its first instant in `step` seconds; `step` 0 is one slot for the whole
 * day. The letter says how the energy came about (records.md section 4): M counted by the part, I integrated by
 * the meter, lower case where a piece of the slot was not measured, R with energy of the gap before it.
 */
import type { UnixMillis, UnixSeconds, WattHour } from "../../shared/base/units.ts";
import { NO_STATISTICS, type Statistics } from "./statistics.ts";

/** The calendar's answer for an instant: its local day and the slot length that holds in it. */
export interface SlotDay {
  readonly from: UnixSeconds;
  readonly to: UnixSeconds;
  /** Seconds, dividing `from` and `to`; or 0. */
  readonly step: number;
}

export interface OpenSlot {
  readonly from: UnixSeconds;
  readonly to: UnixSeconds;
  readonly step: number;
  wh: WattHour;
  /** Milliseconds of the slot between readings that were close enough together. */
  coveredMs: number;
  /** How energy was measured here; empty before the first energy reading. */
  measured: "" | "M" | "I" | "E";
  /** Holds energy that a counter had counted before the slot began. */
  recovered: boolean;
  statistics: Statistics;
}

export interface FinishedSlot {
  readonly start: UnixSeconds;
  readonly step: number;
  readonly wh: WattHour;
  readonly quality: "M" | "m" | "I" | "i" | "E" | "e" | "R" | "G";
  readonly statistics: Statistics;
}

export function openSlotAt(day: SlotDay, instant: UnixSeconds): OpenSlot {
  const length = day.step === 0 ? day.to - day.from : day.step;
  const from = day.from + Math.floor((instant - day.from) / length) * length;
  return {
    from,
    to: from + length,
    step: day.step,
    wh: 0,
    coveredMs: 0,
    measured: "",
    recovered: false,
    statistics: NO_STATISTICS,
  };
}

/** The part of the interval between two civil instants that lies in the slot is measured. */
export function coverSlot(slot: OpenSlot, fromMs: UnixMillis, toMs: UnixMillis): void {
  const covered = Math.min(toMs, slot.to * 1000) - Math.max(fromMs, slot.from * 1000);
  if (covered > 0) slot.coveredMs += covered;
}

/** `undefined` for a slot in which nothing at all was read: a gap needs no row. */
export function finishSlot(slot: OpenSlot): FinishedSlot | undefined {
  if (slot.measured === "" && Object.keys(slot.statistics).length === 0) return undefined;
  const { from: start, step, wh, statistics } = slot;
  return { start, step, wh, quality: qualityOf(slot), statistics };
}

const PARTIAL = { M: "m", I: "i", E: "e" } as const;

function qualityOf(slot: OpenSlot): FinishedSlot["quality"] {
  if (slot.measured === "") return "G";
  if (slot.recovered) return "R";
  if (slot.coveredMs >= (slot.to - slot.from) * 1000) return slot.measured;
  return PARTIAL[slot.measured];
}
