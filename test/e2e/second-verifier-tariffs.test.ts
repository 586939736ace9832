// Bills of random tariffs with every kind of charge, without a chain around them: the engine and the second verifier agree
// on what is right, what is not, and under which code.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "../../shared/base/canonical-json.ts";
import { isCoded } from "../../shared/base/error.ts";
import type { ErrorCode } from "../../shared/base/error-code.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import type { BillInput } from "../../shared/money/bill.ts";
import { type IssuedBill, recomputeBill } from "../../shared/money/recompute-bill.ts";
import { decodeTariffBody } from "../../shared/money/tariff.ts";
import { padPlaintext, parsePlaintext } from "../../shared/record/plaintext.ts";
import { CHANGES, changeBill } from "../support/changed-bill.ts";
import { readVectors } from "../support/json-file.ts";
import { inputOf, makeIssued, makePlan } from "../support/random-bill.ts";
import { Dice, makeBody } from "../support/random-tariff.ts";
import { judgeBills } from "../support/second-verifier.ts";
import { requireSystemPart } from "../support/system-part.ts";
import {
  buildTariffBillVectors,
  type TariffBillVector,
  type TariffBillVectors,
} from "../support/tariff-bill-vectors.ts";

const BILLS = 600;
const BODIES = 2_000;

interface Case {
  readonly name: string;
  readonly evidence: BillInput;
  readonly payload: IssuedBill["payload"];
  readonly plaintext: string;
}

function codeOf(judge: () => ErrorCode | undefined): ErrorCode | undefined {
  try {
    return judge();
  } catch (error) {
    if (!isCoded(error)) throw error;
    return error.code;
  }
}

/** The code under which the first verifier refuses a bill. */
function refusalOf({
  evidence,
  payload,
  plaintext,
}: Omit<TariffBillVector, "name">): ErrorCode | undefined {
  return codeOf(() => {
    const issued = { payload, plaintext: parsePlaintext("bill", plaintext) };
    return recomputeBill(nodeSuite, issued, evidence).length > 0 ? "bill-differs" : undefined;
  });
}

