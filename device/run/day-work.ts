/**
 * From finished slots to envelopes: commit, close, seal, each step kept on disk before the next.
 *
 * `settle` may be called at any time and any number of times; what has been done is not done again. Sealing lets
 * other work run between two days, so that a year of unsealed days does not stop the measuring.
 */
import { setImmediate } from "node:timers/promises";
import type { Calendar } from "../day-close/calendar.ts";
import { closeEndedDays } from "../day-close/close-days.ts";
import type { MeterFacts } from "../day-close/day-body.ts";
import { isStorageFull, type Journal } from "../journal/journal.ts";
import { commitSamples } from "../journal/sampler-store.ts";
import type { MeterEvent } from "../meter-event.ts";
import type { Sampler } from "../sampler/sampler.ts";
import type { SamplerEvent } from "../sampler/sampler-types.ts";
import type { SealContext } from "../seal/make-envelope.ts";
import { sealNextDay } from "../seal/seal-day.ts";
import { sealNextEvent } from "../seal/seal-event.ts";

export interface SealedRecord {
  readonly typ: "day" | "event";
  /** The local day that it is about. */
  readonly date: string;
  readonly seq: number;
}

export interface DayWorkOptions {
  readonly journal: Journal;
  readonly sampler: Sampler;
  readonly calendar: Calendar;
  readonly facts: MeterFacts;
  readonly seal: SealContext;
  /** The machine's boot, and who vouches for the clock, at this instant. */
  readonly provenance: () => { readonly boot: number; readonly sync: string };
  /** What belongs into the transaction of the slots, and what follows it. */
  readonly timed?: { store(): void; stored(): boolean } | undefined;
  readonly report: (event: MeterEvent) => void;
  /** Called before each commit: what waits for space on the card. */
  readonly beforeCommit?: () => void;
  /** Whether a record may be signed now; what is closed waits. */
  readonly maySeal?: () => boolean;
  /** Asked when the card is full; without it that is an error like any other. */
  readonly storage?: { failed(): boolean; succeeded(): void } | undefined;
  /** Called with what the sampler noted, when it is durable. */
  readonly onCommitted?: (noted: readonly SamplerEvent[]) => void;
  readonly onSealed: (record: SealedRecord) => void;
}

export class DayWork {
  readonly #options: DayWorkOptions;
  #sealing: Promise<void> | undefined;
  #sealAgain = false;
  #stopped = false;

  constructor(options: DayWorkOptions) {
    this.#options = options;
  }

  /**
   * Makes durable what the sampler has: finished slots with the register, and the open slot as it is. Where that fails
   * (a full card) nothing is forgotten: a register without its slots is never written.
   */
  commit(): void {
    const { timed, beforeCommit, storage } = this.#options;
    beforeCommit?.();
    if (!this.#whereThereIsSpace(() => this.#keep())) return;
    storage?.succeeded();
    if (timed?.stored()) this.sealSoon();
  }

  /** Whether it was done; again if space could be made for it. */
  #whereThereIsSpace(work: () => void): boolean {
    const { storage } = this.#options;
    for (;;) {
      try {
        work();
        return true;
      } catch (error) {
        if (storage === undefined || !isStorageFull(error)) throw error;
        if (!storage.failed()) return false;
      }
    }
  }

  #keep(): void {
    const { journal, sampler, provenance, timed, onCommitted } = this.#options;
    const taken = sampler.take();
    try {
      const batch = { ...taken, state: sampler.state, ...provenance() };
      commitSamples(journal, { ...batch, also: () => timed?.store() });
    } catch (error) {
      sampler.giveBack(taken);
      throw error;
    }
    onCommitted?.(taken.events);
  }

  /** Closes every unclosed day that has ended, then seals what is closed. Call it after `commit`. */
  async settle(): Promise<void> {
    const { journal, calendar, facts, sampler, report } = this.#options;
    const { finishedTo } = sampler;
    if (finishedTo !== undefined) {
      const close = (): void => {
        for (const { date, wh } of closeEndedDays({ journal, calendar, facts }, finishedTo)) {
          report({ event: "day-closed", date, wh });
        }
      };
      if (!this.#whereThereIsSpace(close)) return;
    }
    await this.seal();
  }

  /** Nothing comes after the last reading: what it has finished is committed, closed and sealed. */
  async conclude(): Promise<void> {
    const { sampler } = this.#options;
    const { lastMs } = sampler.state;
    if (lastMs !== undefined) sampler.advance(lastMs, 0);
    this.commit();
    await this.settle();
  }

  /** Seals all notices and closed days, as far as that is possible now. Calls do not overlap. */
  async seal(): Promise<void> {
    this.#sealAgain = true;
    this.#sealing ??= this.#sealAll().finally(() => {
      this.#sealing = undefined;
    });
    await this.#sealing;
  }

  /** Seals in the background; what it throws, the next `settle` throws too. */
  sealSoon(): void {
    this.seal().catch(() => undefined);
  }

  /** No further day is sealed; resolves when none is being sealed. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#sealing;
  }

  async #sealAll(): Promise<void> {
    while (this.#sealAgain && !this.#stopped) {
      this.#sealAgain = false;
      for (;;) {
        if (this.#stopped || this.#options.maySeal?.() === false) break;
        let sealed = false;
        const seal = (): void => {
          sealed = this.#sealNext();
        };
        if (!this.#whereThereIsSpace(seal) || !sealed) break;
        await setImmediate();
      }
    }
  }

  /** Whether there was something to seal. */
  #sealNext(): boolean {
    const { seal, facts, report, onSealed } = this.#options;
    const event = sealNextEvent(seal, facts);
    if (event !== undefined) {
      const { code, date, seq } = event;
      report({ event: "event-sealed", code, seq });
      onSealed({ typ: "event", date, seq });
      return true;
    }
    const day = sealNextDay(seal);
    if (day === undefined) return false;
    const { date, wh, seq } = day;
    report({ event: "day-sealed", date, wh, seq });
    onSealed({ typ: "day", date, seq });
    return true;
  }
}
