/** Brings a store of version 3, which had a row for each held record, to version 4, which has one for those of a commit. */
import type Database from "better-sqlite3";
import { encodeHeld } from "./held-row.ts";

/** Records of a row: what a commit holds at most. */
const RUN = 2048;

interface MempoolRow {
  readonly id: number;
  readonly line1: Uint8Array;
  readonly blob: number | null;
  readonly meter: string | null;
  readonly own: number;
  readonly at: number;
}

export function joinHeld(db: Database.Database): void {
  const rows = db
    .prepare<[], MempoolRow>("SELECT id, line1, blob, meter, own, at FROM mempool ORDER BY id")
    .all();
  const put = db.prepare("INSERT INTO held (id, records, body) VALUES (?, ?, ?)");
  for (let first = 0; first < rows.length; first += RUN) {
    const run = rows.slice(first, first + RUN);
    const records = run.map((row) => {
      const { id, line1: packed, blob, meter, own, at } = row;
      return { id, packed, blob, meter: meter ?? undefined, own: own === 1, at };
    });
    put.run(run[0]?.id, records.length, encodeHeld(records));
  }
  // It held opened days, which no free page is to keep.
  db.pragma("secure_delete = ON");
  db.exec("DROP TABLE mempool");
  db.pragma("secure_delete = FAST");
}
