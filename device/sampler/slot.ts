/**
 * A slot of the day: what is gathered while it is open, and what is left when it is finished.
 *
 * Slots tile the local day from its first instant in `step` seconds; `step` 0 is one slot for the whole
 * day. The letter says how the energy came about (records.md section 4): M counted by the part, I integrated by
 * the meter, lower case where a piece of the slot was not measured, R with energy of the gap before it. Where
 * several parts count towards the register, the letter is that of the least of them.
 */
import type { UnixMillis, UnixSeconds, WattHour } from "../../shared/base/units.ts";
import { mergeStatistics, NO_STATISTICS, type Statistics } from "./statistics.ts";

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
  /** Exported energy; absent until a part counts it. */
  out?: WattHour;
  /** By part: milliseconds of the slot between its readings that were close enough together. */
  coveredMs: { [part: string]: number };
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
  readonly out?: WattHour;
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
    coveredMs: {},
    measured: "",
    recovered: false,
    statistics: NO_STATISTICS,
  };
}

/** The piece of the interval between two civil instants that lies in the slot is measured by `part`. */
export function coverSlot(
  slot: OpenSlot,
  part: string,
  fromMs: UnixMillis,
  toMs: UnixMillis,
): void {
  const covered = Math.min(toMs, slot.to * 1000) - Math.max(fromMs, slot.from * 1000);
  if (covered > 0) slot.coveredMs[part] = (slot.coveredMs[part] ?? 0) + covered;
}

const RANK = ["", "M", "I", "E"] as const;

/** Energy came into the slot in this way: a slot is no better than the least of its parts. */
export function markMeasured(slot: OpenSlot, measured: "M" | "I" | "E"): void {
  if (RANK.indexOf(measured) > RANK.indexOf(slot.measured)) slot.measured = measured;
}

/** An interval of the slot whose energy has been added; what comes too late for its slot counts as recovered. */
export function addMeasured(
  slot: OpenSlot,
  piece: Omit<FinishedSlot, "start" | "step"> & {
    readonly fromMs: UnixMillis;
    readonly toMs: UnixMillis;
  },
  parts: readonly string[],
): void {
  const { fromMs, toMs, wh, quality, statistics } = piece;
  const late = fromMs < slot.from * 1000;
  if (quality === "R" || (late && wh > 0)) slot.recovered = true;
  const letter = quality === "R" ? "M" : quality.toUpperCase();
  if (letter === "M" || letter === "I" || letter === "E") markMeasured(slot, letter);
  if (quality === letter && !late) {
    for (const part of parts) coverSlot(slot, part, fromMs, toMs);
  }
  slot.statistics = mergeStatistics(slot.statistics, statistics);
}

/**
 * `parts`: those that count towards the register. `undefined` for a slot in which nothing at all was read: a gap
 * needs no row.
 */
export function finishSlot(slot: OpenSlot, parts: readonly string[]): FinishedSlot | undefined {
  if (slot.measured === "" && Object.keys(slot.statistics).length === 0) return undefined;
  const { from: start, step, wh, out, statistics } = slot;
  const quality = qualityOf(slot, parts);
  return { start, step, wh, ...(out === undefined ? {} : { out }), quality, statistics };
}

const PARTIAL = { M: "m", I: "i", E: "e" } as const;

function qualityOf(slot: OpenSlot, parts: readonly string[]): FinishedSlot["quality"] {
  if (slot.measured === "") return "G";
  if (slot.recovered) return "R";
  // A first reading on the slot's last instant says nothing of it.
  const nothing = slot.wh === 0 && (slot.out ?? 0) === 0;
  if (nothing && Object.keys(slot.coveredMs).length === 0) return "G";
  const length = (slot.to - slot.from) * 1000;
  const whole = parts.length > 0 && parts.every((part) => (slot.coveredMs[part] ?? 0) >= length);
  return whole ? slot.measured : PARTIAL[slot.measured];
}
