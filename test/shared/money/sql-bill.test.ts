/** The tariff engine against SQL: 10,000 random tariffs, days and prices give the same lines to the minor unit. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { computeBill } from "../../../shared/money/bill.ts";
import { parseDate } from "../../../shared/time/calendar-date.ts";
import { leafOf } from "../../support/bill-case.ts";
import { Dice, makeBody, makeSlots } from "../../support/random-tariff.ts";
import { SqlBiller, type SqlCase, type SqlPrice } from "../../support/sql-bill.ts";

const CASES = 10_000;
const SEED = 20_240_117;
const STEP = 900;
const DAY = 86_400;

function makeCase(dice: Dice): SqlCase {
  const offset = dice.pick([-36_000, -18_000, 0, 3600, 19_800, 20_700, 45_900]);
  const day = parseDate(dice.pick(["2023-12-30", "2024-02-28", "2024-03-15", "2024-07-03"]));
  const from = day * DAY - offset;
  const to = from + (1 + dice.roll(3)) * DAY;
  const step = dice.pick([900, 1800, 3600]);
  const prices: SqlPrice[] = [];
  const range = dice.pick([3, 100_000_000]);
  for (let at = from; at < to; ) {
    const nano = Array.from({ length: 1 + dice.roll(40) }, () => dice.roll(range) - 20_000);
    prices.push({ id: "spot", from: at, step, nano });
    at += step * nano.length;
  }
  return { body: makeBody(dice), offset, from, to, slots: makeSlots(dice, from, to, STEP), prices };
}

/** Whole days as records, all lines with something in them. */
function billByEngine({ body, offset, from, to, slots, prices }: SqlCase): [string, number][] {
  const days = [];
  for (let at = from; at < to; at += DAY) {
    const own = slots.filter((slot) => slot.at >= at && slot.at < at + DAY);
    days.push({
      leaf: leafOf(`day ${at}`),
      from: at,
      to: at + DAY,
      step: STEP,
      wh: own.map(({ wh }) => wh),
      exported: own.map(({ exported }) => exported),
      quality: own.map(({ letter }) => letter).join(""),
    });
  }
  const { lines } = computeBill(nodeSuite, {
    point: leafOf("point"),
    zone: "Etc/UTC",
    offsets: [[from - DAY, offset]],
    from,
    to,
    days,
    assignments: [{ position: 1, tariff: "t", from: 0 }],
    tariffs: [{ leaf: leafOf("t"), position: 0, id: "t", ver: 1, body: body as never }],
    prices: prices.map((price, i) => ({ ...price, leaf: leafOf(`price ${i}`), position: 2 + i })),
  });
  return lines
    .filter(({ qty, unit }) => qty !== 0 || !unit.startsWith("wh"))
    .map(({ code, amount }) => [code, amount]);
}

it(`the engine and SQL agree on ${CASES} random bills`, () => {
  const dice = new Dice(SEED);
  const sql = new SqlBiller();
  const kinds = new Map<string, number>();
  for (let i = 0; i < CASES; i++) {
    const given = makeCase(dice);
    assert.deepEqual(
      billByEngine(given),
      sql.bill(given),
      `case ${i}: ${JSON.stringify(given.body)}`,
    );
    for (const { kind } of given.body.charges) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  sql.close();
  assert.deepEqual([...kinds.keys()].sort(), [
    "demand",
    "energy",
    "export",
    "minimum",
    "standing",
    "tax",
  ]);
});
