/**
 * The sampler's memory: finished slots, events and the register in one durable transaction.
 *
 * Slots of the current day stay here until the day is closed. After a restart the sampler goes on from `state`,
 * so at most what was read since the last call is lost, and then the slot is a partial one.
 */
import type { UnixSeconds, WattHour } from "../../shared/base/units.ts";
import type { SamplerEvent, SamplerState } from "../sampler/sampler-types.ts";
import type { FinishedSlot } from "../sampler/slot.ts";
import type { Statistics } from "../sampler/statistics.ts";
import { isStorageFull, type Journal } from "./journal.ts";

/** Where the next day to close begins, and the register at that instant. */
export interface ClosingState {
  readonly from: UnixSeconds;
  readonly register: WattHour;
  /** Register of exported energy; absent until a part counts it. */
  readonly out?: WattHour;
  /** Boot number and clock provenance that hold at `from`. */
  readonly clock: readonly [boot: number, sync: string];
}

export function loadSamplerState(journal: Journal): SamplerState | undefined {
  return journal.readState<SamplerState>("sampler");
}

export function loadClosingState(journal: Journal): ClosingState | undefined {
  return journal.readState<ClosingState>("closing");
}

/** Counts this start of the process; returns its number, from 1. On a full card it is not kept. */
export function countBoot(journal: Journal): number {
  const boot = (journal.readState<number>("boot") ?? 0) + 1;
  try {
    journal.transact("boot", () => journal.writeState("boot", boot));
  } catch (error) {
    if (!isStorageFull(error)) throw error;
  }
  return boot;
}

/**
 * Commits what the sampler finished together with the state that follows it. `boot` and `sync` describe the
 * clock; they are kept when they change. The first commit of a new journal fixes where its first day begins.
 */
export function commitSamples(
  journal: Journal,
  batch: {
    readonly slots: readonly FinishedSlot[];
    readonly events: readonly SamplerEvent[];
    readonly state: SamplerState;
    readonly boot: number;
    readonly sync: string;
    /** What else belongs into the same transaction. */
    readonly also?: (() => void) | undefined;
  },
): void {
  const { slots, events, state, boot, sync, also } = batch;
  journal.transact("samples", () => {
    if (state.begin !== undefined && loadClosingState(journal) === undefined) {
      const closing: ClosingState = { from: state.begin, register: 0, clock: [boot, sync] };
      journal.writeState("closing", closing);
    }
    for (const slot of slots) {
      journal.run(
        "INSERT INTO slot (start, step, wh, quality, statistics, out) VALUES (?, ?, ?, ?, ?, ?)",
        slot.start,
        slot.step,
        slot.wh,
        slot.quality,
        JSON.stringify(slot.statistics),
        slot.out ?? null,
      );
    }
    for (const event of events) addEvent(journal, event);
    journal.writeState("sampler", state);
    also?.();
  });
}

/** Call it inside `transact`. */
function addEvent(journal: Journal, event: SamplerEvent): void {
  journal.run(
    "INSERT INTO event (at, code, note) VALUES (?, ?, ?)",
    event.at,
    event.code,
    event.note ?? null,
  );
}

export function readSlots(journal: Journal, from: UnixSeconds, to: UnixSeconds): FinishedSlot[] {
  type Row = Omit<FinishedSlot, "statistics" | "out"> & {
    readonly statistics: string;
    readonly out: WattHour | null;
  };
  return journal
    .all<Row>("SELECT * FROM slot WHERE start >= ? AND start < ? ORDER BY start", from, to)
    .map(({ out, statistics, ...row }) => ({
      ...row,
      ...(out === null ? {} : { out }),
      statistics: JSON.parse(statistics) as Statistics,
    }));
}

export function readEvents(journal: Journal, before: UnixSeconds): SamplerEvent[] {
  type Row = { at: number; code: string; note: string | null };
  return journal
    .all<Row>("SELECT at, code, note FROM event WHERE at < ? ORDER BY id", before)
    .map(({ at, code, note }) => (note === null ? { at, code } : { at, code, note }));
}

/** Call it inside `transact`, once the day that ends at `before` is closed. */
export function deleteSamples(journal: Journal, before: UnixSeconds): void {
  journal.run("DELETE FROM slot WHERE start < ?", before);
  journal.run("DELETE FROM event WHERE at < ?", before);
}
