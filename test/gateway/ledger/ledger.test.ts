import assert from "node:assert/strict";
import { test } from "node:test";
import { parseReceipt } from "../../../shared/chain/receipt.ts";
import { TestLedger } from "../../support/test-ledger.ts";

test("a day goes from hold through a block to a receipt, and all of it survives a restart", () => {
  const t = new TestLedger();
  try {
    t.checkLedger();
    const meter = t.enrol();
    t.checkLedger();
    assert.equal(t.mine().kind, "extended");
    t.checkLedger();
    assert.deepEqual(t.hold(t.day(meter), t.day(meter)), ["held", "held"]);
    t.reload();
    assert.equal(t.ledger.heldCount(), 2);
    t.checkLedger();
    t.mine();
    assert.equal(t.ledger.heldCount(), 0);
    t.checkLedger();
    t.reload();
    t.checkLedger();
    const receipt = parseReceipt(t.ledger.receipt(3, 2) ?? "");
    assert.equal(receipt.index, 3);
    assert.equal(receipt.old, 2);
  } finally {
    t.close();
  }
});
