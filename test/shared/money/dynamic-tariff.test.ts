/**
 * A real dynamic tariff on a real house: every half-hour price of 2013 of the Low Carbon London trial, published as a price file,
 * against sums by hand over the printed bands.
 */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { describe, test } from "node:test";
import type { Json } from "../../../shared/base/canonical-json.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { type BillableDay, computeBill } from "../../../shared/money/bill.ts";
import { readPriceFile } from "../../../shared/money/price-file.ts";
import { readTariffFile } from "../../../shared/money/tariff-file.ts";
import {
  dayBounds,
  listOffsets,
  listSlotStarts,
  monthBounds,
  nextLocalDay,
  type Span,
} from "../../../shared/time/civil-day.ts";
import { leafOf, makeBillInput } from "../../support/bill-case.ts";
import {
  LONDON,
  LONDON_FILES,
  LONDON_TARIFF,
  LondonPrices,
  priceByHand,
  utcText,
} from "../../support/london-tariff.ts";
import { requireSharedData } from "../../support/project-root.ts";
import { readSharedCsv } from "../../support/shared-csv.ts";

const HOURLY = "uci_sceaux_hourly_2006-2010.csv";
const TEN_MINUTES = "uci_appliances_10min_2016-02_03.csv";
const MONTHS = Array.from({ length: 12 }, (_, i) => `2013-${String(i + 1).padStart(2, "0")}`);

function hasData(t: TestContext, household: string): boolean {
  return (
    LONDON_FILES.every((file) => requireSharedData(t, "tariffs", file)) &&
    requireSharedData(t, "household", household)
  );
}

/** Wh of the slots of a local day of 2013, from what the house used at the same clock time of another year. */
function makeDays(span: Span, step: number, whAt: (time: string) => number): BillableDay[] {
  const days: BillableDay[] = [];
  for (let date = utcText(span.from + 43_200).slice(0, 10); ; date = nextLocalDay(LONDON, date)) {
    const day = dayBounds(LONDON, date);
    if (day === undefined || day.from >= span.to) return days;
    const wh = listSlotStarts(day, step).map((at) => whAt(utcText(at).slice(5)));
    days.push({ leaf: leafOf(date), ...day, step, wh, quality: "M".repeat(wh.length) });
  }
}

function billOf(span: Span, days: readonly BillableDay[], prices: LondonPrices, body: Json) {
  const records = MONTHS.map((month, i) => {
    const list = readPriceFile(prices.file(month, MONTHS[i + 1] ?? "2014-01"));
    return { leaf: leafOf(month), position: 10 + i, id: "lcl", ...list };
  });
  return computeBill(nodeSuite, {
    ...makeBillInput(LONDON, span, "london"),
    offsets: listOffsets(LONDON, span.from, span.to),
    days,
    tariffs: [{ leaf: leafOf("t"), position: 2, id: "flat", ver: 1, body }],
    prices: records,
  });
}

function* slotsOf(days: readonly BillableDay[]): Generator<readonly [number, number]> {
  for (const { from, step, wh } of days) {
    for (const [i, value] of wh.entries()) yield [from + i * step, value];
  }
}

describe("the dynamic tariff of Low Carbon London, 2013", () => {
  test("its price file is a whole year of half-hours, as printed", (t) => {
    if (!LONDON_FILES.every((file) => requireSharedData(t, "tariffs", file))) return;
    const prices = new LondonPrices();
    const { from, step, nano } = readPriceFile(prices.file("2013-01", "2014-01"));
    assert.deepEqual([utcText(from), step, nano.length], ["2013-01-01T00:00", 1800, 17_520]);
    const counts = new Map<number, number>();
    for (const price of nano) counts.set(price, (counts.get(price) ?? 0) + 1);
    // 67.20, 11.76 and 3.99 pence.
    assert.deepEqual([...counts.keys()].sort(), [117_600_000, 39_900_000, 672_000_000]);
    // By the lengths of the printed runs alone.
    const runs = readSharedCsv("tariffs", "lcl_dtou_2013_runs.csv");
    for (const [band, price] of Object.entries(prices.pence)) {
      const halfHours = runs
        .filter((run) => run["band"] === band)
        .reduce(
          (sum, run) =>
            sum +
            (Date.parse(`${run["to_exclusive"]}Z`) - Date.parse(`${run["from"]}Z`)) / 1_800_000,
          0,
        );
      assert.equal(counts.get(Math.round(Number(price) * 1e7)), halfHours, band);
    }
  });

  test("hourly readings of a year: each month's lines, to the penny and to the Wh", (t) => {
    if (!hasData(t, HOURLY)) return;
    const kwh = new Map(
      readSharedCsv("household", HOURLY)
        .filter(({ timestamp }) => timestamp?.startsWith("2008"))
        .map(({ timestamp = "", energy_kwh }) => [timestamp.slice(5), Number(energy_kwh)]),
    );
    const prices = new LondonPrices();
    const { body } = readTariffFile(LONDON_TARIFF);
    let year = 0;
    for (const month of MONTHS) {
      const span = monthBounds(LONDON, month);
      const days = makeDays(span, 3600, (time) => Math.round((kwh.get(time) ?? Number.NaN) * 1000));
      const bill = billOf(span, days, prices, body);
      const expected = priceByHand(slotsOf(days), prices);
      assert.deepEqual(
        bill.lines.map(({ nano, qty, amount, unit }) => ({ nano, qty, amount, unit })),
        expected.map(({ centipence, wh, pence }) => ({
          ...{ nano: centipence * 100_000, qty: wh, amount: pence, unit: "wh" },
        })),
        month,
      );
      assert.equal(
        bill.total,
        expected.reduce((sum, { pence }) => sum + pence, 0),
      );
      assert.equal(bill.payload.tariffs.length >= 2, true, "the price records are named");
      year += bill.total;
      // The same energy at the trial's flat price.
      const { body: flat } = readTariffFile({
        ...LONDON_TARIFF,
        charges: [
          {
            kind: "energy",
            code: "energy",
            label: "Energy",
            rate: (Number(prices.flat) / 100).toFixed(5),
          },
        ],
      });
      const wh = expected.reduce((sum, line) => sum + line.wh, 0);
      assert.equal(
        billOf(span, days, prices, flat).total,
        Math.floor((wh * 14_228 * 2 + 1_000_000) / 2_000_000),
      );
    }
    assert.ok(year > 0);
  });

  test("readings of ten minutes: a half-hour's price holds for its three slots", (t) => {
    if (!hasData(t, TEN_MINUTES)) return;
    const wh = new Map(
      readSharedCsv("household", TEN_MINUTES).map((row) => [
        (row["timestamp"] ?? "").slice(5),
        Number(row["appliances_wh"]) + Number(row["lights_wh"]),
      ]),
    );
    const prices = new LondonPrices();
    const { body } = readTariffFile(LONDON_TARIFF);
    const span = {
      from: monthBounds(LONDON, "2013-02").from,
      to: monthBounds(LONDON, "2013-03").to,
    };
    // March ends an hour early, in summer time.
    const days = makeDays(span, 600, (time) => wh.get(time) ?? 0);
    assert.equal(days.at(-1)?.wh.length, 138);
    const expected = priceByHand(slotsOf(days), prices);
    assert.equal(expected.length, 3);
    assert.deepEqual(
      billOf(span, days, prices, body).lines.map(({ qty, amount }) => [qty, amount]),
      expected.map((line) => [line.wh, line.pence]),
    );
  });
});
