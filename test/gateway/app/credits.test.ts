// Credits: late days, corrections, fills, swaps and revocations after a bill; once each, whatever is killed when.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createBillingDesk } from "../../../gateway/app/billing-desk.ts";
import { orderRevoke } from "../../../gateway/app/exchange-desk.ts";
import { orderPayment } from "../../../gateway/app/payment-desk.ts";
import { StoreBillingSource } from "../../../gateway/app/store-billing-source.ts";
import type { ShownBill } from "../../../gateway/projection/row-tables.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { computeBill } from "../../../shared/money/bill.ts";
import { makeCreditedHouse } from "../../support/credited-house.ts";
import { assignFlatTariff, closeMonthsOf } from "../../support/test-bill.ts";
import { TestLedger, type TestMeter } from "../../support/test-ledger.ts";
import { correct, officeOf, swap } from "../../support/test-readings.ts";

const FLAT = Array.from({ length: 96 }, () => 10);

interface Shown {
  readonly no: string;
  readonly total: number;
  readonly missing: number;
}

function shown(t: TestLedger, table: "bill" | "credit"): Shown[] {
  const rows = t.ledger.db.prepare(`SELECT body FROM ${table} ORDER BY pos`).all();
  return (rows as { body: string }[]).map(({ body }) => {
    const { no, total, slots } = JSON.parse(body) as ShownBill;
    return { no, total, missing: slots.missing };
  });
}

/** What bill and credits of January come to together, and what a fresh bill would say. */
function inForce(t: TestLedger, meter: TestMeter): readonly [number, number] {
  const [bill] = t.ledger.db.prepare("SELECT body FROM bill").all() as { body: string }[];
  const { zone, from, to, offsets } = JSON.parse(bill?.body ?? "") as ShownBill;
  const source = new StoreBillingSource(t.ledger, nodeSuite);
  const span = { from, to };
  const fresh = computeBill(nodeSuite, {
    point: meter.point,
    ...span,
    zone,
    offsets,
    days: source.days(meter.point, span).flatMap(({ leaf }) => source.openDay(leaf) ?? []),
    assignments: source.assignments(meter.point),
    tariffs: source.tariffs(),
    prices: [],
  });
  const together = [...shown(t, "bill"), ...shown(t, "credit")];
  return [together.reduce((sum, { total }) => sum + total, 0), fresh.total];
}

function start(): { readonly t: TestLedger; readonly meter: TestMeter } {
  const t = new TestLedger();
  const meter = t.enrol();
  assignFlatTariff(t, meter);
  t.mine();
  return { t, meter };
}

function seal(t: TestLedger, meter: TestMeter, count: number): void {
  for (let i = 0; i < count; i++) assert.deepEqual(t.hold(t.day(meter)), ["held"]);
  t.mine();
}

/** Closes and mines until nothing more is issued; the numbers of what was. */
function settle(t: TestLedger): string[] {
  const numbers: string[] = [];
  for (;;) {
    const { issued } = closeMonthsOf(t);
    if (issued.length === 0) return numbers;
    numbers.push(...issued.map(({ no }) => no));
    t.mine();
  }
}

test("days that come late after a provisional bill make one credit, which makes it whole", (context) => {
  const { t, meter } = start();
  context.after(() => t.close());
  seal(t, meter, 20);
  t.clock.setWall(1_706_900_000_000);
  assert.deepEqual(closeMonthsOf(t).issued, []);
  const { issued } = closeMonthsOf(t, { month: "2024-01", incomplete: true });
  assert.deepEqual(
    issued.map(({ kind, missing }) => [kind, missing]),
    [["bill", 11 * 96]],
  );
  t.mine();
  assert.deepEqual(settle(t), []);
  seal(t, meter, 6);
  // Five days are missing still: they may be on their way.
  const waiting = closeMonthsOf(t);
  assert.deepEqual([waiting.issued.length, waiting.heldBack[0]?.code], [0, "bill-incomplete"]);
  seal(t, meter, 5);
  const no = `${meter.id}-2024-01`;
  assert.deepEqual(settle(t), [`${no}-c1`]);
  assert.deepEqual(
    shown(t, "credit").map(({ missing }) => missing),
    [0],
  );
  const [sum, fresh] = inForce(t, meter);
  assert.equal(sum, fresh);
  assert.deepEqual(settle(t), []);
  t.checkLedger();
});

