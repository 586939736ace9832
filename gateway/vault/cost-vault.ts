/**
 * What making blocks took on this machine, for the performance page: a row a block, the newest of them only, and a row a day
 * for good. Nothing rests on it; rows come in batches, seconds after their blocks, so no block waits for it.
 */
import type { Db, Statement } from "../ledger/database.ts";

/** What one block took, in microseconds of real time. */
export interface BlockCost {
  readonly height: number;
  /** Of the block, unix seconds. */
  readonly at: number;
  /** Civil day of the gateway, yyyymmdd. */
  readonly date: number;
  readonly records: number;
  /** Choosing the records and hashing them into a header. */
  readonly templateUs: number;
  /** Searching the nonce. */
  readonly miningUs: number;
  /** Tries of that search. */
  readonly hashes: number;
  /** Checking the block by all rules, as any gateway would. */
  readonly checkUs: number;
  /** Writing it and its projection durably. */
  readonly writeUs: number;
}

/** Rows of single blocks that are kept. */
const KEPT_BLOCKS = 5_000;

export class CostVault {
  readonly #db: Db;
  readonly #block: Statement<number[]>;
  readonly #day: Statement<number[]>;
  readonly #forget: Statement<[number]>;

  constructor(db: Db) {
    this.#db = db;
    this.#block = db.prepare(
      "INSERT OR REPLACE INTO vault_block_cost VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    );
    this.#day = db.prepare(
      `INSERT INTO vault_day_cost VALUES (?, 1, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (date) DO UPDATE SET
       blocks = blocks + 1, records = records + excluded.records, template_us = template_us + excluded.template_us,
       mining_us = mining_us + excluded.mining_us, hashes = hashes + excluded.hashes,
       check_us = check_us + excluded.check_us, write_us = write_us + excluded.write_us, bytes = excluded.bytes`,
    );
    this.#forget = db.prepare("DELETE FROM vault_block_cost WHERE height <= ?");
  }

  /** Keeps what these blocks took, in one transaction; the store's size is the present one for all of them. */
  add(costs: readonly BlockCost[]): void {
    const pages = this.#db.pragma("page_count", { simple: true }) as number;
    const bytes = pages * (this.#db.pragma("page_size", { simple: true }) as number);
    this.#db.transaction(() => {
      for (const cost of costs) {
        const { height, at, date, records, templateUs, miningUs, hashes, checkUs, writeUs } = cost;
        const spent = [templateUs, miningUs, hashes, checkUs, writeUs, bytes];
        this.#block.run(height, at, records, ...spent);
        this.#day.run(date, records, ...spent);
      }
      this.#forget.run((costs.at(-1)?.height ?? 0) - KEPT_BLOCKS);
    })();
  }
}
