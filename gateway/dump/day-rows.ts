/** The readings of a store that count as CSV (RFC 4180), one row a day as in the paper's table 3, in log order. */
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
    // Usable ones in whose place no correction stands, and that are not void.
    const counting = new Set(
      db
        .prepare<[], number>("SELECT pos FROM day WHERE code IS NULL AND lost IS NULL")
        .pluck()
        .all(),
    );
    for (const opened of listOpened(db, options)) {
      if (opened.typ !== "day" && opened.typ !== "correction") continue;
      if (!counting.has(opened.position)) continue;
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
