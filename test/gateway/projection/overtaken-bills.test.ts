// Bills that late days had overtaken before the store knew of such a thing: found after the upgrade, and credited.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { takeBackStore } from "../../support/old-store.ts";
import { assignFlatTariff, closeMonthsOf } from "../../support/test-bill.ts";
import { TestLedger } from "../../support/test-ledger.ts";

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
    takeBackStore(join(t.folder, "gateway.db"), 2);
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
