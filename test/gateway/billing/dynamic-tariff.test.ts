/** A real dynamic tariff through the chain: price records from a price file, days, a bill, and its bundle verified from nothing but itself. */
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { exportBundle } from "../../../gateway/bundle/export-bundle.ts";
import { openReadOnly } from "../../../gateway/ledger/database.ts";
import { createReadModel } from "../../../gateway/projection/read-model.ts";
import { verifyBundle } from "../../../shared/bundle/verify-bundle.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { readPriceFile } from "../../../shared/money/price-file.ts";
import { readTariffFile } from "../../../shared/money/tariff-file.ts";
import { dayBounds, listSlotStarts, monthBounds } from "../../../shared/time/civil-day.ts";
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
import { closeMonthsOf } from "../../support/test-bill.ts";
import { TestLedger } from "../../support/test-ledger.ts";

const TEN_MINUTES = "uci_appliances_10min_2016-02_03.csv";
const MONTH = "2013-03";

test("March 2013 by the half-hour prices of Low Carbon London", (t) => {
  for (const file of LONDON_FILES) if (!requireSharedData(t, "tariffs", file)) return;
  if (!requireSharedData(t, "household", TEN_MINUTES)) return;
  const prices = new LondonPrices();
  const wh = new Map(
    readSharedCsv("household", TEN_MINUTES).map((row) => [
      (row["timestamp"] ?? "").slice(5),
      Number(row["appliances_wh"]),
    ]),
  );
  const house = new TestLedger();
  t.after(() => house.close());
  const { ledger } = house;
  const meter = house.enrol();
  house.mine();
  const { id = "", body } = readTariffFile(LONDON_TARIFF);
  ledger.issue("tariff", { id, ver: 1, body });
  ledger.issue("assign", { point: meter.point, tariff: id, from: 0 });
  // As an operator does: a file for each month, when it is known.
  for (const [from, to] of [
    ["2013-02", "2013-03"],
    ["2013-03", "2013-04"],
  ] as const) {
    const { nano, ...list } = readPriceFile(prices.file(from, to));
    ledger.issue("price", { id: "lcl", ...list, nano: [...nano] });
  }
  house.mine();
  meter.from = monthBounds(LONDON, MONTH).from;
  const slots: [number, number][] = [];
  for (let day = 1; day <= 31; day++) {
    const bounds = dayBounds(LONDON, `${MONTH}-${String(day).padStart(2, "0")}`);
    assert.ok(bounds);
    const starts = listSlotStarts(bounds, 600);
    const own = starts.map((at) => wh.get(utcText(at).slice(5)) ?? 0);
    slots.push(...starts.map((at, i): [number, number] => [at, own[i] ?? 0]));
    assert.deepEqual(house.hold(house.day(meter, { zone: LONDON, step: 600, wh: own })), ["held"]);
  }
  house.mine();
  const { issued, heldBack } = closeMonthsOf(house, { month: MONTH });
  assert.deepEqual(heldBack, []);
  house.mine();
  const no = issued[0]?.no ?? "";
  const db = openReadOnly(path.join(house.folder, "gateway.db"));
  t.after(() => db.close());
  const bill = createReadModel(db, { suite: nodeSuite }).bill(no);
  const expected = priceByHand(slots, prices);
  assert.equal(expected.length, 3);
  assert.deepEqual(
    bill?.lines.map(({ qty, nano, amountMinor }) => [qty, nano, amountMinor]),
    expected.map((line) => [line.wh, line.centipence * 100_000, line.pence]),
  );
  assert.equal(bill?.currency, "GBP");
  // 31 days, of which the last has 23 hours.
  assert.equal(bill?.slots.measured, 31 * 144 - 6);
  const text = exportBundle(db, no, { suite: nodeSuite, recipient: house.keys.utility });
  const report = verifyBundle(nodeSuite, text, { chain: ledger.state.chain.id });
  assert.equal(
    report.bill.total,
    expected.reduce((sum, { pence }) => sum + pence, 0),
  );
});
