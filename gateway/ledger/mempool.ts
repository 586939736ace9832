/**
 * Held records: durable, in no block yet, in the order in which they came.
 *
 * The table is the truth and the maps mirror it. Every method that writes runs inside the ledger's transaction;
 * after one that was undone, the ledger loads everything again.
 */
import type { ErrorCode } from "../../shared/base/error-code.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { unpackLine1 } from "../../shared/record/compact.ts";
import { type ParsedRecord, parseRecord } from "../../shared/record/record.ts";
import type { Opened } from "./candidate.ts";
import type { Db, Statement } from "./database.ts";

export interface Held {
  /** Row, ascending in the order of arrival. */
  readonly id: number;
  readonly record: ParsedRecord;
  /** Packed line 1. */
  readonly packed: Uint8Array;
  /** Row of line 2. */
  readonly blob: number | null;
  readonly meter?: string;
  readonly opened?: Opened;
  /** Signed by this gateway, so it may be signed again for another place. */
  readonly own: boolean;
  /** Unix seconds at which it was held. */
  readonly at: number;
}

export type NewHeld = Omit<Held, "id">;

interface MempoolRow {
  readonly id: number;
  readonly line1: Uint8Array;
  readonly blob: number | null;
  readonly meter: string | null;
  readonly opened: Uint8Array | null;
  readonly code: string | null;
  readonly own: number;
  readonly at: number;
}

/** Held records of one key. */
interface HeldOfKey {
  readonly bySeq: Map<number, Held>;
  newest: Held;
}

export class Mempool {
  readonly #suite: Pick<CryptoSuite, "sha256Text">;
  readonly #byLeaf = new Map<string, Held>();
  readonly #byLine1 = new Map<string, Held>();
  readonly #byKid = new Map<string, HeldOfKey>();
  readonly #insert: Statement<(number | string | Uint8Array | null)[]>;
  readonly #remove: Statement<[number]>;
  readonly #removeRun: Statement<[number, number]>;
  readonly #rows: Statement<[], MempoolRow>;
  /** Least and greatest row in use. */
  #first = 0;
  #last = 0;
  #changes = 0;

  constructor(db: Db, suite: Pick<CryptoSuite, "sha256Text">) {
    this.#suite = suite;
    this.#insert = db.prepare(
      "INSERT INTO mempool (id, line1, blob, meter, opened, code, own, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    );
    this.#remove = db.prepare("DELETE FROM mempool WHERE id = ?");
    this.#removeRun = db.prepare("DELETE FROM mempool WHERE id BETWEEN ? AND ?");
    this.#rows = db.prepare("SELECT * FROM mempool ORDER BY id");
  }

  /** Goes up with every change; tells whether a transaction that was undone had changed anything. */
  get changes(): number {
    return this.#changes;
  }

  get size(): number {
    return this.#byLeaf.size;
  }

  /** In the order in which they are to be mined. */
  values(): IterableIterator<Held> {
    return this.#byLeaf.values();
  }

  get(leaf: string): Held | undefined {
    return this.#byLeaf.get(leaf);
  }

  getByLine1(line1: string): Held | undefined {
    return this.#byLine1.get(line1);
  }

  /** The held record with this place in its key's chain. */
  find(kid: string, seq: number): Held | undefined {
    return this.#byKid.get(kid)?.bySeq.get(seq);
  }

  /** The newest held record of a key. */
  newest(kid: string): Held | undefined {
    return this.#byKid.get(kid)?.newest;
  }

  /** Reads the table again. */
  load(): void {
    this.#byLeaf.clear();
    this.#byLine1.clear();
    this.#byKid.clear();
    this.#first = 0;
    this.#last = 0;
    for (const row of this.#rows.all()) this.#enter(this.#fromRow(row));
  }

  /** Adds a record at the end. */
  add(held: NewHeld): Held {
    return this.#store({ ...held, id: this.#last + 1 });
  }

  /** Puts records that came back from a block in front of all others, in their order, without changing that. */
  restore(held: readonly NewHeld[]): void {
    const start = this.#first - held.length;
    held.forEach((one, i) => {
      this.#store({ ...one, id: start + i });
    });
    const sorted = [...this.#byLeaf.values()].sort((a, b) => a.id - b.id);
    this.#byLeaf.clear();
    this.#byLine1.clear();
    this.#byKid.clear();
    for (const one of sorted) this.#enter(one);
  }

  /**
   * Another record in the same place of the order: an own one that was signed again. The order of `values` holds
   * again after `load`.
   */
  replace(held: Held, by: NewHeld): void {
    this.remove(held);
    this.#store({ ...by, id: held.id });
  }

  /** Takes many records out, with one statement for each run of rows. */
  removeAll(all: readonly Held[]): void {
    const ids = all.map(({ id }) => id).sort((a, b) => a - b);
    for (let at = 0; at < ids.length; ) {
      const first = ids[at] as number;
      let count = 1;
      while (ids[at + count] === first + count) count += 1;
      this.#removeRun.run(first, first + count - 1);
      at += count;
    }
    for (const held of all) this.#leave(held);
  }

  remove(held: Held): void {
    this.#remove.run(held.id);
    this.#leave(held);
  }

  #leave(held: Held): void {
    this.#changes += 1;
    this.#byLeaf.delete(held.record.leaf);
    this.#byLine1.delete(held.record.line1);
    const { kid, seq } = held.record;
    const ofKey = this.#byKid.get(kid);
    if (ofKey?.bySeq.get(seq)?.id !== held.id) return;
    ofKey.bySeq.delete(seq);
    if (ofKey.bySeq.size === 0) this.#byKid.delete(kid);
    // The newest goes before the others only when it is dropped, which is rare.
    else if (ofKey.newest.id === held.id) {
      ofKey.newest = [...ofKey.bySeq.values()].reduce((a, b) => (a.id > b.id ? a : b));
    }
  }

  #store(held: Held): Held {
    this.#changes += 1;
    const { id, packed, blob, meter, opened, own, at } = held;
    const bytes = opened !== undefined && "packed" in opened ? opened.packed : null;
    const code = opened !== undefined && "unusable" in opened ? opened.unusable : null;
    this.#insert.run(id, packed, blob, meter ?? null, bytes, code, own ? 1 : 0, at);
    this.#enter(held);
    return held;
  }

  #enter(held: Held): void {
    const { kid, leaf, line1, seq } = held.record;
    this.#byLeaf.set(leaf, held);
    this.#byLine1.set(line1, held);
    const ofKey = this.#byKid.get(kid);
    if (ofKey === undefined) this.#byKid.set(kid, { bySeq: new Map([[seq, held]]), newest: held });
    else {
      ofKey.bySeq.set(seq, held);
      if (held.id > ofKey.newest.id) ofKey.newest = held;
    }
    this.#first = Math.min(this.#first, held.id);
    this.#last = Math.max(this.#last, held.id);
  }

  #fromRow(row: MempoolRow): Held {
    return {
      id: row.id,
      record: parseRecord(this.#suite, unpackLine1(row.line1)),
      packed: row.line1,
      blob: row.blob,
      ...(row.meter === null ? {} : { meter: row.meter }),
      ...openedOf(row),
      own: row.own === 1,
      at: row.at,
    };
  }
}

function openedOf(row: MempoolRow): { opened?: Opened } {
  if (row.opened !== null) return { opened: { packed: row.opened } };
  return row.code === null ? {} : { opened: { unusable: row.code as ErrorCode } };
}
