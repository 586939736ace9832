// A store of the version before opens, has what it had, and knows what the new version adds.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import Database from "better-sqlite3";
import { STORE_VERSION } from "../../../gateway/ledger/schema.ts";
import { STORE_UPGRADES } from "../../../gateway/projection/schema.ts";
import { TestLedger } from "../../support/test-ledger.ts";

/** Takes out of a store what the upgrade to this version brings in. */
function takeBack(file: string): void {
  const upgrade = STORE_UPGRADES[STORE_VERSION - 1] ?? assert.fail("no upgrade to this version");
  const db = new Database(file);
  for (const [, table] of upgrade.matchAll(/CREATE TABLE (\w+)/g)) db.exec(`DROP TABLE ${table}`);
  for (const [, table, column] of upgrade.matchAll(/ALTER TABLE (\w+) ADD COLUMN (\w+)/g)) {
    db.exec(`ALTER TABLE ${table} DROP COLUMN ${column}`);
  }
  db.pragma(`user_version = ${STORE_VERSION - 1}`);
  db.close();
}

test("a store of the version before opens with its chain, its days and its alarms", () => {
  const house = new TestLedger();
  try {
    const meter = house.enrol();
    house.mine();
    house.hold(house.day(meter), house.day(meter, { garbage: true }));
    house.mine();
    const { height, logSize } = house.ledger.tip();
    house.ledger.close();
    takeBack(join(house.folder, "gateway.db"));
    house.reload();
    assert.equal(house.ledger.db.pragma("user_version", { simple: true }), STORE_VERSION);
    assert.deepEqual([house.ledger.tip().height, house.ledger.tip().logSize], [height, logSize]);
    const alarms = house.ledger.db.prepare("SELECT pos, state FROM vault_alarm").all();
    assert.deepEqual(alarms, [{ pos: logSize - 1, state: 0 }]);
    house.hold(house.day(meter));
    house.mine();
    house.checkLedger();
  } finally {
    house.close();
  }
});
