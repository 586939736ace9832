/** Month close: what is due is issued once, what is incomplete waits, and anyone computes the same bill again. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type CloseOrder, closeMonths } from "../../../gateway/billing/close-months.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import type { BillableDay } from "../../../shared/money/bill.ts";
import { recomputeBill } from "../../../shared/money/recompute-bill.ts";
import { dayBounds, localDayOf, monthBounds } from "../../../shared/time/civil-day.ts";
import { leafOf, makeDays, tariffRecord } from "../../support/bill-case.ts";
import { codeOf } from "../../support/code-of.ts";
import { MemoryBilling, type MemoryPoint, makePoint } from "../../support/memory-billing.ts";
import { PAPER_DAY_WH, PAPER_TARIFF, PAPER_YEAR_CENTS } from "../../support/paper-tariff.ts";
import { requireSharedData } from "../../support/project-root.ts";
import { readSharedCsv } from "../../support/shared-csv.ts";

const BERLIN = "Europe/Berlin";
const METER = "352522395";

/** A point with every day of the months, under one flat tariff with a charge a month. */
function makeLog(
  months: readonly string[],
  meter = METER,
): { log: MemoryBilling; point: MemoryPoint } {
  const log = new MemoryBilling();
  log.tariffList.push(
    tariffRecord("flat", 1, 2, { standing: { per: "month", nano: 9_900_000_000 } }),
  );
  const point = addPoint(log, meter, months);
  return { log, point };
}

function addPoint(log: MemoryBilling, meter: string, months: readonly string[]): MemoryPoint {
  const point = makePoint(meter, BERLIN);
  point.assignments.push({ position: 3, tariff: "flat", from: 0 });
  for (const month of months)
    point.days.push(...makeDays(BERLIN, monthBounds(BERLIN, month), month));
  log.pointList.push(point);
  return point;
}

function close(log: MemoryBilling, now: number, order: Partial<CloseOrder> = {}) {
  return closeMonths(log.options, log, { now, ...order });
}

it("an order for a meter that is not there says so", () => {
  const { log } = makeLog(["2024-03"]);
  assert.equal(
    codeOf(() => close(log, after("2024-03"), { meter: "352999999" })),
    "unknown-meter",
  );
});

const after = (month: string): number => monthBounds(BERLIN, month).to;

