/**
 * Held records: durable, in no block yet, in the order in which they came.
 *
 * The table is the truth and the maps mirror it. Every method that changes anything runs inside the ledger's transaction, at whose
 * end `write` brings the table to what the maps say, one row for all records of a commit; after a transaction that was undone, the
 * ledger loads everything again.
 */
import { decodeBase64url } from "../../shared/base/bytes.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { packLine1, unpackLine1 } from "../../shared/record/compact.ts";
import { type ParsedRecord, parseRecord } from "../../shared/record/record.ts";
import type { Candidate, Opened, RecordParts } from "./candidate.ts";
import type { Db, Statement } from "./database.ts";
import { decodeHeld, encodeHeld, type StoredHeld } from "./held-row.ts";

export interface Held extends StoredHeld {
  readonly record: ParsedRecord;
  /** Length of line 1 as text. */
  readonly line1Chars: number;
  /** Leaf hash of the record, 32 bytes. */
  readonly leafHash: Uint8Array;
  /** What line 2 opened to, where it is known. */
  readonly opened: Opened | undefined;
}

/** A record to be held. */
export interface NewHeld extends Omit<StoredHeld, "id" | "packed"> {
  readonly record: ParsedRecord;
  /** Made from the record where they are not known. */
  readonly parts?: RecordParts | undefined;
  /** Says what line 2 opened to, when its block is projected. */
  readonly verdict?: Pick<Candidate, "opened"> | undefined;
}

/** A row is written again when some of its records leave. */
const MAX_RECORDS_OF_ROW = 2048;

/** A row of the table. */
interface Row {
  /** Number of its first record when it was written first. */
  readonly id: number;
  records: HeldRecord[];
  /** How many of them are still held. */
  left: number;
}

/** All held records are objects of one class, and as few as can be: thousands of them wait for each block. */
class HeldRecord implements Held {
  readonly id: number;
  readonly record: ParsedRecord;
  readonly blob: number | null;
  readonly meter: string | undefined;
  readonly own: boolean;
  readonly at: number;
  readonly row: Row;
  readonly #parts: RecordParts;
  readonly #verdict: Pick<Candidate, "opened"> | undefined;

  constructor(id: number, row: Row, held: NewHeld) {
    this.id = id;
    this.record = held.record;
    this.blob = held.blob;
    this.meter = held.meter;
    this.own = held.own;
    this.at = held.at;
    this.row = row;
    this.#parts = held.parts ?? partsOf(held.record);
    this.#verdict = held.verdict;
  }

  get packed(): Uint8Array {
    return this.#parts.packedLine1;
  }

  get line1Chars(): number {
    return this.#parts.line1Chars;
  }

  get leafHash(): Uint8Array {
    return this.#parts.leafHash;
  }

  get opened(): Opened | undefined {
    return this.#verdict?.opened;
  }
}

export class Mempool {
  readonly #suite: Pick<CryptoSuite, "sha256Text">;
  readonly #byLeaf = new Map<string, HeldRecord>();
  /** Held records of each key; almost always in the order of their seqs, one to a few. */
  readonly #byKid = new Map<string, HeldRecord[]>();
  /** What is no day. */
  readonly #others = new Set<Held>();
  readonly #put: Statement<[number, number, Uint8Array]>;
  readonly #remove: Statement<[number]>;
  readonly #rows: Statement<[], { id: number; records: number; body: Uint8Array }>;
  /** Rows that are not as the maps say. */
  readonly #changed = new Set<Row>();
  /** Of the transaction under way: where its new records go. */
  #open: Row | undefined;
  /** Least and greatest number in use. */
  #first = 0;
  #last = 0;
  #changes = 0;

