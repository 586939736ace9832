/**
 * What chain rules may ask of the log (shared/chain/log-view.ts), answered from the main chain's rows and, for a
 * record that is to be held, from the records that are held before it.
 *
 * Each row names its key's row before it, so a key's days are walked back from its newest one; no day pays for that.
 */
import type { ChainState } from "../../shared/chain/chain-state.ts";
import { type LoggedDay, type LogView, toLoggedDay } from "../../shared/chain/log-view.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { readPackedDay, unpackLine1 } from "../../shared/record/compact.ts";
import { hashLeaf } from "../../shared/record/record.ts";
import type { Mempool } from "./mempool.ts";
import type { RecordStore } from "./record-store.ts";

export interface StoredLogOptions {
  readonly suite: Pick<CryptoSuite, "sha256Text">;
  readonly records: RecordStore;
  /** Position of a key's newest record in the main chain. */
  readonly lastPosition: (kid: string) => number | undefined;
}

/** The records of the main chain. */
export class StoredLog implements LogView {
  readonly #options: StoredLogOptions;

  constructor(options: StoredLogOptions) {
    this.#options = options;
  }

  *daysUpTo(kid: string, seq: number): Iterable<LoggedDay> {
    const { suite, records, lastPosition } = this.#options;
    let position = lastPosition(kid);
    while (position !== undefined) {
      const row = records.row(position);
      if (row === undefined) return;
      const day = readPackedDay(row.line1);
      if (day !== undefined && day.seq <= seq) {
        const { line1 } = row;
        yield {
          kid,
          ...day,
          get leaf() {
            return hashLeaf(suite, unpackLine1(line1));
          },
        };
      }
      position = row.prev ?? undefined;
    }
  }
}

/** The main chain and over it the held records. */
export class HeldLog implements LogView {
  readonly #stored: LogView;
  readonly #mempool: Mempool;
  readonly #state: ChainState;

  /** @param state of the main chain: what it has of a key's seqs, no held record stands for */
  constructor(stored: LogView, mempool: Mempool, state: ChainState) {
    this.#stored = stored;
    this.#mempool = mempool;
    this.#state = state;
  }

  *daysUpTo(kid: string, seq: number): Iterable<LoggedDay> {
    const logged = this.#state.get("device", kid)?.seq ?? 0;
    for (const { record } of this.#mempool.ofKey(kid).sort((a, b) => b.record.seq - a.record.seq)) {
      const isAsked = record.seq > logged && record.seq <= seq;
      if (isAsked && record.typ === "day") yield toLoggedDay(record);
    }
    yield* this.#stored.daysUpTo(kid, seq);
  }
}
