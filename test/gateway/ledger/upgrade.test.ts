// A store of the version before opens, has what it had, and knows what the new version adds.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { STORE_VERSION } from "../../../gateway/ledger/schema.ts";
import { listHeld, takeBackStore } from "../../support/old-store.ts";
import { TestLedger } from "../../support/test-ledger.ts";

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
    takeBackStore(join(house.folder, "gateway.db"), 3);
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
