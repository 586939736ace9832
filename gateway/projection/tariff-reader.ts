/** Tariffs for readers: every version as it stands in the log. */
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { parseRecord } from "../../shared/record/record.ts";
import type { Db, Statement } from "../ledger/database.ts";
import { RecordStore } from "../ledger/record-store.ts";
import type { TariffVersion } from "./tariff-types.ts";

/** Versions in one answer: more than a zone has. */
const MAX_VERSIONS = 500;

interface TariffRow {
  readonly pos: number;
  readonly leaf: string;
  readonly id: string;
  readonly ver: number;
}

export class TariffReader {
  readonly #suite: CryptoSuite;
  readonly #records: RecordStore;
  readonly #all: Statement<[number], TariffRow>;

  constructor(db: Db, suite: CryptoSuite) {
    this.#suite = suite;
    this.#records = new RecordStore(db);
    this.#all = db.prepare("SELECT pos, leaf, id, ver FROM tariff ORDER BY id, ver DESC LIMIT ?");
  }

  /** By id, the newest version first. */
  tariffs(): TariffVersion[] {
    return this.#all.all(MAX_VERSIONS).flatMap(({ pos, leaf, id, ver }) => {
      const line1 = this.#records.line1(pos);
      const record = line1 === undefined ? undefined : parseRecord(this.#suite, line1);
      if (record?.typ !== "tariff") return [];
      return [{ id, version: ver, leaf, position: pos, body: record.payload.body }];
    });
  }
}