test("what stays missing is credited after a day, or by order", (context) => {
  const { t, meter } = start();
  context.after(() => t.close());
  seal(t, meter, 20);
  t.clock.setWall(1_706_900_000_000);
  closeMonthsOf(t, { month: "2024-01", incomplete: true });
  t.mine();
  seal(t, meter, 1);
  assert.equal(closeMonthsOf(t).issued.length, 0);
  t.clock.setWall(t.clock.wallMs() + 86_400_000);
  assert.deepEqual(settle(t), [`${meter.id}-2024-01-c1`]);
  seal(t, meter, 1);
  assert.equal(closeMonthsOf(t).issued.length, 0);
  const { issued } = closeMonthsOf(t, { month: "2024-01", incomplete: true });
  assert.deepEqual(
    issued.map(({ no, missing }) => [no, missing]),
    [[`${meter.id}-2024-01-c2`, 9 * 96]],
  );
  t.mine();
  const [sum, fresh] = inForce(t, meter);
  assert.equal(sum, fresh);
  t.checkLedger();
});

test("a correction, and one of it, each make a credit; nobody waits for a held one", (context) => {
  const { t, meter } = start();
  context.after(() => t.close());
  seal(t, meter, 31);
  assert.deepEqual(settle(t), [`${meter.id}-2024-01`]);
  const first = correct(t, meter, { date: "2024-01-17", wh: FLAT });
  assert.ok(first.of);
  const held = closeMonthsOf(t);
  assert.deepEqual([held.issued, held.heldBack], [[], []]);
  t.mine();
  // The credit is computed and held; another correction comes before its block.
  assert.equal(closeMonthsOf(t).issued.length, 1);
  correct(t, meter, { date: "2024-01-18", wh: FLAT });
  assert.deepEqual(
    closeMonthsOf(t).heldBack.map(({ code }) => code),
    ["bill-incomplete"],
  );
  t.mine();
  const no = `${meter.id}-2024-01`;
  assert.deepEqual(settle(t), [`${no}-c2`]);
  const again = correct(t, meter, { date: "2024-01-17", wh: FLAT.map(() => 20), reason: "typo" });
  assert.equal(again.of, first.leaf);
  t.mine();
  assert.deepEqual(settle(t), [`${no}-c3`]);
  const [sum, fresh] = inForce(t, meter);
  assert.equal(sum, fresh);
  assert.ok(
    shown(t, "credit")
      .slice(0, 2)
      .every(({ total }) => total < 0),
  );
  t.checkLedger();
});

test("a bill is not issued beside a correction that is held", (context) => {
  const { t, meter } = start();
  context.after(() => t.close());
  seal(t, meter, 31);
  correct(t, meter, { date: "2024-01-02", wh: FLAT });
  assert.deepEqual(
    closeMonthsOf(t).heldBack.map(({ code }) => code),
    ["bill-incomplete"],
  );
  t.mine();
  assert.deepEqual(settle(t), [`${meter.id}-2024-01`]);
  assert.deepEqual(inForce(t, meter)[0], inForce(t, meter)[1]);
});

test("a swap at noon: one bill over both devices, without a gap", (context) => {
  const { t, meter } = start();
  context.after(() => t.close());
  seal(t, meter, 14);
  const noon = meter.from + 43_200;
  assert.deepEqual(t.hold(t.day(meter, { until: noon })), ["held"]);
  t.mine();
  const device = swap(t, meter);
  t.mine();
  assert.deepEqual(t.hold(t.day(device, { register: 0 })), ["held"]);
  seal(t, device, 16);
  assert.deepEqual(settle(t), [`${meter.id}-2024-01`]);
  assert.deepEqual(
    shown(t, "bill").map(({ missing }) => missing),
    [0],
  );
  const exchanges = t.ledger.db
    .prepare("SELECT final, first, unmetered, reason FROM exchange")
    .all();
  assert.deepEqual(exchanges, [
    { final: meter.register, first: 0, unmetered: 0, reason: "exchange" },
  ]);
  const month = t.ledger.db.prepare("SELECT days, records FROM month").get();
  assert.deepEqual(month, { days: 31, records: 32 });
  assert.deepEqual(t.ledger.db.prepare("SELECT code FROM alarm").all(), []);
  // What the old one signs now is refused.
  assert.deepEqual(t.hold(t.day(meter, { keepPlace: true })), ["refused-inactive-key"]);
  t.checkLedger();
});

