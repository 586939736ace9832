/** Swapped meters, corrections and credits: what a right dump holds is recomputed, one change is named by its code. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { openDumpSource } from "../../../gateway/verify/dump-source.ts";
import { verify } from "../../../gateway/verify/verify.ts";
import { isCoded } from "../../../shared/base/error.ts";
import { createFlatTariff } from "../../../shared/money/tariff.ts";
import { dayBounds } from "../../../shared/time/civil-day.ts";
import { CHANGES, changeBill } from "../../support/changed-bill.ts";
import { ZONE } from "../../support/house-reading.ts";
import { makeTestFolder } from "../../support/process.ts";
import { playHouse } from "../../support/random-swaps.ts";
import { Dice } from "../../support/random-tariff.ts";
import { SwappedHouse } from "../../support/swapped-house.ts";

const folder = makeTestFolder();
const HOUR = 3_600;
const FROM = dayBounds(ZONE, "2024-06-01")?.from ?? 0;
const DAY = 24 * HOUR;
const body = createFlatTariff({
  name: "Flat",
  currency: "EUR",
  minor: 2,
  energyNano: 300_000_000,
  standing: { per: "day", nano: 100_000_000 },
});

function reportOf(text: string) {
  const file = path.join(folder, "dump.jsonl");
  writeFileSync(file, text);
  return verify(openDumpSource(file), { workers: 1 });
}

async function refusalOf(text: string): Promise<{ code?: string; record?: unknown }> {
  try {
    await reportOf(text);
    return {};
  } catch (error) {
    if (!isCoded(error)) throw error;
    return { code: error.code, record: error.detail["record"] };
  }
}

/** Four days, the second unreadable; a bill; the second corrected, a day filled and a late one; two credits. */
function makeHouse(changes: { credit?: (text: string) => string } = {}): SwappedHouse {
  const house = new SwappedHouse("scripted", FROM, body);
  house.day(() => 100);
  const lost = house.day(() => 100, "lost");
  house.day(() => 100);
  const bill = house.bill(FROM, FROM + 4 * DAY);
  house.mine();
  house.correct(lost, () => 90, undefined);
  house.fill(FROM + 3 * DAY, FROM + 4 * DAY, () => 50);
  house.credit(bill);
  house.day(() => 70);
  house.credit(bill, changes.credit);
  house.mine();
  return house;
}

test("a bill, its credits, and what they rest on", async () => {
  const house = makeHouse();
  const report = await reportOf(house.dump());
  const { days, corrections, bills, credits, unusable } = report;
  assert.deepEqual(
    { days, corrections, bills, credits, unusable },
    { days: 3, corrections: 2, bills: 1, credits: 2, unusable: 0 },
  );
  const [bill] = house.bills;
  const slots = [bill?.plaintext, ...(bill?.credits ?? [])].map((one) => one?.slots);
  assert.deepEqual(
    slots.map((one) => [one?.measured, one?.substituted, one?.missing]),
    [
      [48, 0, 192],
      [48, 48, 0],
      [72, 24, 0],
    ],
  );
  const totals = [bill?.plaintext, ...(bill?.credits ?? [])].map((one) => one?.total ?? 0);
  // 0.30 a kWh: 4.8 kWh, then with 2.16 and 1.2, then 1.68 instead of 1.2; and four days.
  assert.deepEqual(totals, [184, 101, 14]);
});

test("a credit with one change: the same code wherever it is", async () => {
  for (const [name, change] of Object.entries(CHANGES)) {
    const house = makeHouse({ credit: (text) => changeBill(text, change, new Dice(5)) });
    const said = await refusalOf(house.dump());
    assert.deepEqual(said, { code: "credit-differs", record: house.position - 1 }, name);
  }
  const renamed = makeHouse({ credit: (text) => text.replace("-c2", "-c1") });
  assert.equal((await refusalOf(renamed.dump())).code, "credit-differs");
});

test("a reading, a bill or a credit that is not opened leaves the next credit without ground", async () => {
  const house = makeHouse();
  const [, , , , fill, first] = house.opened;
  for (const left of [fill, first]) {
    const said = await refusalOf(house.dump(house.opened.filter((one) => one !== left)));
    assert.equal(said.code, "credit-differs");
  }
  const bill = house.opened.filter(({ leaf }) => leaf !== house.bills[0]?.leaf);
  assert.equal((await refusalOf(house.dump(bill))).code, "credit-differs");
});

test("days of a revoked key count until it is revoked, and no more in a credit", async () => {
  const house = new SwappedHouse("revoked", FROM, body);
  for (let i = 0; i < 4; i++) house.day(() => 100);
  const bill = house.bill(FROM, FROM + 4 * DAY);
  house.revoke(3);
  house.swap(FROM + 3 * DAY, 0);
  house.day(() => 40);
  assert.equal(house.credit(bill), true);
  house.mine();
  const report = await reportOf(house.dump());
  // The exchange shows the register after the day that is void.
  assert.deepEqual([report.credits, report.exchanges, report.mismatched], [1, 1, 1]);
  assert.deepEqual(bill.credits[0]?.missing, []);
  // 1.44 kWh less
  assert.equal(bill.credits[0]?.total, -43);
});

test("an exchange with other registers than the days' is told", async () => {
  for (const isDiffering of [false, true]) {
    const house = new SwappedHouse("exchange", FROM, body);
    house.day(() => 100);
    house.revoke();
    house.swap(FROM + DAY, 77, isDiffering);
    house.day(() => 100);
    house.mine();
    const { exchanges, mismatched } = await reportOf(house.dump());
    assert.deepEqual([exchanges, mismatched], [1, isDiffering ? 1 : 0]);
  }
});

test("80 houses by dice follow from their logs", async (t) => {
  const sums = { corrections: 0, unusable: 0, bills: 0, credits: 0, exchanges: 0, mismatched: 0 };
  for (let seed = 0; seed < 80; seed++) {
    const house = playHouse(new Dice(100 + seed), `house ${seed}`);
    const report = await reportOf(house.dump());
    for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += report[name];
  }
  t.diagnostic(JSON.stringify(sums));
  for (const [name, sum] of Object.entries(sums)) assert.ok(sum > 5, `${name} ${sum}`);
  assert.ok(sums.credits > 100);
});
