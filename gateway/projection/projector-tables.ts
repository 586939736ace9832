/** What the projector and its parts work on: the tables of one store, and how line 2 is opened. */
import type { RecipientKey } from "../../shared/crypto/key.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import type { Db } from "../ledger/database.ts";
import { RecordStore } from "../ledger/record-store.ts";
import { DayTable } from "./day-table.ts";
import { DeviceDirectory } from "./device-directory.ts";
import { OvertakenBills } from "./overtaken-bills.ts";
import { ReadingMarks } from "./reading-marks.ts";
import { ReadingRows } from "./reading-rows.ts";
import { RowTables } from "./row-tables.ts";
import { StatementTable } from "./statement-table.ts";

export interface ProjectorOptions {
  readonly suite: CryptoSuite;
  /** Opens line 2. */
  readonly utility: Pick<RecipientKey, "kid" | "secret">;
}

export interface Tables {
  readonly db: Db;
  readonly days: DayTable;
  readonly readings: ReadingRows;
  readonly marks: ReadingMarks;
  readonly overtaken: OvertakenBills;
  readonly devices: DeviceDirectory;
  readonly rows: RowTables;
  readonly statements: StatementTable;
  readonly records: RecordStore;
}

export function openTables(db: Db, suite: CryptoSuite): Tables {
  const days = new DayTable(db);
  const readings = new ReadingRows(db, suite);
  return {
    db,
    days,
    readings,
    marks: new ReadingMarks(days, readings),
    overtaken: new OvertakenBills(db, suite, readings),
    devices: new DeviceDirectory(db),
    rows: new RowTables(db),
    statements: new StatementTable(db, suite),
    records: new RecordStore(db),
  };
}
