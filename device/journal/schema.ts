/**
 * The tables of the meter's journal, one small SQLite file (design.md section 2).
 *
 * `state`   small JSON values that change together with the rows below: sampler, closing, chain, alarms
 * `slot`    finished slots of days that are not closed yet; a slot without a row is a gap
 * `event`   what happened (restart, clock step, counter reset), until the day that it belongs to is closed
 * `day`     closed days; `body` is their plaintext without salt and pad, emptied when `seq` is given
 * `outbox`  sealed envelopes, byte for byte as they are sent, until a verified receipt
 * `notice`  what happened to the meter, to be told by `event` records; `at` is null while the clock is not known
 * `loose`   slots of a time when the clock was not known, by boot and monotonic time, until it is
 * `receipt` verified receipts with line 1, kept 400 days
 */
import type { Database } from "better-sqlite3";
import { fail } from "../../shared/base/error.ts";

/** Raised with every change of the tables; each step of `MIGRATIONS` leads from one version to the next. */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
   CREATE TABLE slot (start INTEGER PRIMARY KEY, step INTEGER NOT NULL, wh INTEGER NOT NULL,
     quality TEXT NOT NULL, statistics TEXT NOT NULL);
   CREATE TABLE event (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, code TEXT NOT NULL, note TEXT);
   CREATE TABLE day (start INTEGER PRIMARY KEY, date TEXT NOT NULL UNIQUE, wh INTEGER NOT NULL,
     body TEXT NOT NULL, seq INTEGER UNIQUE);
   CREATE TABLE outbox (seq INTEGER PRIMARY KEY, leaf TEXT NOT NULL UNIQUE, date TEXT NOT NULL,
     envelope TEXT NOT NULL, answer TEXT);
   CREATE TABLE receipt (seq INTEGER PRIMARY KEY, leaf TEXT NOT NULL UNIQUE, date TEXT NOT NULL,
     line1 TEXT NOT NULL, position INTEGER NOT NULL, size INTEGER NOT NULL, note TEXT NOT NULL,
     at INTEGER NOT NULL);
   CREATE INDEX receipt_at ON receipt (at);`,
  `CREATE TABLE notice (id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, mono INTEGER NOT NULL, at INTEGER,
     code TEXT NOT NULL, before TEXT, after TEXT, seq INTEGER UNIQUE);`,
  // Each part of the meter has its own baseline; slots may have exported energy.
  `ALTER TABLE slot ADD COLUMN out INTEGER;
   UPDATE state SET value = json_set(json_remove(value, '$.baseline', '$.carry'), '$.parts',
     iif(value -> '$.baseline' IS NULL, json('{}'), json_object(
       substr(value ->> '$.baseline.sensor', 1, instr(value ->> '$.baseline.sensor', ' ') - 1),
       json_object('baseline', json(value -> '$.baseline'), 'carry', value ->> '$.carry',
         'lastMs', value ->> '$.lastMs'))))
   WHERE key = 'sampler';
   UPDATE state SET value = json_set(value, '$.open.coveredMs', json('{}'))
   WHERE key = 'sampler' AND value -> '$.open' IS NOT NULL;`,
  "CREATE TABLE loose (id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, body TEXT NOT NULL)",
];

export const SCHEMA_VERSION: number = MIGRATIONS.length;

/**
 * Brings the file to this version's schema, in one transaction.
 * Throws `journal` for a file that a newer version has written: it is never downgraded.
 */
export function migrate(db: Database): void {
  const found = readSchemaVersion(db);
  if (found > SCHEMA_VERSION) {
    fail("journal", `the journal has schema ${found}, this meter knows ${SCHEMA_VERSION}`, {
      found,
      known: SCHEMA_VERSION,
    });
  }
  if (found === SCHEMA_VERSION) return;
  db.transaction(() => {
    for (const step of MIGRATIONS.slice(found)) db.exec(step);
    db.pragma(`user_version = ${SCHEMA_VERSION}`);
  }).immediate();
}

export function readSchemaVersion(db: Database): number {
  return Number(db.pragma("user_version", { simple: true }));
}
