/**
 * Held records: durable, in no block yet, in the order in which they came.
 *
 * The table is the truth and the maps mirror it. Every method that writes runs inside the ledger's transaction;
 * after one that was undone, the ledger loads everything again.
 */
import { decodeBase64url } from "../../shared/base/bytes.ts";
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
  /** Length of line 1 as text. */
  readonly line1Chars: number;
  /** Leaf hash of the record, 32 bytes. */
  readonly leafHash: Uint8Array;
  /** Row of line 2. */
  readonly blob: number | null;
  readonly meter: string | undefined;
  readonly opened: Opened | undefined;
  /** Signed by this gateway, so it may be signed again for another place. */
  readonly own: boolean;
  /** Unix seconds at which it was held. */
  readonly at: number;
}

/** A record to be held; length and hash are made where they are not known. */
export interface NewHeld extends Omit<Held, "id" | "line1Chars" | "leafHash"> {
  readonly line1Chars: number | undefined;
  readonly leafHash: Uint8Array | undefined;
}

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

export class Mempool {
  readonly #suite: Pick<CryptoSuite, "sha256Text">;
  readonly #byLeaf = new Map<string, Held>();
  /** Held records of each key; almost always in the order of their seqs, one to a few. */
  readonly #byKid = new Map<string, Held[]>();
  /** What is no day. */
  readonly #others = new Set<Held>();
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

  /** All but days, in no particular order. */
  others(): IterableIterator<Held> {
    return this.#others.values();
  }

  get(leaf: string): Held | undefined {
    return this.#byLeaf.get(leaf);
  }

  /** The held record with this place in its key's chain. */
  find(kid: string, seq: number): Held | undefined {
    return this.#byKid.get(kid)?.find(({ record }) => record.seq === seq);
  }

  /** The held records of a key. */
  ofKey(kid: string): Held[] {
    return [...(this.#byKid.get(kid) ?? [])];
  }

  /** The newest held record of a key. */
  newest(kid: string): Held | undefined {
    return this.#byKid.get(kid)?.reduce((a, b) => (a.id > b.id ? a : b));
  }

  /** Reads the table again. */
  load(): void {
    this.#byLeaf.clear();
    this.#byKid.clear();
    this.#others.clear();
    this.#first = 0;
    this.#last = 0;
    for (const row of this.#rows.all()) this.#enter(this.#fromRow(row));
  }

  /** Adds a record at the end. */
  add(held: NewHeld): Held {
    return this.#store(held, this.#last + 1);
  }

  /** Puts records that came back from a block in front of all others, in their order, without changing that. */
  restore(held: readonly NewHeld[]): void {
    const start = this.#first - held.length;
    held.forEach((one, i) => {
      this.#store(one, start + i);
    });
    const sorted = [...this.#byLeaf.values()].sort((a, b) => a.id - b.id);
    this.#byLeaf.clear();
    this.#byKid.clear();
    this.#others.clear();
    for (const one of sorted) this.#enter(one);
  }

  /**
   * Another record in the same place of the order: an own one that was signed again. The order of `values` holds
   * again after `load`.
   */
  replace(held: Held, by: NewHeld): void {
    this.remove(held);
    this.#store(by, held.id);
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
    if (held.record.typ !== "day") this.#others.delete(held);
    const { kid } = held.record;
    const ofKey = this.#byKid.get(kid);
    if (ofKey === undefined) return;
    const at = ofKey.indexOf(held);
    if (at >= 0) ofKey.splice(at, 1);
    if (ofKey.length === 0) this.#byKid.delete(kid);
  }

  #store(held: NewHeld, id: number): Held {
    this.#changes += 1;
    const { packed, blob, meter, opened, own, at } = held;
    const bytes = opened !== undefined && "packed" in opened ? opened.packed : null;
    const code = opened !== undefined && "unusable" in opened ? opened.unusable : null;
    this.#insert.run(id, packed, blob, meter ?? null, bytes, code, own ? 1 : 0, at);
    return this.#enter(complete(held, id));
  }

  #enter(held: Held): Held {
    const { kid, leaf } = held.record;
    this.#byLeaf.set(leaf, held);
    if (held.record.typ !== "day") this.#others.add(held);
    const ofKey = this.#byKid.get(kid);
    if (ofKey === undefined) this.#byKid.set(kid, [held]);
    else ofKey.push(held);
    if (held.id < this.#first) this.#first = held.id;
    if (held.id > this.#last) this.#last = held.id;
    return held;
  }

  #fromRow(row: MempoolRow): Held {
    const line1 = unpackLine1(row.line1);
    const held: NewHeld = {
      record: parseRecord(this.#suite, line1),
      packed: row.line1,
      line1Chars: line1.length,
      leafHash: undefined,
      blob: row.blob,
      meter: row.meter ?? undefined,
      opened: openedOf(row),
      own: row.own === 1,
      at: row.at,
    };
    return complete(held, row.id);
  }
}

/** Written out member by member, so that all held records are objects of one shape. */
function complete(held: NewHeld, id: number): Held {
  const { record, packed, blob, meter, opened, own, at } = held;
  const line1Chars = held.line1Chars ?? record.line1.length;
  const leafHash = held.leafHash ?? decodeBase64url(record.leaf);
  return { id, record, packed, line1Chars, leafHash, blob, meter, opened, own, at };
}

function openedOf(row: MempoolRow): Opened | undefined {
  if (row.opened !== null) return { packed: row.opened };
  return row.code === null ? undefined : { unusable: row.code as ErrorCode };
}
