// Swapped meters, corrections, voids, late days and credits by dice: both verifiers say the same of each chain, and refuse each
// changed one with the same code at the same record.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createFlatTariff } from "../../shared/money/tariff.ts";
import { dayBounds } from "../../shared/time/civil-day.ts";
import { CHANGES, changeBill } from "../support/changed-bill.ts";
import { ZONE } from "../support/house-reading.ts";
import { makeTestFolder } from "../support/process.ts";
import { playHouse } from "../support/random-swaps.ts";
import { Dice } from "../support/random-tariff.ts";
import { askFirst, askSecond, assertBothRefuse, writeTo } from "../support/second-verifier.ts";
import { SwappedHouse } from "../support/swapped-house.ts";
import { requireSystemPart } from "../support/system-part.ts";

const HOUSES = 70;
const folder = makeTestFolder();
const COUNTS = ["bills", "credits", "corrections", "exchanges", "mismatched", "opened"] as const;

test(`${HOUSES} houses: both recompute every bill and credit, and count the same readings`, async (t) => {
  if (!requireSystemPart(t, "python-cryptography")) return;
  const houses = Array.from({ length: HOUSES }, (_, i) =>
    playHouse(new Dice(9_000 + i), `e2e ${i}`),
  );
  const files = houses.map((house, i) => writeTo(folder, `house-${i}.jsonl`, house.dump()));
  const said = askSecond(files);
  const sums = Object.fromEntries(COUNTS.map((name) => [name, 0]));
  for (const [i, file] of files.entries()) {
    const report = await askFirst(file);
    const second = said[i] ?? {};
    assert.equal(second.code, undefined, `${i}: ${JSON.stringify(second)}`);
    const names = ["tip", ...COUNTS] as const;
    assert.deepEqual(
      names.map((name) => [name, second[name]]),
      names.map((name) => [name, report[name]]),
      `house ${i}`,
    );
    assert.equal(second["usable"], report.days, `house ${i}`);
    for (const name of COUNTS) sums[name] = (sums[name] ?? 0) + report[name];
  }
  t.diagnostic(JSON.stringify(sums));
});

const FROM = dayBounds(ZONE, "2024-03-30")?.from ?? 0;
const bound = (date: string): number => dayBounds(ZONE, date)?.from ?? 0;
const body = createFlatTariff({
  name: "Flat",
  currency: "EUR",
  minor: 2,
  energyNano: 301_234_567,
  standing: { per: "day", nano: 100_000_000 },
});

/** Three days, one unreadable; a bill over four; a correction, a fill and a late day; two credits, the last with a change. */
function makeHouse(change: (text: string) => string): SwappedHouse {
  const house = new SwappedHouse("changed credit", FROM, body);
  house.day(() => 101);
  const lost = house.day(() => 101, "lost");
  house.day(() => 103);
  const bill = house.bill(FROM, bound("2024-04-03"));
  house.correct(lost, () => 90, undefined);
  house.fill(bound("2024-04-02"), bound("2024-04-03"), () => 50);
  house.credit(bill);
  house.day(() => 70);
  house.credit(bill, change);
  house.mine();
  return house;
}

test("a right credit but for one thing: refused by both with the same code at the same record", async (t) => {
  if (!requireSystemPart(t, "python-cryptography")) return;
  const dice = new Dice(9_900);
  const files: [string, string][] = Object.entries(CHANGES).map(([name, change], i) => {
    const house = makeHouse((text) => changeBill(text, change, dice));
    return [name, writeTo(folder, `changed-${i}.jsonl`, house.dump())];
  });
  const words: readonly (readonly [string, string])[] = [
    ["-c2", "-c1"],
    ["-c2", "-c3"],
    ['"meter":"352522395"', '"meter":"352522396"'],
    ["Europe/Berlin", "Europe/Paris"],
    ['"v":1', '"v":2'],
    ['"pad":"', '"pad":"0'],
  ];
  for (const [i, [from, to]] of words.entries()) {
    const house = makeHouse((text) => text.replace(from, to));
    files.push([to, writeTo(folder, `word-${i}.jsonl`, house.dump())]);
  }
  const house = makeHouse((text) => text);
  for (const [i, left] of house.opened.entries()) {
    // Of a bill that is not opened only its credits are left without ground.
    const opened = house.opened.filter((one) => one !== left);
    if (left.leaf === house.bills[0]?.creditLeaves[1]) continue;
    files.push([`without ${i}`, writeTo(folder, `without-${i}.jsonl`, house.dump(opened))]);
  }
  await assertBothRefuse(files);
});
