/**
 * What the meter does when the card is full: it gives up its reserve and goes on; when that is used up too, readings
 * stay in memory and measuring goes on. Nothing that has not been sent is ever overwritten for space.
 *
 * An alarm is raised as soon as the reserve is touched, and a signed event tells when it began; another one when there
 * is space again.
 */
import type { Clock } from "../../shared/base/clock.ts";
import { unixNow } from "../../shared/base/clock.ts";
import type { RecordEvent } from "../event/event-recorder.ts";
import type { MeterEvent } from "../meter-event.ts";
import { clearAlarm, raiseAlarm } from "./alarm-store.ts";
import type { Journal } from "./journal.ts";
import type { Reserve } from "./reserve.ts";

export interface StorageWatchOptions {
  readonly journal: Journal;
  readonly reserve: Reserve;
  readonly clock: Clock;
  readonly record: RecordEvent;
  readonly report: (event: MeterEvent) => void;
}

const NOTES = {
  reserve: "the card is full: the meter lives on its reserve",
  memory: "the card is full: readings stay in memory",
} as const;

export class StorageWatch {
  readonly #options: StorageWatchOptions;
  #state: "free" | "reserve" | "memory" = "free";

  constructor(options: StorageWatchOptions) {
    this.#options = options;
  }

  /** `low`: the reserve had to be given up before the journal could be opened. */
  begin(low: boolean): void {
    if (low || !this.#options.reserve.hold()) this.#worsen("reserve");
  }

  /** A transaction has failed for want of space. Returns whether to try it again. */
  failed(): boolean {
    if (this.#options.reserve.release()) {
      this.#worsen("reserve");
      return true;
    }
    this.#worsen("memory");
    return false;
  }

  /** A transaction has gone through. */
  succeeded(): void {
    if (this.#state === "free") return;
    const { journal, reserve, record, report } = this.#options;
    if (!reserve.hold()) {
      if (this.#state === "memory") this.#state = "reserve";
      return;
    }
    this.#state = "free";
    clearAlarm(journal, "storage");
    record("storage-free");
    report({ event: "alarm", code: "storage", detail: "there is space on the card again" });
  }

  #worsen(state: "reserve" | "memory"): void {
    if (this.#state === state || this.#state === "memory") return;
    const { journal, clock, record, report } = this.#options;
    const began = this.#state === "free";
    this.#state = state;
    const note = NOTES[state];
    report({ event: "alarm", code: "storage", detail: note });
    raiseAlarm(journal, { code: "storage", at: unixNow(clock), note });
    if (began) record("storage-full", undefined, note);
  }
}
