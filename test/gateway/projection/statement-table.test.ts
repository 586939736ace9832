// Daily statements of billed months: exact, final, the same after a rebuild and gone with their bill.
import assert from "node:assert/strict";
import { test } from "node:test";
import { exactPico, roundPico } from "../../../shared/money/amount.ts";
import type { parsePlaintext } from "../../../shared/record/plaintext.ts";
import { assignFlatTariff, closeMonthsOf, issueBillOf } from "../../support/test-bill.ts";
import { foundHouse, START, TestLedger, type TestMeter } from "../../support/test-ledger.ts";

interface Row {
  readonly date: number;
  readonly meter: number;
  readonly bill: number;
  readonly pos: number;
  readonly wh: number;
  readonly currency: string;
  readonly minor: number;
  readonly exact: string;
  readonly amount: number;
}

function rows(t: TestLedger): Row[] {
  return t.ledger.db.prepare("SELECT * FROM statement ORDER BY date, meter, bill").all() as Row[];
}

function bodies(t: TestLedger): { pos: number; body: string }[] {
  const sql = "SELECT pos, body FROM bill ORDER BY pos";
  return t.ledger.db.prepare(sql).all() as { pos: number; body: string }[];
}

function withLedger(work: (t: TestLedger) => void, t = new TestLedger()): void {
  try {
    work(t);
  } finally {
    t.close();
  }
}

function sealDays(t: TestLedger, meter: TestMeter, count: number): void {
  for (let i = 0; i < count; i++) assert.deepEqual(t.hold(t.day(meter)), ["held"]);
  t.mine();
}

test("month close writes one row a meter and day, which add up to the bill's lines", () => {
  withLedger((t) => {
    const meters = [t.enrol(), t.enrol()];
    for (const meter of meters) assignFlatTariff(t, meter);
    t.mine();
    for (const meter of meters) sealDays(t, meter, 31);
    assert.equal(closeMonthsOf(t).issued.length, 2);
    assert.deepEqual(rows(t), []);
    t.mine();
    assert.equal(rows(t).length, 62);
    for (const { pos, body } of bodies(t)) {
      const bill = JSON.parse(body) as ReturnType<typeof parsePlaintext<"bill">>;
      const own = rows(t).filter((row) => row.bill === pos);
      assert.deepEqual(
        own.map(({ date }) => date),
        Array.from({ length: 31 }, (_, i) => 20240101 + i),
      );
      const lines = bill.lines.reduce((sum, { qty, unit, nano }) => {
        assert.ok(unit !== "tax");
        return sum + exactPico({ qty, unit, nano });
      }, 0n);
      assert.equal(
        own.reduce((sum, { exact }) => sum + BigInt(exact), 0n),
        lines,
      );
      assert.deepEqual(
        own.map(({ pos: day, wh }) => [encodeLeaf(t, day), wh]),
        bill.used,
      );
    }
    // 96 slots of 40 to 99 Wh at 0.30 EUR a kWh, and 0.10 EUR a day.
    const [first] = rows(t);
    assert.equal(first?.wh, 6240);
    assert.deepEqual([first?.exact, first?.amount], ["1972000000000", 197]);
    assert.deepEqual([first?.currency, first?.minor], ["EUR", 2]);
    for (const { exact, amount, minor } of rows(t)) {
      assert.equal(amount, roundPico(BigInt(exact), minor));
    }
    t.checkLedger();
    t.reload();
    t.checkLedger();
  });
});

function encodeLeaf(t: TestLedger, position: number): string {
  const bytes = t.ledger.db
    .prepare("SELECT substr(hashes, ? * 32 + 1, 32) AS leaf FROM tile WHERE id = ?")
    .get(position % 64, Math.floor(position / 64)) as { leaf: Buffer };
  return bytes.leaf.toString("base64url");
}

test("days that came unusable, or after the bill, are not in it", () => {
  withLedger((t) => {
    const meter = t.enrol();
    assignFlatTariff(t, meter);
    t.mine();
    sealDays(t, meter, 20);
    t.hold(t.day(meter, { garbage: true }));
    sealDays(t, meter, 4);
    t.clock.setWall(1_707_000_000_000);
    const { issued, heldBack } = closeMonthsOf(t, { month: "2024-01", incomplete: true });
    assert.deepEqual([issued.length, heldBack.length], [1, 0]);
    t.mine();
    sealDays(t, meter, 6);
    const dates = rows(t).map(({ date }) => date);
    assert.equal(dates.length, 24);
    assert.ok(!dates.includes(20240121) && !dates.includes(20240126));
    t.checkLedger();
  });
});