/** Each case by its code; both say the same of each. */
function assertSame(cases: readonly Case[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const second = judgeBills(cases);
  for (const [i, one] of cases.entries()) {
    const first = refusalOf(one);
    assert.equal(second[i], first, `${i} ${one.name}: ${JSON.stringify(one.evidence.tariffs)}`);
    counts.set(first ?? "right", (counts.get(first ?? "right") ?? 0) + 1);
  }
  return counts;
}

/** Random bills; those that no tariff or price allows come with the plaintext of another. */
function makeCases(dice: Dice, count: number): Case[] {
  const cases: Case[] = [];
  while (cases.length < count) {
    const plan = makePlan(dice, "t");
    const span = plan.to - plan.from;
    const from = plan.from + (dice.roll(3) === 0 ? dice.roll(Math.floor(span / 2)) : 0);
    const to = plan.to - (dice.roll(3) === 0 ? dice.roll(Math.floor(span / 3)) : 0);
    const evidence = inputOf(plan, from, to);
    const code = codeOf(() => {
      cases.push({ name: "as issued", evidence, ...makeIssued(evidence) });
      return undefined;
    });
    if (code === undefined) continue;
    const before = cases.at(-1);
    if (before === undefined) continue;
    const { point } = evidence;
    const payload = { ...before.payload, point, from, to };
    cases.push({ ...before, name: code, evidence, payload });
  }
  return cases;
}

test(`${BILLS} bills of random tariffs: both find the same`, (t) => {
  if (!requireSystemPart(t, "python-cryptography")) return;
  const cases = makeCases(new Dice(20_240_301), BILLS);
  const kinds = new Set<string>();
  const units = new Set<string>();
  for (const { plaintext } of cases) {
    for (const { unit } of parsePlaintext("bill", plaintext).lines) units.add(unit);
  }
  for (const { evidence } of cases) {
    for (const { body } of evidence.tariffs) {
      for (const charge of decodeTariffBody(body).charges) kinds.add(charge.kind);
    }
  }
  const expected = ["demand", "energy", "export", "minimum", "standing", "tax"];
  assert.deepEqual([...kinds].sort(), expected);
  assert.deepEqual([...units].sort(), ["day", "each", "month", "tax", "w", "wh", "wh-mean"]);
  const counts = assertSame(cases);
  t.diagnostic(JSON.stringify([...counts]));
  assert.ok((counts.get("right") ?? 0) > BILLS * 0.7);
  assert.ok((counts.get("price-none") ?? 0) > 0);
});

test("bills with one change: refused by both under the same code", (t) => {
  if (!requireSystemPart(t, "python-cryptography")) return;
  const dice = new Dice(20_240_302);
  const names = Object.keys(CHANGES);
  const cases = makeCases(dice, 20 * names.length)
    .filter(({ name }) => name === "as issued")
    .map((one, i): Case => {
      const name = names[i % names.length] as string;
      const change = CHANGES[name];
      assert.ok(change);
      return { ...one, name, plaintext: changeBill(one.plaintext, change, dice) };
    });
  const counts = assertSame(cases);
  t.diagnostic(JSON.stringify([...counts]));
  assert.deepEqual([...counts.keys()], ["bill-differs"]);
});

test("bills that are not of their form: schema and pad, for both", (t) => {
  if (!requireSystemPart(t, "python-cryptography")) return;
  const [right] = makeCases(new Dice(20_240_305), 1);
  assert.ok(right);
  const { plaintext } = right;
  const unit = plaintext.replace(/"unit":"[a-z-]+"/, '"unit":"kwh"');
  const changed = [
    plaintext.replace('"pad":"', `"pad":"${"0".repeat(512)}`),
    padPlaintext({ ...(JSON.parse(plaintext) as JsonObject), more: 1 }, 0),
    padPlaintext(JSON.parse(unit) as JsonObject, 0),
    padPlaintext({ ...(JSON.parse(plaintext) as JsonObject), offsets: [] }, 0),
  ];
  const counts = assertSame(changed.map((text) => ({ ...right, plaintext: text })));
  assert.deepEqual(
    [...counts],
    [
      ["pad", 1],
      ["schema", 3],
    ],
  );
});

test("bills under a log that is not theirs: both find the same", (t) => {
  if (!requireSystemPart(t, "python-cryptography")) return;
  const dice = new Dice(20_240_303);
  const cases = makeCases(dice, 260).map((one): Case => {
    const { evidence, payload } = one;
    const { tariffs, prices = [], days, assignments } = evidence;
    const without = <T>(list: readonly T[]): T[] => {
      const at = dice.roll(Math.max(1, list.length));
      return list.filter((_, i) => i !== at);
    };
    const each = <T>(list: readonly T[], change: (item: T) => T): T[] => {
      const at = dice.roll(Math.max(1, list.length));
      return list.map((item, i) => (i === at ? change(item) : item));
    };
    const letters = (quality: string): string => {
      const at = dice.roll(quality.length);
      return `${quality.slice(0, at)}${dice.pick([..."MRGI"])}${quality.slice(at + 1)}`;
    };
    const changes: [string, Partial<BillInput>, Partial<Case["payload"]>?][] = [
      ["a price record less", { prices: without(prices) }],
      ["no prices", { prices: [] }],
      [
        "another price",
        { prices: each(prices, (p) => ({ ...p, nano: p.nano.map((n) => n + 1) })) },
      ],
      ["a day less", { days: without(days) }],
      ["another quality", { days: each(days, (d) => ({ ...d, quality: letters(d.quality) })) }],
      ["no assignment", { assignments: [] }],
      ["no first assignment", { assignments: assignments.slice(1) }],
      ["a tariff less", { tariffs: without(tariffs) }],
      ["a body of a later kind", { tariffs: each(tariffs, (r) => ({ ...r, body: { v: 2 } })) }],
      [
        "another currency",
        {
          tariffs: each(tariffs, (r) => ({
            ...r,
            body: { ...(r.body as object), currency: "USD" },
          })),
        },
      ],
      [
        "another zone",
        {
          tariffs: each(tariffs, (r) => ({
            ...r,
            body: { ...(r.body as object), zone: "Etc/UTC" },
          })),
        },
      ],
      ["a record less in tariffs", {}, { tariffs: payload.tariffs.slice(1) }],
      [
        "a record twice in tariffs",
        {},
        { tariffs: [...payload.tariffs, payload.tariffs[0] ?? ""] },
      ],
      ["tariffs in another order", {}, { tariffs: [...payload.tariffs].reverse() }],
    ];
    const [name, log, line1 = {}] = dice.pick(changes);
    return {
      ...one,
      name,
      evidence: { ...evidence, ...log },
      payload: { ...payload, ...line1 },
    };
  });
  const counts = assertSame(cases);
  t.diagnostic(JSON.stringify([...counts]));
  for (const code of [
    "bill-differs",
    "price-none",
    "tariff-none",
    "tariff-body",
    "tariff-currency",
  ]) {
    assert.ok((counts.get(code) ?? 0) > 0, code);
  }
});

type Json = string | number | Json[] | { [name: string]: Json };

const EDGES: readonly Json[] = [
  ...[0, 1, 2, 7, 8, 9, 12, 13, 1439, 1440, 1441, -1, "", "x", "X", "energy", "02-30", "13-01", []],
  ...[{}, [1], [12, 0], [[0, 1440]], [[1440, 1440]], ["energy"], "month", "bill", "l".repeat(61)],
  ...["l".repeat(101), "2024-02-31", ["2024-02-31", "2024-03-01"], "c".repeat(33), "Zähler", "𝄞"],
];
const MEMBERS = [
  "nano",
  "steps",
  "per",
  "bands",
  "series",
  "add",
  "when",
  "recovered",
  "on",
  "upto",
];

/** A copy with one member or item changed, left out or added somewhere. */
function changeBody(body: Json, dice: Dice): Json {
  const copy = structuredClone(body);
  let at = copy;
  for (;;) {
    if (typeof at !== "object") return copy;
    const keys = Object.keys(at);
    const inner = keys.filter((key) => typeof (at as Record<string, Json>)[key] === "object");
    if (inner.length > 0 && dice.roll(5) > 0) {
      at = (at as Record<string, Json>)[dice.pick(inner)] as Json;
      continue;
    }
    const key = keys.length > 0 ? dice.pick(keys) : "0";
    const target = at as Record<string, Json>;
    const kind = dice.roll(4);
    if (kind === 0 && Array.isArray(at)) at.splice(Number(key), 1);
    else if (kind === 0) delete target[key];
    else if (kind === 1 && Array.isArray(at)) at.push(structuredClone(at[0] ?? 1));
    else if (kind === 1) target[dice.pick([...MEMBERS, "more"])] = dice.pick(EDGES);
    else target[key] = dice.pick(EDGES);
    return copy;
  }
}

test(`${BODIES} tariff bodies with a change or two: both compute with the same ones`, (t) => {
  if (!requireSystemPart(t, "python-cryptography")) return;
  const dice = new Dice(20_240_304);
  const bodies = Array.from({ length: BODIES }, () => {
    const body = JSON.parse(JSON.stringify(makeBody(dice))) as Json;
    const changed = changeBody(body, dice);
    return dice.roll(3) === 0 ? changeBody(changed, dice) : changed;
  });
  const second = judgeBills(bodies.map((body) => ({ body })));
  let refused = 0;
  for (const [i, body] of bodies.entries()) {
    const first = codeOf(() => {
      decodeTariffBody(body);
      return undefined;
    });
    assert.equal(second[i], first, JSON.stringify(body));
    if (first !== undefined) refused++;
  }
  t.diagnostic(`${refused} refused`);
  assert.ok(refused > BODIES / 4 && refused < BODIES * 0.95, `${refused}`);
});

test("the frozen bills of every kind of charge: as built, and the same for both", (t) => {
  const { bills } = readVectors<TariffBillVectors>("tariff-bills.json");
  assert.deepEqual(buildTariffBillVectors().bills, bills);
  for (const bill of bills) assert.equal(refusalOf(bill), bill.code, bill.name);
  if (!requireSystemPart(t, "python-cryptography")) return;
  const frozen = readVectors<object>("bill.json");
  const expected = [undefined, ...bills.map(({ code }) => code)];
  assert.deepEqual(judgeBills([frozen, ...bills]), expected);
});
