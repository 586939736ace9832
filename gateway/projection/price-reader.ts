/** Published prices, from the rows that the projection holds and the records that they stand for. */
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import type { LoggedPrice } from "../../shared/money/price-series.ts";
import { parseRecord } from "../../shared/record/record.ts";
import type { Span } from "../../shared/time/civil-day.ts";
import type { Db, Statement } from "../ledger/database.ts";
import { RecordStore } from "../ledger/record-store.ts";

/** Records kept decoded: a year of hourly prices, a record a day, is fewer. */
const KEPT = 512;

export class PriceReader {
  readonly #suite: CryptoSuite;
  readonly #records: RecordStore;
  readonly #within: Statement<[number, number], { pos: number; leaf: string }>;
  /** By leaf: a record never changes, its position may. */
  readonly #kept = new Map<string, LoggedPrice>();

  constructor(db: Db, suite: CryptoSuite) {
    this.#suite = suite;
    this.#records = new RecordStore(db);
    this.#within = db.prepare(
      "SELECT pos, leaf FROM price WHERE to_s > ? AND from_s < ? ORDER BY to_s",
    );
  }

  /** Price records of any series that reach into the span. */
  within({ from, to }: Span): readonly LoggedPrice[] {
    return this.#within.all(from, to).flatMap(({ pos, leaf }) => {
      const price = this.#kept.get(leaf) ?? this.#read(pos, leaf);
      return price === undefined ? [] : [{ ...price, position: pos }];
    });
  }

  #read(position: number, leaf: string): LoggedPrice | undefined {
    const line1 = this.#records.line1(position);
    const record = line1 === undefined ? undefined : parseRecord(this.#suite, line1);
    if (record?.typ !== "price") return undefined;
    const { id, from, step, nano } = record.payload;
    const price = { leaf, position, id, from, step, nano };
    if (this.#kept.size >= KEPT) this.#kept.clear();
    this.#kept.set(leaf, price);
    return price;
  }
}
