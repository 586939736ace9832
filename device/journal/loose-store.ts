/**
 * What the journal keeps of a clock that is not known: loose slots by boot and monotonic time, the state of the sampler
 * that makes them, the anchor of a clock that has become known, and the number of this boot of the machine.
 */
import type { MeasuredPiece, SamplerState } from "../sampler/sampler-types.ts";
import type { SavedClock } from "../time/meter-clock.ts";
import { isStorageFull, type Journal } from "./journal.ts";

/** The sampler on the monotonic clock of `boot`. */
export interface LooseState {
  readonly boot: number;
  readonly state: SamplerState;
}

export function loadLooseState(journal: Journal): LooseState | undefined {
  return journal.readState<LooseState>("loose");
}

export function loadSavedClock(journal: Journal): SavedClock | undefined {
  return journal.readState<SavedClock>("clock");
}

/** Call it inside `transact`, as the ones below. */
export function storeSavedClock(journal: Journal, clock: SavedClock | undefined): void {
  journal.writeState("clock", clock);
}

export function storeLoose(
  journal: Journal,
  loose: LooseState,
  pieces: readonly MeasuredPiece[],
): void {
  for (const piece of pieces) {
    journal.run("INSERT INTO loose (boot, body) VALUES (?, ?)", loose.boot, JSON.stringify(piece));
  }
  journal.writeState("loose", loose);
}

export function readLoosePieces(journal: Journal): { boot: number; piece: MeasuredPiece }[] {
  return journal
    .all<{ boot: number; body: string }>("SELECT boot, body FROM loose ORDER BY id")
    .map(({ boot, body }) => ({ boot, piece: JSON.parse(body) as MeasuredPiece }));
}

/** All of it has its place in civil time now. */
export function clearLoose(journal: Journal): void {
  journal.run("DELETE FROM loose");
  journal.writeState("loose", undefined);
}

/**
 * The number of this boot of the machine, from 1. A machine that does not say which boot it is in is taken to have
 * booted with each start of the process: `start` is then the number.
 */
export function numberBoot(journal: Journal, bootId: string | undefined, start: number): number {
  if (bootId === undefined) return start;
  const last = journal.readState<{ readonly id: string; readonly no: number }>("machine");
  if (last?.id === bootId) return last.no;
  const no = (last?.no ?? 0) + 1;
  try {
    journal.transact("boot", () => journal.writeState("machine", { id: bootId, no }));
  } catch (error) {
    // On a full card it is counted again.
    if (!isStorageFull(error)) throw error;
  }
  return no;
}