describe("month close", () => {
  it("bills the months of both clock changes with 2,972 and 2,980 slots", () => {
    const { log } = makeLog([
      "2024-03",
      "2024-04",
      "2024-05",
      "2024-06",
      "2024-07",
      "2024-08",
      "2024-09",
      "2024-10",
    ]);
    const { issued, heldBack } = close(log, after("2024-10"));
    assert.deepEqual(heldBack, []);
    assert.deepEqual(
      issued.map(({ no }) => no),
      [3, 4, 5, 6, 7, 8, 9, 10].map((month) => `${METER}-2024-${String(month).padStart(2, "0")}`),
    );
    const slots = log.bills.map(({ plaintext }) => plaintext.slots.total);
    assert.deepEqual(slots, [2_972, 2_880, 2_976, 2_880, 2_976, 2_976, 2_880, 2_980]);
    for (const { plaintext } of log.bills) {
      assert.deepEqual(
        plaintext.lines.map(({ code, unit, qty }) => [code, unit, unit === "month" ? qty : 1]),
        [
          ["energy", "wh", 1],
          ["standing", "month", 1],
        ],
      );
    }
  });

  it("issues nothing before the month has ended, and nothing twice", () => {
    const { log } = makeLog(["2024-02"]);
    assert.deepEqual(close(log, after("2024-02") - 1), { issued: [], heldBack: [] });
    assert.equal(close(log, after("2024-02")).issued.length, 1);
    assert.deepEqual(close(log, after("2024-02")), { issued: [], heldBack: [] });
    assert.equal(log.bills.length, 1);
  });

  it("waits for a missing day, opens nothing meanwhile, and bills when it comes late", () => {
    const { log, point } = makeLog(["2024-01", "2024-02"]);
    const [late] = point.days.splice(10, 1) as [BillableDay];
    const first = close(log, after("2024-02"));
    assert.deepEqual(
      first.issued.map(({ month }) => month),
      ["2024-02"],
    );
    assert.deepEqual(
      first.heldBack.map(({ month, code }) => [month, code]),
      [["2024-01", "bill-incomplete"]],
    );
    const before = log.opened;
    close(log, after("2024-02"));
    assert.equal(log.opened, before);
    point.days.push(late);
    const second = close(log, after("2024-02"));
    assert.deepEqual(
      second.issued.map(({ month, missing }) => [month, missing]),
      [["2024-01", 0]],
    );
    assert.equal(close(log, after("2024-02")).issued.length, 0);
  });

  it("waits for a day that is there but unusable", () => {
    const { log, point } = makeLog(["2024-01"]);
    point.unusable.add(point.days[5]?.leaf ?? "");
    const { issued, heldBack } = close(log, after("2024-01"));
    assert.equal(issued.length, 0);
    assert.deepEqual(
      heldBack.map(({ code }) => code),
      ["bill-incomplete"],
    );
  });

  it("issues an incomplete bill by explicit order, which says what is missing, and never another one", () => {
    const { log, point } = makeLog(["2024-01"]);
    const [late] = point.days.splice(10, 1) as [BillableDay];
    const { issued } = close(log, after("2024-01"), { month: "2024-01", incomplete: true });
    assert.equal(issued[0]?.missing, 96);
    assert.deepEqual(log.bills[0]?.plaintext.missing, [[late.from, late.to]]);
    point.days.push(late);
    assert.deepEqual(close(log, after("2024-01")), { issued: [], heldBack: [] });
  });

  it("does not issue by order what a held day could still complete", () => {
    const { log, point } = makeLog(["2024-01"]);
    point.days.splice(10, 1);
    log.heldDays = true;
    const order = { month: "2024-01", incomplete: true };
    assert.deepEqual(
      close(log, after("2024-01"), order).heldBack.map(({ code }) => code),
      ["bill-incomplete"],
    );
    log.heldDays = false;
    assert.equal(close(log, after("2024-01"), order).issued.length, 1);
  });

  it("bills the first month from the first day on, also when that began at noon", () => {
    const { log, point } = makeLog([]);
    const noon = (dayBounds(BERLIN, "2024-01-17")?.from ?? 0) + 43_200;
    point.days.push(...makeDays(BERLIN, { from: noon, to: after("2024-01") }, "first"));
    const { issued } = close(log, after("2024-01"));
    assert.deepEqual(
      issued.map(({ from, to }) => [from, to]),
      [[noon, after("2024-01")]],
    );
    const bill = log.bills[0]?.plaintext;
    assert.equal(bill?.slots.total, 48 + 14 * 96);
    // The charge of January fell due before the service began.
    assert.equal(bill?.lines[1]?.qty, 0);
  });

  it("bills only while a tariff is assigned", () => {
    const { log, point } = makeLog(["2024-01", "2024-02"]);
    const from = dayBounds(BERLIN, "2024-01-11")?.from ?? 0;
    const to = dayBounds(BERLIN, "2024-02-11")?.from ?? 0;
    point.assignments.splice(0, 1, { position: 3, tariff: "flat", from, to });
    assert.deepEqual(
      close(log, after("2024-02")).issued.map((bill) => [bill.from, bill.to]),
      [
        [from, after("2024-01")],
        [after("2024-01"), to],
      ],
    );
  });

  it("gives a second bill of a month its own number", () => {
    const { log, point } = makeLog(["2024-01"]);
    const cut = dayBounds(BERLIN, "2024-01-11")?.from ?? 0;
    const rest = dayBounds(BERLIN, "2024-01-21")?.from ?? 0;
    point.assignments.splice(0, 1, { position: 3, tariff: "flat", from: 0, to: cut });
    point.assignments.push({ position: 4, tariff: "flat", from: rest });
    assert.deepEqual(
      close(log, after("2024-01")).issued.map(({ no }) => no),
      [`${METER}-2024-01`, `${METER}-2024-01-2`],
    );
  });

  it("names why a month cannot be billed, and bills the others", () => {
    const { log, point } = makeLog(["2024-01", "2024-02"]);
    const validFrom = after("2024-01");
    log.tariffList.splice(0, 1, tariffRecord("flat", 1, 2, { from: validFrom }));
    const { issued, heldBack } = close(log, after("2024-02"));
    assert.deepEqual(
      heldBack.map(({ month, code }) => [month, code]),
      [["2024-01", "tariff-none"]],
    );
    assert.deepEqual(
      issued.map(({ month }) => month),
      ["2024-02"],
    );
    assert.equal(point.days.length, 60);
  });

  it("can be asked for one month or one meter", () => {
    const { log } = makeLog(["2024-01", "2024-02"]);
    addPoint(log, "000000001", ["2024-01", "2024-02"]);
    const now = after("2024-02");
    assert.deepEqual(
      close(log, now, { meter: "000000001", month: "2024-02" }).issued.map(({ no }) => no),
      ["000000001-2024-02"],
    );
    assert.equal(close(log, now, { month: "2024-01" }).issued.length, 2);
    assert.equal(close(log, now).issued.length, 1);
  });

  it("waits while a tariff or an assignment is held", () => {
    const { log } = makeLog(["2024-01"]);
    log.unsettled = true;
    assert.deepEqual(close(log, after("2024-01")), { issued: [], heldBack: [] });
  });

  it("has nothing to do for a point without days", () => {
    const { log } = makeLog([]);
    assert.deepEqual(close(log, after("2024-01")), { issued: [], heldBack: [] });
  });
});

