// Daily statements as the read model gives them: stored where billed, computed from the days so far where not.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createReadModel } from "../../../gateway/projection/read-model.ts";
import type { DayStatement, ReadModel } from "../../../gateway/projection/read-model-types.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { createFlatTariff } from "../../../shared/money/tariff.ts";
import { assignFlatTariff, closeMonthsOf } from "../../support/test-bill.ts";
import { START, TestLedger, type TestMeter } from "../../support/test-ledger.ts";

interface Bench {
  readonly t: TestLedger;
  readonly meter: TestMeter;
  /** As of now. */
  statements(month: string): readonly DayStatement[];
  readonly model: ReadModel;
  /** The meter's next days, in a block. */
  seal(count: number): void;
}

function withBench(work: (bench: Bench) => void, assignFrom: number | undefined = START): void {
  const t = new TestLedger();
  try {
    const meter = t.enrol();
    if (assignFrom >= 0) assignFlatTariff(t, meter, assignFrom);
    t.mine();
    const model = createReadModel(t.ledger.db, { suite: nodeSuite });
    work({
      ...{ t, meter, model },
      statements: (month) => model.statements(meter.id, month),
      seal: (count) => {
        for (let i = 0; i < count; i++) assert.deepEqual(t.hold(t.day(meter)), ["held"]);
        t.mine();
      },
    });
  } finally {
    t.close();
  }
}

test("a month that runs has a provisional row for each day so far, and the bill makes them final", () => {
  withBench(({ t, meter, model, statements, seal }) => {
    assert.deepEqual(statements("2024-01"), []);
    seal(10);
    const early = statements("2024-01");
    assert.equal(early.length, 10);
    assert.deepEqual(early[9], {
      ...{ meter: meter.id, date: "2024-01-10", position: 13, wh: 6240 },
      ...{ currency: "EUR", minorDigits: 2, exactPico: "1972000000000", amountMinor: 197 },
      provisional: true,
    });
    seal(21);
    seal(2);
    const before = statements("2024-01");
    assert.equal(before.length, 31);
    const no = closeMonthsOf(t).issued[0]?.no;
    assert.deepEqual(statements("2024-01"), before);
    t.mine();
    const after = statements("2024-01");
    assert.ok(no !== undefined && after.every(({ billNo }) => billNo === no));
    assert.deepEqual(
      after.map(({ billNo: _, billPosition: __, ...day }) => ({ ...day, provisional: true })),
      before,
    );
    assert.deepEqual(model.bill(no)?.daily, after);
    assert.equal(model.bill(no)?.position, after[0]?.billPosition);
    assert.deepEqual(
      statements("2024-02").map(({ date, provisional }) => [date, provisional]),
      [
        ["2024-02-01", true],
        ["2024-02-02", true],
      ],
    );
  });
});

test("days without a tariff, unusable days and strangers have no row", () => {
  const SIXTH = START + 5 * 86_400;
  withBench(({ t, meter, model, statements, seal }) => {
    seal(7);
    assert.deepEqual(
      statements("2024-01").map(({ date }) => date),
      ["2024-01-06", "2024-01-07"],
    );
    t.hold(t.day(meter, { garbage: true }));
    seal(1);
    assert.deepEqual(
      statements("2024-01").map(({ date }) => date),
      ["2024-01-06", "2024-01-07", "2024-01-09"],
    );
    assert.deepEqual(model.statements("352999999", "2024-01"), []);
    assert.deepEqual(statements("2031-02"), []);
  }, SIXTH);
  withBench(({ statements, seal }) => {
    seal(2);
    assert.deepEqual(statements("2024-01"), []);
  }, -1);
});

test("a provisional row follows the tariff that is assigned now, a final one does not", () => {
  withBench(({ t, meter, statements, seal }) => {
    seal(31);
    closeMonthsOf(t);
    t.mine();
    seal(1);
    const [billed, open] = [statements("2024-01"), statements("2024-02")];
    const end = meter.from - 86_400;
    const flat = { name: "Dear", currency: "EUR", minor: 2, energyNano: 900_000_000 };
    t.ledger.issue("tariff", { id: "dear", ver: 1, body: createFlatTariff(flat) });
    t.ledger.issue("assign", { point: meter.point, tariff: "dear", from: end });
    t.mine();
    assert.deepEqual(statements("2024-01"), billed);
    assert.notDeepEqual(statements("2024-02"), open);
    assert.equal(statements("2024-02")[0]?.exactPico, String(6240 * 900_000_000));
    t.checkLedger();
  });
});

test("an incomplete bill covers its period: a day that comes late is not provisional for ever", () => {
  withBench(({ t, meter, model, statements, seal }) => {
    seal(20);
    t.clock.setWall((START + 33 * 86_400) * 1000);
    const order = { month: "2024-01", incomplete: true };
    const no = closeMonthsOf(t, order).issued[0]?.no ?? "";
    t.mine();
    seal(3);
    assert.equal(meter.seq, 23);
    assert.equal(statements("2024-01").length, 20);
    const bill = model.bill(no);
    assert.equal(bill?.complete, false);
    assert.equal(bill?.daily.length, 20);
  });
});
