/** The tariff engine against SQL: 10,000 random tariffs, days and prices give the same lines to the minor unit. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { computeBill } from "../../../shared/money/bill.ts";
import { decodeTariffBody, type TariffBody } from "../../../shared/money/tariff.ts";
import { formatDate, parseDate } from "../../../shared/time/calendar-date.ts";
import { leafOf } from "../../support/bill-case.ts";
import { SqlBiller, type SqlCase, type SqlPrice, type SqlSlot } from "../../support/sql-bill.ts";

const CASES = 10_000;
const SEED = 20_240_117;
const STEP = 900;
const DAY = 86_400;

/** Mulberry32: the same cases on every machine. */
class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** 0 to below `sides`. */
  roll(sides: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * sides);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.roll(items.length)] as T;
  }

  some<T>(items: readonly T[], most: number): T[] {
    const wanted = 1 + this.roll(most);
    return [...new Set(Array.from({ length: wanted }, () => this.pick(items)))];
  }

  rate(): number {
    return this.roll(900_000_000) - 100_000_000;
  }
}

const MONTHS = Array.from({ length: 12 }, (_, i) => i + 1);
const WEEKDAYS = [1, 2, 3, 4, 5, 6, 7, 8];

function makeRule(dice: Dice): object {
  const rule: Record<string, unknown> = {};
  if (dice.roll(3) === 0) rule["months"] = dice.some(MONTHS, 6).sort((a, b) => a - b);
  if (dice.roll(2) === 0) rule["weekdays"] = dice.some(WEEKDAYS, 6);
  if (dice.roll(4) === 0) {
    const date = (): string => formatDate(parseDate("2023-01-01") + dice.roll(365)).slice(5);
    rule["dates"] = [[date(), date()]];
  }
  if (Object.keys(rule).length === 0 || dice.roll(2) === 0) {
    const from = dice.roll(95);
    rule["hours"] = [[from * 15, (from + 1 + dice.roll(96 - from)) * 15]];
  }
  return rule;
}

function makeSteps(dice: Dice): object {
  const steps: object[] = [];
  let upto = 0;
  for (let i = 1 + dice.roll(3); i > 0; i--) {
    upto += 1 + dice.roll(40_000);
    steps.push({ upto, nano: dice.rate() });
  }
  return { steps: [...steps, { nano: dice.rate() }], per: dice.pick(["month", "day"]) };
}

function makeRate(dice: Dice, code: string): object {
  const kind = dice.roll(4);
  if (kind === 0) return { nano: dice.rate() };
  if (kind === 1) return makeSteps(dice);
  if (kind === 2) return { series: "spot", ...(dice.roll(2) === 0 ? { add: dice.rate() } : {}) };
  const count = 2 + dice.roll(3);
  // Bands of one price could be exchanged without a difference in money, so prices differ.
  const bands = Array.from({ length: count }, (_, i) => ({
    code: `${code}-${i}`,
    label: `band ${i}`,
    ...(i < count - 1
      ? { when: Array.from({ length: 1 + dice.roll(2) }, () => makeRule(dice)) }
      : {}),
    ...(dice.roll(4) === 0 ? makeSteps(dice) : { nano: dice.rate() * 10 + i }),
  }));
  return { bands };
}

function makeBody(dice: Dice): TariffBody {
  const nano = (): number => dice.roll(20_000_000_000);
  const charges: object[] = [
    {
      kind: "energy",
      code: "energy",
      label: "Energy",
      ...makeRate(dice, "e"),
      ...(dice.roll(4) === 0 ? { recovered: dice.rate() } : {}),
    },
  ];
  const may = (charge: () => object): void => {
    if (dice.roll(2) === 0) charges.push(charge());
  };
  may(() => ({ kind: "export", code: "export", label: "Export", ...makeRate(dice, "x") }));
  may(() => ({
    kind: "standing",
    code: "standing",
    label: "Standing",
    nano: nano(),
    per: dice.pick(["day", "month", "bill"]),
  }));
  may(() => ({
    kind: "demand",
    code: "demand",
    label: "Demand",
    nano: nano(),
    ...(dice.roll(2) === 0 ? { when: [makeRule(dice)] } : {}),
  }));
  may(() => ({
    kind: "minimum",
    code: "minimum",
    label: "Minimum",
    nano: nano(),
    per: dice.pick(["day", "month"]),
  }));
  may(() => ({
    kind: "tax",
    code: "duty",
    label: "Duty",
    nano: dice.roll(300_000_000),
    on: [lineCode(charges)],
  }));
  may(() => ({ kind: "tax", code: "vat", label: "VAT", nano: dice.roll(300_000_000) }));
  const holidays = dice
    .some(["2023-12-31", "2024-01-01", "2024-02-29", "2024-03-01", "2024-07-04"], 5)
    .sort();
  return decodeTariffBody({
    v: 1,
    name: "T",
    currency: "EUR",
    minor: dice.roll(4),
    holidays,
    charges,
  } as never);
}

/** A code that the energy charge surely gives. */
function lineCode(charges: readonly object[]): string {
  const [first] = charges as { code: string; bands?: { code: string }[] }[];
  return first?.bands?.[0]?.code ?? first?.code ?? "energy";
}

function makeSlots(dice: Dice, from: number, to: number): SqlSlot[] {
  const slots: SqlSlot[] = [];
  let letter = "M";
  for (let at = from; at < to; at += STEP) {
    if (letter === "G") letter = dice.roll(6) === 0 ? "R" : "G";
    else letter = dice.pick("MMMMMMMMmmIiEG".split(""));
    if (dice.roll(2) === 0 && letter === "R") letter = "M";
    const isUsed = letter !== "G" && (letter === "R" || dice.roll(6) === 0);
    const wh = isUsed ? 1 + dice.roll(4000) : 0;
    const exported = isUsed && dice.roll(3) === 0 ? 1 + dice.roll(3000) : 0;
    slots.push({ at, step: STEP, wh, exported, letter });
  }
  return slots;
}

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
  return { body: makeBody(dice), offset, from, to, slots: makeSlots(dice, from, to), prices };
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
