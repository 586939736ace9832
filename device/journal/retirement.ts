/**
 * The end of a meter that is taken out: where its last day ends, kept on disk before anything is made of it.
 *
 * From then on nothing is measured. What is closed up to that instant is sealed, and after the last day nothing more.
 */
import type { UnixSeconds, WattHour } from "../../shared/base/units.ts";
import type { Journal } from "./journal.ts";
import { loadClosingState, loadSamplerState } from "./sampler-store.ts";

export interface Retirement {
  /** End of the last day: a boundary of its slots, or 0 when nothing was measured. */
  readonly to: UnixSeconds;
}

export function loadRetirement(journal: Journal): Retirement | undefined {
  return journal.readState<Retirement>("retirement");
}

/** Call it inside `transact`. */
export function storeRetirement(journal: Journal, retirement: Retirement): void {
  journal.writeState("retirement", retirement);
}

/** Whether the last day is sealed: this key signs nothing more. */
export function isConcluded(journal: Journal): boolean {
  const retirement = loadRetirement(journal);
  if (retirement === undefined) return false;
  if ((loadClosingState(journal)?.from ?? 0) < retirement.to) return false;
  return journal.get("SELECT 1 FROM day WHERE seq IS NULL LIMIT 1") === undefined;
}

export interface FinalRegister {
  /** Register at the end of the last day. */
  readonly final: WattHour;
  /** What was counted after it, in no day. */
  readonly unmetered: WattHour;
}

/** Right once the last day is closed. */
export function readFinalRegister(journal: Journal): FinalRegister {
  const final = loadClosingState(journal)?.register ?? 0;
  const sampler = loadSamplerState(journal);
  const now = (sampler?.register ?? 0) + (sampler?.open?.wh ?? 0);
  return { final, unmetered: Math.max(0, now - final) };
}
