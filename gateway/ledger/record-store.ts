/**
 * Records of the main chain by position. Each row knows the position of its key's previous record, so that any
 * record of a key is found from its newest one without an index over random keys.
 */
import { unpackLine1 } from "../../shared/record/compact.ts";
import type { Db, Statement } from "./database.ts";

export interface RecordRow {
  readonly pos: number;
  /** Packed line 1. */
  readonly line1: Uint8Array;
  /** Row of its line 2. */
  readonly blob: number | null;
  /** Position of the same key's previous record. */
  readonly prev: number | null;
}

export class RecordStore {
  readonly #insert: Statement<[number, Uint8Array, number | null, number | null]>;
  readonly #row: Statement<[number], RecordRow>;
  readonly #range: Statement<[number, number], RecordRow>;
  readonly #remove: Statement<[number]>;

  constructor(db: Db) {
    this.#insert = db.prepare("INSERT INTO record (pos, line1, blob, prev) VALUES (?, ?, ?, ?)");
    this.#row = db.prepare("SELECT pos, line1, blob, prev FROM record WHERE pos = ?");
    this.#range = db.prepare(
      "SELECT pos, line1, blob, prev FROM record WHERE pos >= ? AND pos < ? ORDER BY pos",
    );
    this.#remove = db.prepare("DELETE FROM record WHERE pos >= ?");
  }

  insert(pos: number, line1: Uint8Array, blob: number | null, prev: number | null): void {
    this.#insert.run(pos, line1, blob, prev);
  }

  row(position: number): RecordRow | undefined {
    return this.#row.get(position);
  }

  line1(position: number): string | undefined {
    const row = this.#row.get(position);
    return row === undefined ? undefined : unpackLine1(row.line1);
  }

  /** Rows from `start` up to, not including, `end`. */
  range(start: number, end: number): IterableIterator<RecordRow> {
    return this.#range.iterate(start, end);
  }

  /** Removes the rows from `position` on. */
  removeFrom(position: number): void {
    this.#remove.run(position);
  }
}
