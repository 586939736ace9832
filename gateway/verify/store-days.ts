/**
 * What chain rules may ask of the log (shared/chain/log-view.ts), answered from a gateway's store.
 *
 * The store says where a key's records are, which is nothing that a block proves. So each row found that way must be
 * the one that the record after it names as `prev`, up to the key's newest record in the state, which was verified.
 * Only revocations and corrections ask.
 */
import type Database from "better-sqlite3";
import { decodeBase64url } from "../../shared/base/bytes.ts";
import { fail } from "../../shared/base/error.ts";
import type { ChainState } from "../../shared/chain/chain-state.ts";
import { type LoggedDay, type LogView, toLoggedDay } from "../../shared/chain/log-view.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import { unpackLine1 } from "../../shared/record/compact.ts";
import { parseRecord } from "../../shared/record/record.ts";

/** Keys whose records are remembered. */
const MOST_KEYS = 256;

interface Entry {
  readonly leaf: string;
  readonly prev: string;
  readonly day: LoggedDay | undefined;
}

/** All records of a key in the store; `entries[seq - 1]`, of which those up to `proved` are proved. */
interface KeyRecords {
  readonly entries: readonly (Entry | undefined)[];
  proved: number;
}

export class StoreDays implements LogView {
  readonly #db: () => Database.Database;
  readonly #state: ChainState;
  readonly #keys = new Map<string, KeyRecords>();

  /** @param db in the read transaction of the verification; @param state of the records verified so far */
  constructor(db: () => Database.Database, state: ChainState) {
    this.#db = db;
    this.#state = state;
  }

  /** Throws `store` where the store names other records than the key's. */
  *daysUpTo(kid: string, seq: number): Iterable<LoggedDay> {
    const device = this.#state.get("device", kid);
    if (device === undefined) return;
    const key = this.#recordsOf(kid);
    prove(key, device.seq, device.leaf);
    for (let i = Math.min(seq, device.seq); i > 0; i--) {
      const day = key.entries[i - 1]?.day;
      if (day !== undefined) yield day;
    }
  }

  #recordsOf(kid: string): KeyRecords {
    let key = this.#keys.get(kid);
    if (key === undefined) {
      key = { entries: this.#read(kid), proved: 0 };
      const oldest = this.#keys.keys().next();
      if (this.#keys.size >= MOST_KEYS && !oldest.done) this.#keys.delete(oldest.value);
      this.#keys.set(kid, key);
    }
    return key;
  }

  #read(kid: string): (Entry | undefined)[] {
    const db = this.#db();
    const newest = db.prepare("SELECT pos FROM key_tip WHERE kid = ?").pluck();
    const row = db.prepare("SELECT line1, prev FROM record WHERE pos = ?");
    const entries: (Entry | undefined)[] = [];
    let position = newest.get(Buffer.from(decodeBase64url(kid))) as number | null | undefined;
    while (typeof position === "number") {
      const found = row.get(position) as { line1: Uint8Array; prev: number | null } | undefined;
      if (found === undefined) break;
      const record = parseRecord(nodeSuite, unpackLine1(found.line1));
      const day = record.typ === "day" ? toLoggedDay(record) : undefined;
      entries[record.seq - 1] = { leaf: record.leaf, prev: record.prev, day };
      // Rows of a key lie one below the other; a store in which they do not must not be walked for ever.
      if (found.prev !== null && found.prev >= position) break;
      position = found.prev;
    }
    return entries;
  }
}

/** Follows `prev` from the key's newest record down to what is proved already. */
function prove(key: KeyRecords, seq: number, leaf: string): void {
  let expected = leaf;
  for (let i = seq; i > key.proved; i--) {
    const entry = key.entries[i - 1];
    if (entry === undefined || entry.leaf !== expected) {
      fail("store", "the store does not find the records of a key");
    }
    expected = entry.prev;
  }
  key.proved = Math.max(key.proved, seq);
}
