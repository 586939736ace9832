// Faults in pairs: a write that failed and left nothing, and one that succeeded though its caller never heard of it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { TestLedger } from "../../support/test-ledger.ts";

/** Makes every insert into a table fail, as a full disk would at that point. */
function failing(t: TestLedger, table: string, work: () => unknown): void {
  t.ledger.db.exec(
    `CREATE TEMP TRIGGER fault BEFORE INSERT ON ${table} BEGIN SELECT RAISE(ABORT, 'fault'); END`,
  );
  assert.throws(work, /fault/);
  t.ledger.db.exec("DROP TRIGGER fault");
}

for (const table of ["blob", "held"]) {
  test(`a hold that fails at ${table} holds nothing, and works when tried again`, () => {
    const t = new TestLedger();
    try {
      const meter = t.enrol();
      t.mine();
      const days = [t.day(meter), t.day(meter)];
      failing(t, table, () => t.ledger.hold(days));
      assert.equal(t.ledger.heldCount(), 0);
      t.checkLedger();
      assert.deepEqual(t.hold(...days), ["held", "held"]);
      t.mine();
      t.checkLedger();
    } finally {
      t.close();
    }
  });
}

for (const table of ["record", "tile", "block", "checkpoint", "day", "month", "day_total"]) {
  test(`an append that fails at ${table} leaves the old tip, and works when tried again`, () => {
    const t = new TestLedger();
    try {
      const meter = t.enrol();
      t.mine();
      t.hold(t.day(meter), t.day(meter));
      const block = t.seal();
      const before = t.ledger.tip();
      failing(t, table, () => t.ledger.append(block));
      assert.deepEqual(t.ledger.tip(), before);
      assert.equal(t.ledger.heldCount(), 2);
      t.checkLedger();
      assert.equal(t.ledger.append(block).kind, "extended");
      t.checkLedger();
    } finally {
      t.close();
    }
  });
}

test("work that was done before the process died is found done after the restart", () => {
  const t = new TestLedger();
  try {
    const meter = t.enrol();
    t.mine();
    const day = t.day(meter);
    t.hold(day);
    t.reload();
    assert.deepEqual(t.hold(day), ["duplicate"]);
    const block = t.seal();
    t.ledger.append(block);
    t.reload();
    assert.equal(t.ledger.append(block).kind, "duplicate");
    assert.deepEqual(t.hold(day), ["duplicate"]);
    t.checkLedger();
  } finally {
    t.close();
  }
});
