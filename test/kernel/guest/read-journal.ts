/**
 * What a meter's journal holds, as one JSON line, read by SQL and not by the meter's own code.
 *
 * usage: JOURNAL=FILE node read-journal.js, or in front of a program: JOURNAL=FILE node --import read-journal.js …
 */
import process from "node:process";

import Database from "better-sqlite3";

const db = new Database(process.env["JOURNAL"] ?? "", { readonly: true });
const state = (key: string): string | undefined =>
  (db.prepare("SELECT value FROM state WHERE key = ?").get(key) as { value: string } | undefined)
    ?.value;
const sampler = JSON.parse(state("sampler") ?? "{}") as {
  register?: number;
  open?: { wh?: number };
};
const content = {
  integrity: db.pragma("integrity_check", { simple: true }),
  boots: Number(state("boot") ?? 0),
  register: (sampler.register ?? 0) + (sampler.open?.wh ?? 0),
  days: db.prepare("SELECT date, wh, seq FROM day ORDER BY start").all(),
  sealed: db
    .prepare("SELECT seq, leaf FROM outbox UNION SELECT seq, leaf FROM receipt ORDER BY seq")
    .all(),
  notices: db.prepare("SELECT code FROM notice ORDER BY id").pluck().all(),
  slots: db.prepare("SELECT count(*) AS n FROM slot").pluck().get(),
};
process.stdout.write(`${JSON.stringify(content)}\n`);
db.close();
