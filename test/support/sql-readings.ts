/**
 * Which readings count, found out by SQL: independent of shared/day/effective-readings.ts.
 *
 * In:  readings with their slots, in any order. Out: the slots of those that count.
 */
import type Database from "better-sqlite3";
import type { Reading } from "../../shared/day/effective-readings.ts";
import type { SqlSlot } from "./sql-bill.ts";

export interface SqlReading extends Reading {
  readonly slots: readonly SqlSlot[];
}

const COUNTING = `
  WITH RECURSIVE
    up(leaf, root) AS (
      SELECT leaf, leaf FROM reading WHERE of IS NULL
      UNION ALL SELECT r.leaf, up.root FROM reading r JOIN up ON r.of = up.leaf),
    alive AS (
      SELECT r.pos, r.f, r.t, up.root, o.pos AS first, o.typ AS kind FROM reading r
      JOIN up ON up.leaf = r.leaf JOIN reading o ON o.leaf = up.root
      WHERE r.usable AND NOT r.void AND NOT o.void),
    latest AS (SELECT root, max(pos) AS pos, f, t, first, kind FROM alive GROUP BY root)
  SELECT l.pos FROM latest l WHERE l.kind = 'day' OR NOT EXISTS (
    SELECT 1 FROM latest o WHERE o.root <> l.root AND o.pos > l.first AND o.f < l.t AND l.f < o.t)`;

export class SqlReadings {
  readonly #db: InstanceType<typeof Database>;

  constructor(db: InstanceType<typeof Database>) {
    this.#db = db;
    db.exec(`CREATE TABLE reading (pos INTEGER PRIMARY KEY, typ TEXT, leaf TEXT UNIQUE, of TEXT, f INTEGER, t INTEGER,
      usable INTEGER, void INTEGER)`);
  }

  counting(readings: readonly SqlReading[]): readonly SqlSlot[] {
    const db = this.#db;
    db.exec("DELETE FROM reading");
    const insert = db.prepare("INSERT INTO reading VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    for (const { position, typ, leaf, of = null, from, to, isUsable, isVoid } of readings) {
      insert.run(position, typ, leaf, of, from, to, isUsable ? 1 : 0, isVoid ? 1 : 0);
    }
    const found = new Set(db.prepare(COUNTING).pluck().all() as number[]);
    const slots = readings
      .filter(({ position }) => found.has(position))
      .flatMap((one) => one.slots);
    return withGaps([...slots].sort((a, b) => a.at - b.at));
  }
}

/** Slots without a hole: where nothing counts there are gaps, so that what recovers them is looked for there, too. */
function withGaps(slots: readonly SqlSlot[]): readonly SqlSlot[] {
  const whole: SqlSlot[] = [];
  for (const slot of slots) {
    const { step } = slot;
    const before = whole.at(-1);
    for (let at = before === undefined ? slot.at : before.at + step; at < slot.at; at += step) {
      whole.push({ at, step, wh: 0, exported: 0, letter: "G" });
    }
    whole.push(slot);
  }
  return whole;
}
