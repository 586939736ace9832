/** A bill of any free days by order: what it covers, what it is refused for, and what the month close makes of the rest. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { type CloseOrder, closeMonths } from "../../../gateway/billing/close-months.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { recomputeBill } from "../../../shared/money/recompute-bill.ts";
import { dayBounds, localDayOf, monthBounds } from "../../../shared/time/civil-day.ts";
import { makeDays, tariffRecord } from "../../support/bill-case.ts";
import { codeOf } from "../../support/code-of.ts";
import { MemoryBilling, type MemoryPoint, makePoint } from "../../support/memory-billing.ts";

const BERLIN = "Europe/Berlin";
const METER = "352522395";
const after = (month: string): number => monthBounds(BERLIN, month).to;

function makeLog(months: readonly string[]): { log: MemoryBilling; point: MemoryPoint } {
  const log = new MemoryBilling();
  log.tariffList.push(tariffRecord("flat", 1, 2, { standing: { per: "day", nano: 100_000_000 } }));
  const point = makePoint(METER, BERLIN);
  point.assignments.push({ position: 3, tariff: "flat", from: 0 });
  for (const month of months) {
    point.days.push(...makeDays(BERLIN, monthBounds(BERLIN, month), month));
  }
  log.pointList.push(point);
  return { log, point };
}

const order = (
  log: MemoryBilling,
  from: string,
  to: string,
  more: Partial<CloseOrder> = {},
): ReturnType<typeof closeMonths> =>
  closeMonths(log.options, log, {
    now: after("2024-03"),
    meter: METER,
    days: { from, to },
    ...more,
  });

const periodsOf = (log: MemoryBilling): string[] =>
  log.bills
    .map(({ payload }) => [payload.from, payload.to - 1].map((at) => localDayOf(BERLIN, at)).join())
    .sort();

it("is issued for exactly these days, follows from the log, and the close bills the rest of the months", () => {
  const { log, point } = makeLog(["2024-01", "2024-02"]);
  const { issued, heldBack } = order(log, "2024-01-20", "2024-02-10");
  assert.deepEqual(heldBack, []);
  assert.deepEqual(
    issued.map(({ no, missing }) => [no, missing]),
    [[`${METER}-2024-01`, 0]],
  );
  assert.deepEqual(periodsOf(log), ["2024-01-20,2024-02-10"]);
  const whole = makeLog(["2024-01", "2024-02"]);
  assert.equal(closeMonths(log.options, log, { now: after("2024-02") }).issued.length, 2);
  closeMonths(whole.log.options, whole.log, { now: after("2024-02") });
  assert.deepEqual(periodsOf(log), [
    "2024-01-01,2024-01-19",
    "2024-01-20,2024-02-10",
    "2024-02-11,2024-02-29",
  ]);
  assert.deepEqual(
    log.bills.map(({ plaintext }) => plaintext.no),
    [`${METER}-2024-01`, `${METER}-2024-01-2`, `${METER}-2024-02`],
  );
  // Energy and days, however the two months were cut.
  const sum = ({ bills }: MemoryBilling, line: number): number =>
    bills.reduce((total, { plaintext }) => total + (plaintext.lines[line]?.qty ?? 0), 0);
  for (const line of [0, 1]) assert.equal(sum(log, line), sum(whole.log, line));
  for (const bill of log.bills) {
    const { days, assignments } = point;
    const evidence = { days, assignments, tariffs: log.tariffList };
    assert.deepEqual(recomputeBill(nodeSuite, bill, evidence), []);
  }
});

it("is refused where a bill was issued, for days to come or that do not exist, and for nobody's meter", () => {
  const { log } = makeLog(["2024-01", "2024-02"]);
  order(log, "2024-01-20", "2024-02-10");
  for (const [from, to, code] of [
    ["2024-02-10", "2024-02-12", "overlap"],
    ["2024-01-01", "2024-01-20", "overlap"],
    ["2024-01-25", "2024-01-25", "overlap"],
    ["2024-01-01", "2024-03-31", "overlap"],
    ["2024-02-12", "2024-02-11", "bill-period"],
    ["2024-03-01", "2024-04-01", "bill-period"],
  ] as const) {
    assert.equal(
      codeOf(() => order(log, from, to)),
      code,
      `${from} ${to}`,
    );
  }
  assert.throws(() => order(log, "2024-02-10", "2024-02-12"), /2024-01-20 to 2024-02-10/);
  const stranger = { meter: "352999999" };
  assert.equal(
    codeOf(() => order(log, "2024-01-01", "2024-01-02", stranger)),
    "unknown-meter",
  );
  log.unsettled = true;
  assert.equal(
    codeOf(() => order(log, "2024-01-01", "2024-01-02")),
    "bill-incomplete",
  );
  assert.equal(log.bills.length, 1);
});

it("with a missing day needs the order to say so, and lists what is missing", () => {
  const { log, point } = makeLog(["2024-01"]);
  const gone = dayBounds(BERLIN, "2024-01-08");
  point.days.splice(
    point.days.findIndex(({ from }) => from === gone?.from),
    1,
  );
  assert.deepEqual(
    order(log, "2024-01-05", "2024-01-10").heldBack.map(({ code }) => code),
    ["bill-incomplete"],
  );
  assert.equal(log.bills.length, 0);
  const { issued } = order(log, "2024-01-05", "2024-01-10", { incomplete: true });
  assert.deepEqual(
    issued.map(({ missing }) => missing),
    [96],
  );
  assert.deepEqual(log.bills[0]?.plaintext.missing, [[gone?.from, gone?.to]]);
});
