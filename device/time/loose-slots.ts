/**
 * Loose slots: what was measured while civil time was not known, by boot and monotonic time, some seconds each.
 *
 * In: finished slots of a sampler that runs on the monotonic clock, and the ones that it still has open. Out: pieces
 * with their civil time, each within one slot of the day, with all of their energy.
 */
import type { UnixMillis } from "../../shared/base/units.ts";
import type { MeasuredPiece, SamplerState } from "../sampler/sampler-types.ts";
import { type FinishedSlot, finishSlot, openSlotAt, type SlotDay } from "../sampler/slot.ts";
import { mergeStatistics, NO_STATISTICS } from "../sampler/statistics.ts";

/** Least seconds of a loose slot: fine enough to be cut at the slots of any day. */
const LEAST_STEP = 20;

/** A calendar of the monotonic clock. No slot is so short that readings which follow closely would skip it. */
export function looseCalendar(maxGapMs: number): (instant: number) => SlotDay {
  const step = Math.max(LEAST_STEP, Math.ceil(maxGapMs / 1000));
  return (instant) => {
    const from = Math.floor(instant / step) * step;
    return { from, to: from + step, step };
  };
}

/** The slots that a loose sampler has not finished, as far as they go. */
export function openPieces(state: SamplerState): MeasuredPiece[] {
  const { settling, open, parts, lastMs } = state;
  const names = Object.keys(parts);
  const pieces: MeasuredPiece[] = [];
  for (const slot of [settling, open]) {
    const finished = slot && finishSlot(slot, names);
    if (slot === undefined || finished === undefined) continue;
    const fromMs = slot.from * 1000;
    const toMs = Math.max(fromMs + 1, Math.min(slot.to * 1000, lastMs ?? 0));
    // As much as there was time for has been measured, by all parts.
    const whole = names.every((part) => (slot.coveredMs[part] ?? 0) >= toMs - fromMs);
    const quality = whole && names.length > 0 ? upper(finished.quality) : finished.quality;
    pieces.push({ ...pick(finished), quality, fromMs, toMs });
  }
  return pieces;
}

export function finishedPiece(slot: FinishedSlot): MeasuredPiece {
  const fromMs = slot.start * 1000;
  return { ...pick(slot), fromMs, toMs: fromMs + slot.step * 1000 };
}

/** Pieces of the monotonic clock, moved to civil time and cut where a slot of the day ends. */
export function cutPieces(
  pieces: readonly MeasuredPiece[],
  anchorMs: number,
  dayOf: (instant: number) => SlotDay,
): MeasuredPiece[] {
  return pieces.flatMap((piece) => {
    const cut: MeasuredPiece[] = [];
    let rest = shift(piece, anchorMs);
    for (;;) {
      const instant = Math.floor(rest.fromMs / 1000);
      const endMs = openSlotAt(dayOf(instant), instant).to * 1000;
      if (rest.toMs <= endMs) return [...cut, rest];
      const part = (endMs - rest.fromMs) / (rest.toMs - rest.fromMs);
      const [first, second] = [Math.round(rest.wh * part), Math.round((rest.out ?? 0) * part)];
      cut.push({ ...rest, toMs: endMs, wh: first, ...outOf(rest, second) });
      rest = {
        ...rest,
        fromMs: endMs,
        wh: rest.wh - first,
        ...outOf(rest, (rest.out ?? 0) - second),
        // What was seen counts once.
        statistics: NO_STATISTICS,
      };
    }
  });
}

/** What earlier boots measured whose time nobody will ever know: all of it at `fromMs`, as recovered. */
export function mergePieces(
  pieces: readonly MeasuredPiece[],
  fromMs: UnixMillis,
): MeasuredPiece | undefined {
  const [first] = pieces;
  if (first === undefined) return undefined;
  const out = pieces.reduce<number | undefined>(
    (sum, piece) => (piece.out === undefined ? sum : (sum ?? 0) + piece.out),
    undefined,
  );
  return {
    fromMs,
    toMs: fromMs,
    wh: pieces.reduce((sum, piece) => sum + piece.wh, 0),
    ...(out === undefined ? {} : { out }),
    quality: "R",
    statistics: pieces.map(({ statistics }) => statistics).reduce(mergeStatistics),
  };
}

function shift(piece: MeasuredPiece, anchorMs: number): MeasuredPiece {
  const fromMs = Math.round(piece.fromMs + anchorMs);
  return { ...piece, fromMs, toMs: fromMs + (piece.toMs - piece.fromMs) };
}

function outOf({ out }: MeasuredPiece, part: number): { out?: number } {
  return out === undefined ? {} : { out: part };
}

function pick({ wh, out, quality, statistics }: FinishedSlot) {
  return { wh, ...(out === undefined ? {} : { out }), quality, statistics };
}

function upper(quality: FinishedSlot["quality"]): FinishedSlot["quality"] {
  switch (quality) {
    case "m":
      return "M";
    case "i":
      return "I";
    case "e":
      return "E";
    default:
      return quality;
  }
}