  constructor(db: Db, suite: Pick<CryptoSuite, "sha256Text">) {
    this.#suite = suite;
    this.#put = db.prepare("INSERT OR REPLACE INTO held (id, records, body) VALUES (?, ?, ?)");
    this.#remove = db.prepare("DELETE FROM held WHERE id = ?");
    this.#rows = db.prepare("SELECT id, records, body FROM held ORDER BY id");
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
    this.#clear();
    this.#changed.clear();
    this.#open = undefined;
    this.#first = 0;
    this.#last = 0;
    const all: HeldRecord[] = [];
    for (const { id, records, body } of this.#rows.all()) {
      const row: Row = { id, records: [], left: records };
      row.records = decodeHeld(body, records).map((stored) => this.#fromStored(row, stored));
      this.#first = Math.min(this.#first, id);
      for (const held of row.records) all.push(held);
    }
    for (const held of all.sort(byNumber)) this.#enter(held);
  }

  /** Brings the table to what was done since the last time. */
  write(): void {
    for (const row of this.#changed) {
      if (row.left > 0) {
        row.records = row.records.filter((held) => this.#byLeaf.get(held.record.leaf) === held);
        if (row.records.length !== row.left) throw new Error("a row of held records is miscounted");
        this.#put.run(row.id, row.left, encodeHeld(row.records));
      } else this.#remove.run(row.id);
    }
    this.#changed.clear();
    this.#open = undefined;
  }

  /** Adds a record at the end. */
  add(held: NewHeld): Held {
    const id = this.#last + 1;
    if (this.#open === undefined || this.#open.records.length >= MAX_RECORDS_OF_ROW) {
      this.#open = { id, records: [], left: 0 };
    }
    return this.#enter(this.#store(this.#open, id, held));
  }

  /** Puts records that came back from a block in front of all others, in their order, without changing that. */
  restore(held: readonly NewHeld[]): void {
    const first = this.#first - held.length;
    let row: Row | undefined;
    for (const [i, one] of held.entries()) {
      const id = first + i;
      if (row === undefined || row.records.length >= MAX_RECORDS_OF_ROW) {
        row = { id, records: [], left: 0 };
      }
      this.#enter(this.#store(row, id, one));
    }
    this.sort();
  }

  /**
   * Another record in the same place of the order: an own one that was signed again. The order of `values` holds
   * again after `sort`.
   */
  replace(held: Held, by: NewHeld): void {
    const { row, id } = held as HeldRecord;
    this.#leave(held as HeldRecord);
    this.#enter(this.#store(row, id, by));
  }

  /** Puts everything into the order of the numbers. */
  sort(): void {
    const sorted = [...this.#byLeaf.values()].sort(byNumber);
    this.#clear();
    for (const one of sorted) this.#enter(one);
  }

  remove(held: Held): void {
    this.#leave(held as HeldRecord);
  }

  #leave(held: HeldRecord): void {
    this.#changes += 1;
    this.#byLeaf.delete(held.record.leaf);
    held.row.left -= 1;
    this.#changed.add(held.row);
    if (held.record.typ !== "day") this.#others.delete(held);
    const { kid } = held.record;
    const ofKey = this.#byKid.get(kid);
    if (ofKey === undefined) return;
    const at = ofKey.indexOf(held);
    if (at >= 0) ofKey.splice(at, 1);
    if (ofKey.length === 0) this.#byKid.delete(kid);
  }

  #store(row: Row, id: number, held: NewHeld): HeldRecord {
    this.#changes += 1;
    const one = new HeldRecord(id, row, held);
    row.records.push(one);
    row.left += 1;
    this.#changed.add(row);
    return one;
  }

  #enter(held: HeldRecord): HeldRecord {
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

  #clear(): void {
    this.#byLeaf.clear();
    this.#byKid.clear();
    this.#others.clear();
  }

  #fromStored(row: Row, stored: StoredHeld): HeldRecord {
    const { id, packed } = stored;
    const line1 = unpackLine1(packed);
    const record = parseRecord(this.#suite, line1);
    const parts = {
      packedLine1: packed,
      line1Chars: line1.length,
      leafHash: decodeBase64url(record.leaf),
    };
    return new HeldRecord(id, row, { ...stored, record, parts });
  }
}

function partsOf({ line1, leaf }: ParsedRecord): RecordParts {
  return {
    packedLine1: packLine1(line1),
    line1Chars: line1.length,
    leafHash: decodeBase64url(leaf),
  };
}

function byNumber(a: Held, b: Held): number {
  return a.id - b.id;
}
