/** Takes a closed store back to what earlier versions of Wattproof wrote, to see that it opens. */
import assert from "node:assert/strict";
import Database from "better-sqlite3";
import type { Db } from "../../gateway/ledger/database.ts";
import { decodeHeld, type StoredHeld } from "../../gateway/ledger/held-row.ts";
import { STORE_VERSION } from "../../gateway/ledger/schema.ts";
import { STORE_UPGRADES } from "../../gateway/projection/schema.ts";

export function listHeld(db: Db): StoredHeld[] {
  const rows = db.prepare<[], { body: Uint8Array; records: number }>("SELECT * FROM held").all();
  return rows.flatMap(({ body, records }) => decodeHeld(body, records));
}

/** Version 3: a row for each held record. Version 2: besides, nothing that came with 3. */
export function takeBackStore(file: string, version: 2 | 3): void {
  assert.equal(STORE_VERSION, 4);
  const db = new Database(file);
  try {
    db.exec(`CREATE TABLE mempool (
      id INTEGER PRIMARY KEY, line1 BLOB NOT NULL, blob INTEGER, meter TEXT, opened BLOB, code TEXT,
      own INTEGER NOT NULL, at INTEGER NOT NULL) STRICT`);
    const insert = db.prepare("INSERT INTO mempool VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    for (const { id, packed, blob, meter, own, at } of listHeld(db)) {
      insert.run(id, packed, blob, meter ?? null, null, null, own ? 1 : 0, at);
    }
    db.exec("DROP TABLE held");
    if (version === 2) dropTablesOfVersion3(db);
    db.pragma(`user_version = ${version}`);
  } finally {
    db.close();
  }
}

function dropTablesOfVersion3(db: Db): void {
  const upgrade = STORE_UPGRADES[2] ?? "";
  for (const [, table] of upgrade.matchAll(/CREATE TABLE (\w+)/g)) db.exec(`DROP TABLE ${table}`);
  for (const [, table, column] of upgrade.matchAll(/ALTER TABLE (\w+) ADD COLUMN (\w+)/g)) {
    db.exec(`ALTER TABLE ${table} DROP COLUMN ${column}`);
  }
  db.exec("DELETE FROM total WHERE name = 'billed-to'");
}
