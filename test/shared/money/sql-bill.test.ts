/**
 * The tariff engine against SQL: 10,000 random tariffs, days and prices give the same lines to the minor unit. In half of the
 * cases days come late, are corrected, filled or void, and SQL finds out by itself which readings count.
 */
import assert from "node:assert/strict";
import { it } from "node:test";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { listEffective } from "../../../shared/day/effective-readings.ts";
import { computeBill } from "../../../shared/money/bill.ts";
import { parseDate } from "../../../shared/time/calendar-date.ts";
import { leafOf } from "../../support/bill-case.ts";
import { Dice, makeBody, makeSlots } from "../../support/random-tariff.ts";
import { SqlBiller, type SqlCase, type SqlPrice, type SqlSlot } from "../../support/sql-bill.ts";
import type { SqlReading } from "../../support/sql-readings.ts";

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
  const slots = makeSlots(dice, from, to, STEP);
  const given = { body: makeBody(dice), offset, from, to, prices };
  if (dice.roll(2) === 0) return { ...given, slots };
  return { ...given, slots: { readings: makeReadings(dice, from, to, slots) } };
}

/** What became of each day: in any order, some of it late, corrected, filled, unreadable or void. */
function makeReadings(
  dice: Dice,
  begin: number,
  end: number,
  slots: readonly SqlSlot[],
): readonly SqlReading[] {
  const readings: SqlReading[] = [];
  let position = 10;
  const log = (typ: SqlReading["typ"], from: number, to: number, of?: string): SqlReading => {
    position += 1 + dice.roll(3);
    const own =
      typ === "day"
        ? slots.filter(({ at }) => from <= at && at < to)
        : makeSlots(dice, from, to, STEP).map((slot) => ({
            ...slot,
            letter: slot.letter === "M" ? "S" : slot.letter,
          }));
    const verdict = { isUsable: dice.roll(5) > 0, isVoid: dice.roll(8) === 0 };
    const reading = {
      typ,
      leaf: leafOf(`${position}`),
      position,
      from,
      to,
      slots: own,
      ...verdict,
    };
    readings.push(of === undefined ? reading : { ...reading, of });
    return reading;
  };
  const correct = (first: SqlReading): void => {
    let of = first;
    for (let times = dice.roll(3); times > 0; times--) {
      const next = log("correction", of.from, of.to, of.leaf);
      if (dice.roll(2) === 0) of = next;
    }
  };
  for (let at = begin; at < end; at += DAY) {
    const cut = at + (1 + dice.roll(23)) * 3600;
    if (dice.roll(4) === 0) correct(log("correction", at, dice.roll(2) === 0 ? cut : at + DAY));
    if (dice.roll(5) === 0) continue;
    const day = log("day", at, dice.roll(5) === 0 ? cut : at + DAY);
    correct(day);
    // Where a day is void, another device's may cover the same time.
    if (day.isVoid && dice.roll(2) === 0) correct(log("day", at, at + DAY));
  }
  return readings
    .map((reading) => ({ reading, key: dice.roll(1_000) }))
    .sort((a, b) => a.key - b.key)
    .map(({ reading }) => reading);
}

/** What counts as records, by the engine's own rule. */
function countingDays({ from, to, slots }: SqlCase): readonly (Omit<SqlReading, "typ"> | Span)[] {
  if ("readings" in slots) return listEffective(slots.readings);
  return Array.from({ length: (to - from) / DAY }, (_, i) => {
    return { from: from + i * DAY, to: from + (i + 1) * DAY };
  });
}

interface Span {
  readonly from: number;
  readonly to: number;
}

/** The engine's bill, all lines with something in them. */
function billByEngine(given: SqlCase): [string, number][] {
  const { body, offset, from, to, slots, prices } = given;
  const days = countingDays(given).map((span) => {
    const all = "slots" in span ? span.slots : (slots as readonly SqlSlot[]);
    const own = all.filter((slot) => slot.at >= span.from && slot.at < span.to);
    return {
      leaf: leafOf(`day ${span.from}`),
      from: span.from,
      to: span.to,
      step: STEP,
      wh: own.map(({ wh }) => wh),
      exported: own.map(({ exported }) => exported),
      quality: own.map(({ letter }) => letter).join(""),
    };
  });
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
