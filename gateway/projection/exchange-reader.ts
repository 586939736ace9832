/** Swaps of a meter's devices, for readers. */
import type { Db, Statement } from "../ledger/database.ts";
import type { MeterExchange } from "./read-model-types.ts";

interface ExchangeRow {
  readonly pos: number;
  readonly old: string;
  readonly new: string;
  readonly at: number;
  readonly final: number | null;
  readonly first: number | null;
  readonly unmetered: number | null;
  readonly reason: string | null;
}

export class ExchangeReader {
  readonly #ofMeter: Statement<[number], ExchangeRow>;

  constructor(db: Db) {
    this.#ofMeter = db.prepare("SELECT * FROM exchange WHERE meter = ? ORDER BY pos");
  }

  /** In log order. */
  exchanges(meter: number): MeterExchange[] {
    return this.#ofMeter.all(meter).map((row) => ({
      position: row.pos,
      atSeconds: row.at,
      oldKid: row.old,
      newKid: row.new,
      ...(row.final === null ? {} : { finalWh: row.final }),
      ...(row.first === null ? {} : { firstWh: row.first }),
      ...(row.unmetered === null ? {} : { unmeteredWh: row.unmetered }),
      ...(row.reason === null ? {} : { reason: row.reason }),
    }));
  }
}