test("a day in the block of the bill counts if it stands before it", () => {
  withLedger((t) => {
    const meter = t.enrol();
    assignFlatTariff(t, meter);
    t.mine();
    sealDays(t, meter, 30);
    t.hold(t.day(meter));
    t.clock.setWall(1_707_000_000_000);
    closeMonthsOf(t);
    t.mine();
    assert.equal(closeMonthsOf(t).issued.length, 1);
    t.hold(t.day(meter));
    t.mine();
    assert.equal(rows(t).length, 31);
    assert.ok(rows(t).every(({ bill, pos }) => pos < bill));
    t.checkLedger();
  });
});

test("a bill whose tariff cannot be computed with has no rows and hurts nobody", () => {
  withLedger((t) => {
    const meter = t.enrol();
    t.ledger.issue("tariff", { id: "flat", ver: 1, body: { kind: "elsewhere" } });
    t.ledger.issue("assign", { point: meter.point, tariff: "flat", from: 0 });
    t.mine();
    sealDays(t, meter, 3);
    issueBillOf(t, meter, "made-up");
    t.mine();
    assert.equal(bodies(t).length, 1);
    assert.deepEqual(rows(t), []);
    t.checkLedger();
  });
});

test("a bill in a zone or of a period that no calendar has raises an alarm and is not shown", () => {
  for (const [changes, code] of [
    [{ zone: "Nowhere/Land" }, "zone"],
    [{ to: START + 3_654 * 86_400 }, "bill-period"],
    [{ to: START }, "bill-period"],
  ] as const) {
    withLedger((t) => {
      const meter = t.enrol();
      assignFlatTariff(t, meter);
      t.mine();
      sealDays(t, meter, 1);
      issueBillOf(t, meter, "odd", changes);
      t.mine();
      assert.deepEqual([bodies(t), rows(t)], [[], []]);
      assert.deepEqual(t.ledger.db.prepare("SELECT code FROM alarm").all(), [{ code }]);
      t.checkLedger();
    });
  }
});

test("a meter id on a new point keeps its days apart", () => {
  withLedger((t) => {
    const old = t.enrol();
    assignFlatTariff(t, old);
    t.mine();
    sealDays(t, old, 10);
    const fresh = t.addMeter(old.id);
    t.enrol(fresh);
    assignFlatTariff(t, fresh);
    t.mine();
    fresh.from = old.from;
    sealDays(t, fresh, 21);
    t.clock.setWall(1_707_000_000_000);
    const order = { month: "2024-01", incomplete: true };
    assert.equal(closeMonthsOf(t, order).issued.length, 2);
    t.mine();
    const byBill = bodies(t).map(({ pos }) => rows(t).filter(({ bill }) => bill === pos).length);
    assert.deepEqual(byBill.sort(), [10, 21]);
    t.checkLedger();
  });
});

test("a reorganisation takes the rows back with the bill and writes them for the new one", () => {
  const house = foundHouse(2);
  withLedger((a) => {
    withLedger((b) => {
      const meter = a.addMeter();
      b.open(meter);
      a.enrol(meter);
      assignFlatTariff(a, meter);
      a.mine();
      sealDays(a, meter, 31);
      b.clock.setWall(a.clock.wallMs());
      deliver(a, b);
      assert.equal(closeMonthsOf(a).issued.length, 1);
      a.mine();
      const before = rows(a);
      assert.equal(before.length, 31);
      // The other branch is longer, has no bill and other positions.
      b.ledger.issue("tariff", { id: "other", ver: 1, body: { n: 1 } });
      b.mine();
      b.mine();
      deliver(b, a);
      assert.deepEqual(rows(a), []);
      a.checkLedger();
      a.mine();
      const after = rows(a);
      assert.equal(after.length, 31);
      assert.notEqual(after[0]?.bill, before[0]?.bill);
      assert.deepEqual(
        after.map(({ bill: _, ...row }) => row),
        before.map(({ bill: _, ...row }) => row),
      );
      deliver(a, b);
      assert.deepEqual(rows(b), after);
      a.checkLedger();
      b.checkLedger();
    }, new TestLedger(house, 1));
  }, new TestLedger(house, 0));
});

function deliver(from: TestLedger, to: TestLedger): void {
  for (let height = 1; height <= from.ledger.tip().height; height++) {
    const block = from.ledger.block(height);
    assert.ok(block);
    to.ledger.append(block, from.lines2(height));
  }
}
