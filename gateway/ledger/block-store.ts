/**
 * Blocks: the main chain by height, all others by hash beside it (design.md section 5).
 *
 * A block of the main chain has its records in `record`; a side block carries its own, so that the branch that wins
 * later can be applied without asking anybody.
 */
import type { SealedBlock } from "../../shared/chain/block.ts";
import type { Db, Statement } from "./database.ts";

export interface MainRow {
  readonly height: number;
  readonly hash: Uint8Array;
  readonly header: Uint8Array;
  readonly nonce: Uint8Array;
  readonly seal: Uint8Array;
  /** Position of its first record. */
  readonly first: number;
  readonly records: number;
  /** Hashes of the compact range of the log after it. */
  readonly range: Uint8Array;
  /** Work from genesis, 32 bytes big-endian. */
  readonly work: Uint8Array;
}

export interface SideRow {
  readonly hash: Uint8Array;
  readonly height: number;
  readonly prev: Uint8Array;
  readonly header: Uint8Array;
  readonly nonce: Uint8Array;
  readonly seal: Uint8Array;
  readonly work: Uint8Array;
  /** Why it can never be in the main chain; null while that is open. */
  readonly code: string | null;
}

/** A record of a side block: packed line 1 and the row of its line 2, where that has arrived. */
export interface SideRecord {
  readonly line1: Uint8Array;
  readonly blob: number | null;
}

const MAIN = "height, hash, header, nonce, seal, first, records, range, work";
const SIDE = "hash, height, prev, header, nonce, seal, work, code";

export class BlockStore {
  readonly #insertMain: Statement<(number | Uint8Array)[]>;
  readonly #byHeight: Statement<[number], MainRow>;
  readonly #byHash: Statement<[Uint8Array], MainRow>;
  readonly #tip: Statement<[], MainRow>;
  readonly #at: Statement<[number], MainRow>;
  readonly #removeMain: Statement<[number]>;
  readonly #insertSide: Statement<(number | string | Uint8Array | null)[]>;
  readonly #insertSideRecord: Statement<[Uint8Array, number, Uint8Array, number | null]>;
  readonly #side: Statement<[Uint8Array], SideRow>;
  readonly #sideChildren: Statement<[Uint8Array], SideRow>;
  readonly #sideRecords: Statement<[Uint8Array], SideRecord>;
  readonly #markSide: Statement<[string, Uint8Array]>;
  readonly #removeSide: Statement<[Uint8Array]>;
  readonly #removeSideRecords: Statement<[Uint8Array]>;

  constructor(db: Db) {
    this.#insertMain = db.prepare(`INSERT INTO block (${MAIN}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`);
    this.#byHeight = db.prepare(`SELECT ${MAIN} FROM block WHERE height = ?`);
    this.#byHash = db.prepare(`SELECT ${MAIN} FROM block WHERE hash = ?`);
    this.#tip = db.prepare(`SELECT ${MAIN} FROM block ORDER BY height DESC LIMIT 1`);
    // Empty blocks share `first` with the block after them, which has the record.
    this.#at = db.prepare(
      `SELECT ${MAIN} FROM block WHERE first <= ? ORDER BY first DESC, height DESC LIMIT 1`,
    );
    this.#removeMain = db.prepare("DELETE FROM block WHERE height >= ?");
    this.#insertSide = db.prepare(
      `INSERT INTO side_block (${SIDE}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#insertSideRecord = db.prepare(
      "INSERT INTO side_record (hash, n, line1, blob) VALUES (?, ?, ?, ?)",
    );
    this.#side = db.prepare(`SELECT ${SIDE} FROM side_block WHERE hash = ?`);
    this.#sideChildren = db.prepare(`SELECT ${SIDE} FROM side_block WHERE prev = ?`);
    this.#sideRecords = db.prepare("SELECT line1, blob FROM side_record WHERE hash = ? ORDER BY n");
    this.#markSide = db.prepare("UPDATE side_block SET code = ? WHERE hash = ?");
    this.#removeSide = db.prepare("DELETE FROM side_block WHERE hash = ?");
    this.#removeSideRecords = db.prepare("DELETE FROM side_record WHERE hash = ?");
  }

  insertMain(row: MainRow): void {
    const { height, hash, header, nonce, seal, first, records, range, work } = row;
    this.#insertMain.run(height, hash, header, nonce, seal, first, records, range, work);
  }

  main(height: number): MainRow | undefined {
    return this.#byHeight.get(height);
  }

  mainByHash(hash: Uint8Array): MainRow | undefined {
    return this.#byHash.get(hash);
  }

  tip(): MainRow | undefined {
    return this.#tip.get();
  }

  /** The block that holds the record at `position`. */
  mainAt(position: number): MainRow | undefined {
    return this.#at.get(position);
  }

  /** Removes the main chain's blocks from `height` on. */
  removeMainFrom(height: number): void {
    this.#removeMain.run(height);
  }

  insertSide(row: SideRow, records: readonly SideRecord[]): void {
    const { hash, height, prev, header, nonce, seal, work, code } = row;
    this.#insertSide.run(hash, height, prev, header, nonce, seal, work, code);
    records.forEach(({ line1, blob }, n) => {
      this.#insertSideRecord.run(hash, n, line1, blob);
    });
  }

  side(hash: Uint8Array): SideRow | undefined {
    return this.#side.get(hash);
  }

  sideRecords(hash: Uint8Array): readonly SideRecord[] {
    return this.#sideRecords.all(hash);
  }

  removeSide(hash: Uint8Array): void {
    this.#removeSideRecords.run(hash);
    this.#removeSide.run(hash);
  }

  /** Marks a side block and all that stands on it as never to be applied. */
  markSide(hash: Uint8Array, code: string): void {
    this.#markSide.run(code, hash);
    for (const child of this.#sideChildren.all(hash)) {
      if (child.code === null) this.markSide(child.hash, code);
    }
  }
}

/** The block as it travels, of a row and its records. */
export function toSealedBlock(
  row: Pick<MainRow, "header" | "nonce" | "seal">,
  records: readonly string[],
): SealedBlock {
  return { header: row.header, nonce: row.nonce, records, seal: row.seal };
}

/** Work as 32 bytes, so that rows compare as numbers do. */
export function encodeWork(work: bigint): Uint8Array {
  const bytes = new Uint8Array(32);
  let rest = work;
  for (let i = 31; i >= 0; i--) {
    bytes[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}

export function decodeWork(bytes: Uint8Array): bigint {
  let work = 0n;
  for (const byte of bytes) work = (work << 8n) | BigInt(byte);
  return work;
}
