// A statement of any period: the engine's own lines, what they were before rounding, and what it does not know.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PeriodStatement } from "../../../gateway/projection/period-statement-types.ts";
import { createReadModel } from "../../../gateway/projection/read-model.ts";
import type { ReadModel } from "../../../gateway/projection/read-model-types.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { codeOf } from "../../support/code-of.ts";
import { makeCreditedHouse } from "../../support/credited-house.ts";
import { assignFlatTariff, closeMonthsOf } from "../../support/test-bill.ts";
import { START, TestLedger, type TestMeter } from "../../support/test-ledger.ts";

const DAY = 86_400;
/** Of one slot of every kind that a day may hold. */
const MIXED = `GGRmE${"M".repeat(91)}`;

interface Bench {
  readonly t: TestLedger;
  readonly meter: TestMeter;
  readonly model: ReadModel;
  state(from: string, to: string): PeriodStatement;
  /** The meter's next days, in a block. */
  seal(count: number): void;
}

function withBench(work: (bench: Bench) => void, assignFrom: number = START): void {
  const t = new TestLedger();
  try {
    const meter = t.enrol();
    assignFlatTariff(t, meter, assignFrom);
    t.mine();
    const model = createReadModel(t.ledger.db, { suite: nodeSuite });
    work({
      ...{ t, meter, model },
      state: (from, to) => {
        const statement = model.periodStatement({ meter: meter.id, from, to });
        assert.ok(statement);
        return statement;
      },
      seal: (count) => {
        for (let i = 0; i < count; i++) assert.deepEqual(t.hold(t.day(meter)), ["held"]);
        t.mine();
      },
    });
  } finally {
    t.close();
  }
}

test("of some days: quantity, rate, what the line was before rounding, and after", () => {
  withBench(({ meter, seal, state }) => {
    seal(10);
    const week = state("2024-01-02", "2024-01-04");
    // 40 Wh and up to 59 more in each of 96 slots: 6,240 Wh a day.
    assert.deepEqual(week.lines, [
      {
        ...{ code: "energy", label: "Energy", qty: 18_720, unit: "wh", nano: 300_000_000 },
        ...{ exact: "5.616", amountMinor: 562 },
      },
      {
        ...{ code: "standing", label: "Standing charge", qty: 3, unit: "day", nano: 100_000_000 },
        ...{ exact: "0.3", amountMinor: 30 },
      },
    ]);
    assert.equal(week.totalMinor, 592);
    assert.equal(week.wh, 18_720);
    assert.deepEqual([week.fromSeconds, week.toSeconds], [START + DAY, START + 4 * DAY]);
    assert.deepEqual(week.notMeasured, []);
    assert.deepEqual(
      week.used.map(({ date, wh }) => [date, wh]),
      [
        ["2024-01-02", 6240],
        ["2024-01-03", 6240],
        ["2024-01-04", 6240],
      ],
    );
    assert.deepEqual(
      week.tariffs.map(({ id, version }) => [id, version]),
      [["home", 1]],
    );
    assert.equal(week.provisional, true, "no bill has reached it");
    assert.deepEqual(week.unbilled, [{ fromSeconds: START + DAY, toSeconds: START + 4 * DAY }]);
    assert.equal(meter.seq, 10);
  });
});

test("of a billed month: the bill's own lines and total, and the bill is named", () => {
  withBench(({ t, model, seal, state }) => {
    seal(31);
    seal(9);
    const no = closeMonthsOf(t).issued[0]?.no ?? "";
    t.mine();
    const bill = model.bill(no);
    const month = state("2024-01-01", "2024-01-31");
    assert.deepEqual(
      month.lines.map(({ exact: _, ...line }) => line),
      bill?.lines,
    );
    assert.equal(month.totalMinor, bill?.totalMinor);
    assert.deepEqual(month.slots, bill?.slots);
    assert.deepEqual(month.used, bill?.used);
    assert.equal(month.provisional, false);
    assert.deepEqual(
      month.bills.map((touched) => [touched.no, touched.totalMinor]),
      [[no, bill?.totalMinor]],
    );
    const across = state("2024-01-30", "2024-02-02");
    assert.deepEqual(
      across.bills.map((touched) => touched.no),
      [no],
    );
    const cut = START + 31 * DAY;
    assert.deepEqual(across.unbilled, [{ fromSeconds: cut, toSeconds: cut + 2 * DAY }]);
    assert.equal(across.provisional, true);
    assert.deepEqual(state("2024-02-01", "2024-02-02").bills, []);
  });
});

