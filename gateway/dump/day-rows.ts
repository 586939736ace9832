/** The opened days of a store as CSV (RFC 4180), one row a day as in the paper's table 3. */
import { DAY_ROW_COLUMNS, formatDayRow } from "../../shared/day/day-row.ts";
import type { Db } from "../ledger/database.ts";
import { type DumpOptions, listOpened } from "./chain-dump.ts";

/** Lines without their line end, the header first. */
export function* dumpDayRows(
  db: Db,
  options: DumpOptions & Required<Pick<DumpOptions, "utility">>,
): Generator<string> {
  yield DAY_ROW_COLUMNS.join(",");
  db.exec("BEGIN");
  try {
    for (const opened of listOpened(db, options)) {
      if (opened.typ !== "day") continue;
      const row = formatDayRow(opened.plaintext);
      yield DAY_ROW_COLUMNS.map((column) => quote(row[column] ?? "")).join(",");
    }
  } finally {
    db.exec("COMMIT");
  }
}

function quote(value: string): string {
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
