/** What making blocks took, for readers: by block and by day, newest first. */
import type { Db, Statement } from "../ledger/database.ts";
import type { BlockCostRow, DayCostRow, Spent } from "./cost-types.ts";
import { dateText } from "./day-table.ts";

interface SpentRow {
  readonly records: number;
  readonly template_us: number;
  readonly mining_us: number;
  readonly hashes: number;
  readonly check_us: number;
  readonly write_us: number;
  readonly bytes: number;
}

export class CostReader {
  readonly #blocks: Statement<[number, number], SpentRow & { height: number; at: number }>;
  readonly #days: Statement<[number, number], SpentRow & { date: number; blocks: number }>;

  constructor(db: Db) {
    this.#blocks = db.prepare(
      "SELECT * FROM vault_block_cost WHERE height < ? ORDER BY height DESC LIMIT ?",
    );
    this.#days = db.prepare(
      "SELECT * FROM vault_day_cost WHERE date < ? ORDER BY date DESC LIMIT ?",
    );
  }

  blocks(beforeHeight: number | undefined, limit: number): BlockCostRow[] {
    return this.#blocks
      .all(beforeHeight ?? Number.MAX_SAFE_INTEGER, limit)
      .map((row) => ({ height: row.height, timeSeconds: row.at, ...toSpent(row) }));
  }

  /** @param beforeDate "YYYY-MM-DD" */
  days(beforeDate: string | undefined, limit: number): DayCostRow[] {
    const before = Number(beforeDate?.replaceAll("-", "") ?? Number.MAX_SAFE_INTEGER);
    return this.#days
      .all(before, limit)
      .map((row) => ({ date: dateText(row.date), blocks: row.blocks, ...toSpent(row) }));
  }
}

function toSpent(row: SpentRow): Spent {
  return {
    records: row.records,
    templateMicros: row.template_us,
    miningMicros: row.mining_us,
    hashes: row.hashes,
    checkMicros: row.check_us,
    writeMicros: row.write_us,
    storeBytes: row.bytes,
  };
}
