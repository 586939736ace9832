/**
 * Keeps a journal that was restored from an old copy from signing: it would give a seq away twice, and that ends the key.
 *
 * The broker keeps, under the meter's own name, the last checkpoint that this meter has verified. After a start sealing
 * waits until that has been compared with the journal, or for a while where no broker answers. Is it one that the
 * journal has never seen, sealing waits for a person; measuring and closing days go on.
 */
import { decodeUtf8 } from "../../shared/base/bytes.ts";
import { type Clock, unixNow } from "../../shared/base/clock.ts";
import { isCoded } from "../../shared/base/error.ts";
import { verifyCheckpoint } from "../../shared/chain/checkpoint.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { clearAlarm, raiseAlarm } from "../journal/alarm-store.ts";
import type { Journal } from "../journal/journal.ts";
import { loadSeen } from "../journal/outbox-store.ts";
import type { MeterEvent } from "../meter-event.ts";
import type { Connection } from "./connection.ts";
import type { Trust } from "./trust.ts";

export interface RestoreGuardOptions {
  readonly journal: Journal;
  readonly suite: CryptoSuite;
  readonly trust: Trust;
  readonly clock: Clock;
  /** Real. */
  readonly monotonicMs: () => number;
  /** Sealing waits so long for a first contact with the broker; 0: it does not wait. */
  readonly waitMs: number;
  readonly report: (event: MeterEvent) => void;
  /** Sealing need not wait any longer. */
  readonly onOpen: () => void;
}

/** A broker sends what it keeps with its answer to the subscription. */
const SEEN_WAIT_MS = 1000;

export class RestoreGuard {
  readonly #options: RestoreGuardOptions;
  readonly #startedMs: number;
  #state: "unknown" | "older" | "current" = "unknown";

  constructor(options: RestoreGuardOptions) {
    this.#options = options;
    this.#startedMs = options.monotonicMs();
  }

  /** Whether a new record may be signed. */
  get maySeal(): boolean {
    const { monotonicMs, waitMs } = this.#options;
    if (this.#state === "unknown") return monotonicMs() - this.#startedMs >= waitMs;
    return this.#state === "current";
  }

  /** What a newer journal has seen must not be published over. */
  get isOlder(): boolean {
    return this.#state === "older";
  }

  /** Compares, unless that has been done; `topic` is the meter's own `seen`. */
  async look(connection: Connection, topic: string): Promise<void> {
    if (this.#state === "current") return;
    const { journal, clock, report, onOpen } = this.#options;
    const kept = await connection.readRetained(topic, SEEN_WAIT_MS);
    const note = kept === undefined ? undefined : this.#judge(kept);
    this.#state = note === undefined ? "current" : "older";
    if (note === undefined) {
      clearAlarm(journal, "older");
      onOpen();
    } else if (raiseAlarm(journal, { code: "older", at: unixNow(clock), note })) {
      report({ event: "alarm", code: "older", detail: note });
    }
  }

  /** What to tell a person; undefined for what is not newer, or not signed by this chain's gateways. */
  #judge(kept: Uint8Array): string | undefined {
    const { journal, suite, trust } = this.#options;
    const own = loadSeen(journal).at(-1)?.size ?? 0;
    try {
      const { size } = verifyCheckpoint(suite, decodeUtf8(kept), trust);
      if (size <= own) return undefined;
      return `the broker keeps a checkpoint of size ${size} that this meter has seen, the journal ends at ${own}`;
    } catch (error) {
      if (!isCoded(error)) throw error;
      return undefined;
    }
  }
}
