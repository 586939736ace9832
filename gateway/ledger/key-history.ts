/** Where a key's records are, by its seqs: walked back from its newest one, as each row names its key's row before it. */
import type { ParsedRecord } from "../../shared/record/record.ts";
import type { ChainWriter } from "./chain-writer.ts";
import type { Mempool } from "./mempool.ts";
import type { RecordStore } from "./record-store.ts";

export interface KeyHistoryOptions {
  readonly chain: ChainWriter;
  readonly mempool: Mempool;
  readonly records: RecordStore;
}

export class KeyHistory {
  readonly #options: KeyHistoryOptions;

  constructor(options: KeyHistoryOptions) {
    this.#options = options;
  }

  /** Position of the record of a key with this seq in the main chain. */
  find(kid: string, seq: number): number | undefined {
    const { chain, records } = this.#options;
    const { state } = chain;
    let current = (state.get("device", kid) ?? state.get("member", kid))?.seq ?? 0;
    let position: number | undefined = chain.lastPosition(kid);
    for (; position !== undefined && current > seq; current--) {
      position = records.row(position)?.prev ?? undefined;
    }
    return current === seq ? position : undefined;
  }

  /** Line 1 of a key's newest record, held or logged, as an answer names it. */
  last(kid: string): { last?: string } {
    const { chain, mempool, records } = this.#options;
    const held = mempool.newest(kid);
    if (held !== undefined) return { last: held.record.line1 };
    const position = chain.lastPosition(kid);
    const last = position === undefined ? undefined : records.line1(position);
    return last === undefined ? {} : { last };
  }

  /** Whether this very record is in the main chain. */
  holds(record: ParsedRecord): boolean {
    const position = this.find(record.kid, record.seq);
    return position !== undefined && this.#options.records.line1(position) === record.line1;
  }
}