test("says of each slot that is not simply measured why, and tells missing from awaited", () => {
  withBench(({ t, meter, seal, state }) => {
    seal(1);
    const mixed = Array.from({ length: 96 }, (_, slot) => (slot < 2 ? 0 : 50));
    t.hold(t.day(meter, { wh: mixed, quality: MIXED }));
    t.hold(t.day(meter, { garbage: true }));
    seal(1);
    const { notMeasured, slots, provisional } = state("2024-01-01", "2024-01-06");
    const second = START + DAY;
    assert.deepEqual(notMeasured, [
      { fromSeconds: second, toSeconds: second + 1800, state: "gap" },
      { fromSeconds: second + 1800, toSeconds: second + 2700, state: "recovered" },
      { fromSeconds: second + 2700, toSeconds: second + 3600, state: "partial" },
      { fromSeconds: START + 2 * DAY, toSeconds: START + 3 * DAY, state: "missing" },
      { fromSeconds: START + 4 * DAY, toSeconds: START + 6 * DAY, state: "awaited" },
    ]);
    assert.equal(slots.missing, 3 * 96);
    assert.equal(provisional, true);
    const none = state("2024-02-01", "2024-02-01");
    assert.deepEqual(none.notMeasured, [
      { fromSeconds: START + 31 * DAY, toSeconds: START + 32 * DAY, state: "awaited" },
    ]);
    assert.equal(none.wh, 0);
  });
});

test("adjoining statements sum to the whole before rounding, wherever the cut is", () => {
  withBench(({ seal, state }) => {
    seal(31);
    seal(29);
    const pico = (statement: PeriodStatement): bigint[] =>
      statement.lines.map(({ qty, nano, unit }) => {
        return BigInt(qty) * BigInt(nano) * (unit === "day" ? 1000n : 1n);
      });
    const whole = pico(state("2024-01-01", "2024-02-29"));
    for (const cut of ["2024-01-01", "2024-01-17", "2024-01-31", "2024-02-28"]) {
      const next = new Date(Date.parse(`${cut}T12:00:00Z`) + DAY * 1000).toISOString().slice(0, 10);
      const parts = [pico(state("2024-01-01", cut)), pico(state(next, "2024-02-29"))];
      assert.deepEqual(
        whole,
        whole.map((_, i) => (parts[0]?.[i] ?? 0n) + (parts[1]?.[i] ?? 0n)),
        cut,
      );
    }
  });
});

test("after corrections it is what the bill and its credits come to", () => {
  const house = makeCreditedHouse();
  const { ledger, meter, numbers } = house;
  try {
    const model = createReadModel(ledger.ledger.db, { suite: nodeSuite });
    const month = { meter: meter.id, from: "2024-01-01", to: "2024-01-31" };
    const statement = model.periodStatement(month);
    const [bill, ...credits] = numbers.map((no) => model.bill(no));
    assert.equal(credits.length, 2);
    // A credit says what was in force when it was made, and the bill what is in force now.
    assert.deepEqual(
      credits.map((one) => [one?.inForceWh, one?.inForceComplete]),
      credits.map((one) => [one?.wh, one?.slots.missing === 0]),
    );
    assert.notEqual(credits[0]?.inForceWh, credits[1]?.inForceWh);
    const total = [bill, ...credits].reduce((sum, one) => sum + (one?.totalMinor ?? 0), 0);
    assert.equal(statement?.totalMinor, total);
    assert.deepEqual(
      statement?.bills.map(({ no, totalMinor, inForceMinor }) => [no, totalMinor, inForceMinor]),
      [[numbers[0], bill?.totalMinor, total]],
    );
    assert.notEqual(total, bill?.totalMinor);
    assert.equal(statement?.slots.substituted, 2 * 96, "a reading and a fill of the registrar");
    assert.equal(statement?.slots.missing, 0);
  } finally {
    ledger.close();
  }
});

test("what cannot be stated is refused with its code, and names the day", () => {
  withBench(
    ({ meter, model, seal }) => {
      seal(7);
      const ask = (from: string, to: string) => () =>
        model.periodStatement({ meter: meter.id, from, to });
      assert.equal(codeOf(ask("2024-01-01", "2024-01-07")), "tariff-none");
      assert.throws(ask("2024-01-01", "2024-01-07"), /on 2024-01-01/);
      assert.equal(ask("2024-01-06", "2024-01-07")()?.lines.length, 2);
      assert.equal(codeOf(ask("2024-01-07", "2024-01-06")), "bill-period");
      assert.equal(codeOf(ask("2024-01-06", "2034-02-06")), "bill-period");
      assert.equal(
        model.periodStatement({ meter: "352999999", from: "2024-01-01", to: "2024-01-01" }),
        undefined,
      );
    },
    START + 5 * DAY,
  );
});
