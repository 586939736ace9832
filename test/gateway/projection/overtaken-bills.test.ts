// Bills that late days had overtaken before the store knew of such a thing: found after the upgrade, and credited.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import Database from "better-sqlite3";
import { STORE_UPGRADES } from "../../../gateway/projection/schema.ts";
import { assignFlatTariff, closeMonthsOf } from "../../support/test-bill.ts";
import { TestLedger } from "../../support/test-ledger.ts";

/** Makes of a store one of version 2, which had no such tables. */
function takeBack(file: string): void {
  const db = new Database(file);
  const upgrade = STORE_UPGRADES[2] ?? "";
  for (const [, table] of upgrade.matchAll(/CREATE TABLE (\w+)/g)) db.exec(`DROP TABLE ${table}`);
  for (const [, table, column] of upgrade.matchAll(/ALTER TABLE (\w+) ADD COLUMN (\w+)/g)) {
    db.exec(`ALTER TABLE ${table} DROP COLUMN ${column}`);
  }
  db.exec("DELETE FROM total WHERE name = 'billed-to'");
  db.pragma("user_version = 2");
  db.close();
}

test("a store of version 2 learns which bills are overtaken, and credits them", () => {
  const t = new TestLedger();
  try {
    const meter = t.enrol();
    assignFlatTariff(t, meter);
    t.mine();
    for (let day = 1; day <= 30; day++) t.hold(t.day(meter));
    t.mine();
    t.clock.setWall(1_706_900_000_000);
    closeMonthsOf(t, { month: "2024-01", incomplete: true });
    t.mine();
    t.hold(t.day(meter));
    t.mine();
    const before = t.ledger.db.prepare("SELECT * FROM overtaken").all();
    assert.equal(before.length, 1);
    t.ledger.close();
    takeBack(join(t.folder, "gateway.db"));
    t.reload();
    t.mine();
    assert.deepEqual(t.ledger.db.prepare("SELECT * FROM overtaken").all(), before);
    t.checkLedger();
    const { issued } = closeMonthsOf(t);
    assert.deepEqual(
      issued.map(({ no }) => no),
      [`${meter.id}-2024-01-c1`],
    );
    t.mine();
    assert.deepEqual(t.ledger.db.prepare("SELECT * FROM overtaken").all(), []);
    t.checkLedger();
  } finally {
    t.close();
  }
});
