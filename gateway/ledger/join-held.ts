/** Brings a store of version 3, which had a row for each held record, to version 4, which has one for those of a commit. */
import type Database from "better-sqlite3";
import type { ErrorCode } from "../../shared/base/error-code.ts";
import type { Opened } from "./candidate.ts";
import { encodeHeld } from "./held-row.ts";

/** Records of a row: what a commit holds at most. */
const RUN = 2048;

interface MempoolRow {
  readonly id: number;
  readonly line1: Uint8Array;
  readonly blob: number | null;
  readonly meter: string | null;
  readonly opened: Uint8Array | null;
  readonly code: string | null;
  readonly own: number;
  readonly at: number;
}

function openedOf({ opened, code }: MempoolRow): Opened | undefined {
  if (opened !== null) return { packed: opened };
  return code === null ? undefined : { unusable: code as ErrorCode };
}

export function joinHeld(db: Database.Database): void {
  const rows = db.prepare<[], MempoolRow>("SELECT * FROM mempool ORDER BY id").all();
  const put = db.prepare("INSERT INTO held (id, records, body) VALUES (?, ?, ?)");
  for (let at = 0; at < rows.length; at += RUN) {
    const run = rows.slice(at, at + RUN);
    const records = run.map((row) => {
      const { id, line1, blob, meter, own, at: heldAt } = row;
      const opened = openedOf(row);
      return {
        ...{ id, packed: line1, blob, meter: meter ?? undefined, opened },
        ...{ own: own === 1, at: heldAt },
      };
    });
    put.run(run[0]?.id, records.length, encodeHeld(records));
  }
  db.exec("DROP TABLE mempool");
}
