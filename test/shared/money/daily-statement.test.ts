import assert from "node:assert/strict";
import { it } from "node:test";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { exactPico, roundPico } from "../../../shared/money/amount.ts";
import { computeBill } from "../../../shared/money/bill.ts";
import { listDailyStatements } from "../../../shared/money/daily-statement.ts";
import { monthBounds } from "../../../shared/time/civil-day.ts";
import { makeBillInput } from "../../support/bill-case.ts";

const ZONE = "Europe/Berlin";
const input = makeBillInput(ZONE, monthBounds(ZONE, "2024-03"), "daily");
const statements = listDailyStatements(input.days, ZONE, input);

it("there is one row a local day, by date", () => {
  assert.equal(statements.length, 31);
  assert.deepEqual(
    statements.map(({ date }) => date),
    statements.map((_, i) => `2024-03-${String(i + 1).padStart(2, "0")}`),
  );
  assert.equal(statements[30]?.slots.total, 92);
  assert.equal(statements[0]?.currency, "EUR");
});

it("the exact amounts of a month's days are the month's lines before rounding", () => {
  const { lines } = computeBill(nodeSuite, input);
  const month = lines.reduce((sum, { qty, nano, unit }) => {
    assert.ok(unit !== "tax");
    return sum + exactPico({ qty, nano, unit });
  }, 0n);
  assert.equal(
    statements.reduce((sum, { pico }) => sum + pico, 0n),
    month,
  );
  for (const { amount, pico, minor } of statements) assert.equal(amount, roundPico(pico, minor));
});

it("two records of one date are one row", () => {
  const [first] = input.days;
  assert.ok(first !== undefined);
  const cut = first.from + 43_200;
  const halves = [
    { ...first, to: cut, wh: first.wh.slice(0, 48), quality: first.quality.slice(0, 48) },
    { ...first, from: cut, wh: first.wh.slice(48), quality: first.quality.slice(48) },
  ];
  assert.deepEqual(listDailyStatements(halves.toReversed(), ZONE, input), [statements[0]]);
});
