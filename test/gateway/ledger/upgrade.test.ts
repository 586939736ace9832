// A store of the version before opens, has what it had, and knows what the new version adds.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import Database from "better-sqlite3";
import type { Db } from "../../../gateway/ledger/database.ts";
import { decodeHeld, type StoredHeld } from "../../../gateway/ledger/held-row.ts";
import { STORE_VERSION } from "../../../gateway/ledger/schema.ts";
import { TestLedger } from "../../support/test-ledger.ts";

function listHeld(db: Db): StoredHeld[] {
  const rows = db.prepare<[], { body: Uint8Array; records: number }>("SELECT * FROM held").all();
  return rows.flatMap(({ body, records }) => decodeHeld(body, records));
}

/** A store of version 3 as it was: a row for each held record. */
function takeBack(file: string): void {
  assert.equal(STORE_VERSION, 4);
  const db = new Database(file);
  db.exec(`CREATE TABLE mempool (
    id INTEGER PRIMARY KEY, line1 BLOB NOT NULL, blob INTEGER, meter TEXT, opened BLOB, code TEXT,
    own INTEGER NOT NULL, at INTEGER NOT NULL) STRICT`);
  const insert = db.prepare("INSERT INTO mempool VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
  for (const { id, packed, blob, meter, own, at } of listHeld(db)) {
    insert.run(id, packed, blob, meter ?? null, null, null, own ? 1 : 0, at);
  }
  db.exec("DROP TABLE held");
  db.pragma("user_version = 3");
  db.close();
}

test("a store of the version before opens with its chain, its held records and its alarms", () => {
  const house = new TestLedger();
  try {
    const meter = house.enrol();
    house.mine();
    house.hold(house.day(meter), house.day(meter, { garbage: true }));
    house.mine();
    const { height, logSize } = house.ledger.tip();
    house.hold(house.day(meter), house.day(meter, { garbage: true }));
    house.ledger.issue("tariff", { id: "flat", ver: 1, body: {} });
    const held = listHeld(house.ledger.db);
    house.ledger.close();
    takeBack(join(house.folder, "gateway.db"));
    house.reload();
    assert.equal(house.ledger.db.pragma("user_version", { simple: true }), STORE_VERSION);
    assert.deepEqual([house.ledger.tip().height, house.ledger.tip().logSize], [height, logSize]);
    const alarms = house.ledger.db.prepare("SELECT pos, state FROM vault_alarm").all();
    assert.deepEqual(alarms, [{ pos: logSize - 1, state: 0 }]);
    assert.equal(house.ledger.heldCount(), 3);
    assert.deepEqual(listHeld(house.ledger.db), held);
    house.mine();
    assert.equal(house.ledger.heldCount(), 0);
    assert.equal(house.ledger.tip().logSize, logSize + 3);
    house.hold(house.day(meter));
    house.mine();
    house.checkLedger();
  } finally {
    house.close();
  }
});
