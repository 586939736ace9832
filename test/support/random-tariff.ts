/**
 * Tariffs of all kinds of charges and slots of all qualities, by dice. in: dice → out: a decoded body, slots of a span.
 */
import { decodeTariffBody, type TariffBody } from "../../shared/money/tariff.ts";
import { formatDate, parseDate } from "../../shared/time/calendar-date.ts";

/** Mulberry32: the same cases on every machine. */
export class Dice {
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

function makeRate(dice: Dice, code: string, series: string): object {
  const kind = dice.roll(4);
  if (kind === 0) return { nano: dice.rate() };
  if (kind === 1) return makeSteps(dice);
  if (kind === 2) return { series, ...(dice.roll(2) === 0 ? { add: dice.rate() } : {}) };
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

/** Charges of all kinds, in an order that a tariff may have; prices are those of `series`. */
export function makeBody(dice: Dice, series = "spot"): TariffBody {
  const nano = (): number => dice.roll(20_000_000_000);
  const charges: object[] = [
    {
      kind: "energy",
      code: "energy",
      label: "Energy",
      ...makeRate(dice, "e", series),
      ...(dice.roll(4) === 0 ? { recovered: dice.rate() } : {}),
    },
  ];
  const may = (charge: () => object): void => {
    if (dice.roll(2) === 0) charges.push(charge());
  };
  may(() => ({ kind: "export", code: "export", label: "Export", ...makeRate(dice, "x", series) }));
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

export interface RandomSlot {
  readonly at: number;
  readonly step: number;
  readonly wh: number;
  readonly exported: number;
  readonly letter: string;
}

/** Slots with gaps, some of which end in a recovered slot; most hold nothing. */
export function makeSlots(
  dice: Dice,
  from: number,
  to: number,
  step: number,
  first = "M",
): RandomSlot[] {
  const slots: RandomSlot[] = [];
  // No slot but a recovered one has more than 100 kW.
  const most = Math.min(4000, Math.floor((100_000 * step) / 3600));
  let letter = first;
  for (let at = from; at < to; at += step) {
    if (letter === "G") letter = dice.roll(6) === 0 ? "R" : "G";
    else letter = dice.pick("MMMMMMMMmmIiEG".split(""));
    if (dice.roll(2) === 0 && letter === "R") letter = "M";
    const isUsed = letter !== "G" && (letter === "R" || dice.roll(6) === 0);
    const wh = isUsed ? 1 + dice.roll(most) : 0;
    const exported = isUsed && dice.roll(3) === 0 ? 1 + dice.roll(Math.floor(most * 0.75)) : 0;
    slots.push({ at, step, wh, exported, letter });
  }
  return slots;
}