test("registers that do not fit an exchange raise an alarm, before and after", (context) => {
  const { t, meter } = start();
  context.after(() => t.close());
  seal(t, meter, 3);
  const device = swap(t, meter, { final: meter.register + 7 });
  t.mine();
  t.hold(t.day(device, { register: 5 }));
  t.mine();
  const alarms = t.ledger.db.prepare("SELECT code FROM alarm").all();
  assert.deepEqual(alarms, [{ code: "exchange-register" }, { code: "exchange-register" }]);
  t.checkLedger();
});

test("a revocation takes days back, a fill and a new device bring them", (context) => {
  const { t, meter } = start();
  context.after(() => t.close());
  seal(t, meter, 31);
  settle(t);
  orderRevoke(officeOf(t), { meter: meter.id, last: 20, reason: "stolen" });
  t.mine();
  // Eleven days are missing now, for which nobody knows yet what comes.
  assert.deepEqual(
    closeMonthsOf(t).heldBack.map(({ code }) => code),
    ["bill-incomplete"],
  );
  t.clock.setWall(t.clock.wallMs() + 86_400_000);
  const no = `${meter.id}-2024-01`;
  assert.deepEqual(settle(t), [`${no}-c1`]);
  assert.equal(shown(t, "credit")[0]?.missing, 11 * 96);
  for (let day = 21; day <= 31; day++) {
    const { of } = correct(t, meter, { date: `2024-01-${day}`, wh: FLAT, reason: "estimate" });
    assert.equal(of, undefined);
  }
  t.mine();
  assert.deepEqual(settle(t), [`${no}-c2`]);
  assert.equal(inForce(t, meter)[0], inForce(t, meter)[1]);
  const alarms = t.ledger.db.prepare("SELECT code, detail FROM alarm").all();
  assert.deepEqual(alarms, [{ code: "revoked", detail: "stolen" }]);
  t.checkLedger();
});

test("killed between any two steps: each credit is issued once", (context) => {
  const { t, meter } = start();
  context.after(() => t.close());
  seal(t, meter, 31);
  const numbers: string[] = [];
  const step = (): void => {
    t.reload();
    const { ledger, keys, clock } = t;
    const desk = createBillingDesk(
      { ...officeOf(t), ledger, keys, clock },
      ({ event, no }) =>
        void (event === "bill" || event === "credit" ? numbers.push(String(no)) : 0),
      () => 0,
    );
    desk.close();
    desk.pump(1_000);
    desk.close();
    desk.pump(1_000);
  };
  step();
  step();
  t.mine();
  step();
  correct(t, meter, { date: "2024-01-03", wh: FLAT });
  step();
  t.mine();
  step();
  step();
  t.mine();
  step();
  const no = `${meter.id}-2024-01`;
  assert.deepEqual(numbers, [no, `${no}-c1`]);
  assert.equal(inForce(t, meter)[0], inForce(t, meter)[1]);
  t.checkLedger();
});

test("a payment of a credit's number is refused with the number of its bill", (context) => {
  const { ledger: t, numbers } = makeCreditedHouse();
  context.after(() => t.close());
  const [bill, first] = numbers;
  const pay = (): unknown => orderPayment(officeOf(t), { no: first, amount: "1.00", ref: "x" });
  assert.throws(pay, { code: "bill-none", message: `${first} is a credit: name its bill ${bill}` });
  assert.equal(t.ledger.heldCount(), 0);
});

test("a month whose last days are void is billed by order", (context) => {
  const { t, meter } = start();
  context.after(() => t.close());
  seal(t, meter, 6);
  orderRevoke(officeOf(t), { meter: meter.id, reason: "stolen", last: 4 });
  t.mine();
  t.clock.setWall(1_706_900_000_000);
  const { issued, heldBack } = closeMonthsOf(t, { month: "2024-01", incomplete: true });
  assert.deepEqual(heldBack, []);
  assert.deepEqual(
    issued.map(({ missing }) => missing),
    [27 * 96],
  );
  t.mine();
  t.checkLedger();
});