describe("anyone", () => {
  it("computes each issued bill again from the log", () => {
    const { log, point } = makeLog(["2024-02", "2024-03"]);
    close(log, after("2024-03"));
    assert.equal(log.bills.length, 2);
    for (const bill of log.bills) {
      const { days, assignments } = point;
      assert.deepEqual(
        recomputeBill(nodeSuite, bill, { days, assignments, tariffs: log.tariffList }),
        [],
      );
    }
  });
});

describe("figure 10 of the paper", () => {
  const zone = "America/Los_Angeles";
  const log = new MemoryBilling();
  log.tariffList.push({
    leaf: leafOf("paper"),
    position: 1,
    id: "paper",
    ver: 1,
    body: PAPER_TARIFF,
  });
  const point = makePoint(METER, zone);
  point.assignments.push({ position: 2, tariff: "paper", from: 0 });
  log.pointList.push(point);
  const year = { from: monthBounds(zone, "2024-01").from, to: monthBounds(zone, "2024-12").to };
  for (const day of makeDays(zone, year, "paper", 0))
    point.days.push({ ...day, wh: [PAPER_DAY_WH], quality: "M" });
  closeMonths(log.options, log, { now: year.to });
  const bills = log.bills.map(({ plaintext }) => plaintext);

  it("is twelve monthly bills that end with their months", () => {
    assert.deepEqual(
      bills.map(({ to }) => localDayOf(zone, to - 1)),
      [
        "01-31",
        "02-29",
        "03-31",
        "04-30",
        "05-31",
        "06-30",
        "07-31",
        "08-31",
        "09-30",
        "10-31",
        "11-30",
        "12-31",
      ].map((end) => `2024-${end}`),
    );
    assert.ok(bills.every(({ slots, currency }) => slots.missing === 0 && currency === "USD"));
  });

  it("sums to the paper's year, to the cent of a month's rounding", () => {
    const total = bills.reduce((sum, bill) => sum + bill.total, 0);
    assert.ok(Math.abs(total - PAPER_YEAR_CENTS) <= 12, String(total));
  });

  it("has the dates of the printed rows, and amounts within a tenth of them", (t) => {
    if (!requireSharedData(t, "paper", "figure10.csv")) return;
    const rows = readSharedCsv("paper", "figure10.csv");
    assert.equal(rows.length, bills.length);
    for (const [i, { amount_usd: amount = "", bill_date: date = "" }] of rows.entries()) {
      const bill = bills[i];
      assert.ok(bill !== undefined);
      assert.equal(localDayOf(zone, bill.to - 1), date);
      assert.ok(Math.abs(bill.total / 100 / Number(amount) - 1) < 0.1, `${date}: ${bill.total}`);
    }
  });
});
