/**
 * Where a record with a given hash is: an index in memory over the tree's lowest rows, since on disk one would cost every block as many
 * random page writes as it has records.
 *
 * Made at the first question and carried on as the log grows; 8 to 16 bytes a record. Open addressing by the hash's first bytes, which
 * are as good as random; what is found is compared with the tree's own row.
 */
import type { Db, Statement } from "../ledger/database.ts";

const HASH = 32;
/** Hashes in a row. */
const ROW = 64;
const SMALLEST = 1024;

export class LeafIndex {
  readonly #rows: Statement<[number, number], { id: number; hashes: Buffer }>;
  readonly #row: Statement<[number], { hashes: Buffer }>;
  /** Positions plus one; 0 is free. At most half of them are in use. */
  #slots = new Uint32Array(SMALLEST);
  /** Records that are in it. */
  #size = 0;

  constructor(db: Db) {
    // Row n of tile level 0 has the id n.
    this.#rows = db.prepare("SELECT id, hashes FROM tile WHERE id >= ? AND id < ? ORDER BY id");
    this.#row = db.prepare("SELECT hashes FROM tile WHERE id = ?");
  }

  /** Position of a leaf (32 bytes) in the log of `logSize` records, which begins with what was there at the last question. */
  find(leaf: Uint8Array, logSize: number): number | undefined {
    if (leaf.length !== HASH) return undefined;
    this.#extend(logSize);
    const slots = this.#slots;
    for (let at = slotOf(leaf, 0, slots.length); ; at = (at + 1) % slots.length) {
      const position = (slots[at] ?? 0) - 1;
      if (position < 0) return undefined;
      if (this.#leafAt(position)?.equals(leaf)) return position;
    }
  }

  /** After the log has lost records, or got others in their place. */
  clear(): void {
    this.#slots = new Uint32Array(SMALLEST);
    this.#size = 0;
  }

  #extend(logSize: number): void {
    if (logSize <= this.#size) return;
    if (2 * logSize > this.#slots.length) {
      let length = this.#slots.length;
      while (length < 2 * logSize) length *= 2;
      this.#slots = new Uint32Array(length);
      this.#size = 0;
    }
    const rows = this.#rows.iterate(Math.floor(this.#size / ROW), Math.ceil(logSize / ROW));
    for (const { id, hashes } of rows) {
      const end = Math.min(logSize, (id + 1) * ROW);
      for (let position = Math.max(this.#size, id * ROW); position < end; position++) {
        this.#insert(hashes, (position - id * ROW) * HASH, position);
      }
    }
    this.#size = logSize;
  }

  #insert(hashes: Uint8Array, offset: number, position: number): void {
    const slots = this.#slots;
    let at = slotOf(hashes, offset, slots.length);
    while (slots[at] !== 0) at = (at + 1) % slots.length;
    slots[at] = position + 1;
  }

  #leafAt(position: number): Buffer | undefined {
    const at = (position % ROW) * HASH;
    return this.#row.get(Math.floor(position / ROW))?.hashes.subarray(at, at + HASH);
  }
}

/** @param length a power of two up to 2^32 */
function slotOf(hashes: Uint8Array, offset: number, length: number): number {
  const byte = (i: number): number => hashes[offset + i] ?? 0;
  const word = byte(0) * 2 ** 24 + byte(1) * 2 ** 16 + byte(2) * 2 ** 8 + byte(3);
  return word % length;
}
