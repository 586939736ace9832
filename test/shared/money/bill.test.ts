/** Bills: a second computation that shares nothing with the first, properties, completeness, refusals. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import fc from "fast-check";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { exactPico } from "../../../shared/money/amount.ts";
import { type BillInput, type ComputedBill, computeBill } from "../../../shared/money/bill.ts";
import type { TariffBody } from "../../../shared/money/tariff.ts";
import {
  dayBounds,
  listOffsets,
  localDayOf,
  monthBounds,
  nextLocalDay,
} from "../../../shared/time/civil-day.ts";
import { leafOf, makeBillInput, tariffRecord } from "../../support/bill-case.ts";
import { codeOf } from "../../support/code-of.ts";

const BERLIN = "Europe/Berlin";
const MARCH = monthBounds(BERLIN, "2024-03");
const march = makeBillInput(BERLIN, MARCH, "march");

function compute(input: BillInput): ComputedBill {
  return computeBill(nodeSuite, input);
}

/** Sum by line code, slot by slot and day by day, with string-keyed BigInt sums and the platform's calendar. */
function computeAgain(input: BillInput): Record<string, bigint> {
  const bodyAt = (at: number): TariffBody => {
    const assigned = [...input.assignments]
      .sort((a, b) => b.position - a.position)
      .find(({ from, to }) => from <= at && (to === undefined || at < to));
    const versions = input.tariffs
      .map(({ id, ver, body }) => ({ id, ver, body: body as unknown as TariffBody }))
      .filter(({ id }) => id === assigned?.tariff)
      .filter(({ body }) => (body.from ?? 0) <= at && at < (body.to ?? 2 ** 53))
      .sort((a, b) => b.ver - a.ver);
    assert.ok(versions[0] !== undefined);
    return versions[0].body;
  };
  const sums: Record<string, bigint> = {};
  const add = (code: string, thousandthsOfNano: bigint): void => {
    sums[code] = (sums[code] ?? 0n) + thousandthsOfNano;
  };
  for (const day of input.days) {
    for (const [slot, wh] of day.wh.entries()) {
      for (const charge of bodyAt(day.from + slot * day.step).charges) {
        if (charge.kind !== "energy" || !("nano" in charge)) continue;
        const rate =
          day.quality.charAt(slot) === "R" ? (charge.recovered ?? charge.nano) : charge.nano;
        add(charge.code, BigInt(wh) * BigInt(rate));
      }
    }
  }
  for (let date = localDayOf(input.zone, input.from); ; date = nextLocalDay(input.zone, date)) {
    const at = dayBounds(input.zone, date)?.from ?? 0;
    if (at >= input.to) break;
    if (at < input.from) continue;
    for (const charge of bodyAt(at).charges) {
      if (charge.kind !== "standing") continue;
      if (charge.per === "day" || date.endsWith("-01"))
        add(charge.code, 1000n * BigInt(charge.nano));
    }
  }
  return sums;
}

function exactByCode({ lines }: ComputedBill): Record<string, bigint> {
  const sums: Record<string, bigint> = {};
  for (const { code, qty, unit, nano } of lines) {
    assert.ok(unit !== "tax");
    sums[code] = (sums[code] ?? 0n) + exactPico({ qty, unit, nano });
  }
  return sums;
}

/** Periods of up to ten weeks with several tariffs, versions and assignments. */
const anyInput: fc.Arbitrary<BillInput> = fc
  .record({
    zone: fc.constantFrom(BERLIN, "Australia/Lord_Howe", "Africa/Cairo", "America/Asuncion", "UTC"),
    start: fc.integer({ min: 18_000, max: 20_500 }),
    length: fc.integer({ min: 1, max: 30 }),
    seed: fc.nat(1_000_000).map(String),
    cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 2, maxLength: 2 }),
    per: fc.constantFrom("day" as const, "month" as const),
    rates: fc.array(fc.integer({ min: -(10 ** 9), max: 10 ** 10 }), { minLength: 4, maxLength: 4 }),
  })
  .map(({ zone, start, length, seed, cuts, per, rates }) => {
    const from = dayBounds(zone, localDayOf(zone, start * 86_400))?.from ?? 0;
    const to = dayBounds(zone, localDayOf(zone, from + length * 86_400))?.to ?? 0;
    const [a = 0, b = 0] = cuts.map((share) => from + Math.floor((to - from) * share));
    const [r0 = 0, r1 = 0, r2 = 0, r3 = 0] = rates;
    return {
      ...makeBillInput(zone, { from, to }, seed),
      tariffs: [
        tariffRecord("one", 1, 1, { energyNano: r0, standing: { per, nano: r1 } }),
        tariffRecord("one", 2, 6, {
          energyNano: r1,
          standing: { per, nano: r2 },
          from: a,
          recovered: r3,
        }),
        tariffRecord("two", 1, 2, { energyNano: r2, standing: { per: "day", nano: r0 } }),
      ],
      assignments: [
        { position: 3, tariff: "one", from: 0 },
        { position: 4, tariff: "two", from: b, to: b + 86_400 },
      ],
    };
  });

describe("a bill", () => {
  it("agrees with a second computation", () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        assert.deepEqual(
          sorted(exactByCode(compute(input))),
          sorted(withZeros(computeAgain(input))),
        );
      }),
      { seed: 7, numRuns: 200 },
    );
  });

  it("does not depend on the order in which records arrive", () => {
    fc.assert(
      fc.property(
        anyInput,
        fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
        (input, keys) => {
          const shuffle = <T>(items: readonly T[]): T[] =>
            items
              .map((item) => ({ item, key: keys.next().value as number }))
              .sort((a, b) => a.key - b.key)
              .map(({ item }) => item);
          const other = {
            ...input,
            days: shuffle(input.days),
            tariffs: shuffle(input.tariffs),
            assignments: shuffle(input.assignments),
          };
          assert.deepEqual(compute(other), compute(input));
        },
      ),
      { seed: 8, numRuns: 50 },
    );
  });

  it("is the sum of its rounded lines", () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const { lines, total } = compute(input);
        assert.equal(
          total,
          lines.reduce((sum, line) => sum + line.amount, 0),
        );
      }),
      { seed: 9, numRuns: 50 },
    );
  });

  it("of two parts has, unrounded, the lines of the whole", () => {
    fc.assert(
      fc.property(anyInput, fc.double({ min: 0, max: 1, noNaN: true }), (input, share) => {
        const cut = input.days[Math.floor(share * (input.days.length - 1))]?.to ?? 0;
        fc.pre(cut > input.from && cut < input.to);
        const part = (from: number, to: number): Record<string, bigint> =>
          exactByCode(compute({ ...input, from, to, offsets: listOffsets(input.zone, from, to) }));
        const left = part(input.from, cut);
        const right = part(cut, input.to);
        const whole = exactByCode(compute(input));
        for (const code of Object.keys(whole)) {
          assert.equal((left[code] ?? 0n) + (right[code] ?? 0n), whole[code]);
        }
      }),
      { seed: 10, numRuns: 60 },
    );
  });
});

function withZeros(sums: Record<string, bigint>): Record<string, bigint> {
  return { energy: 0n, standing: 0n, ...sums };
}

function sorted(sums: Record<string, bigint>): [string, bigint][] {
  return Object.entries(sums).sort(([a], [b]) => (a < b ? -1 : 1));
}

describe("the demo's month", () => {
  const bill = compute(march);

  it("of 31 days with one hour less has 2,972 slots, all there", () => {
    assert.equal(bill.slots.total, 2_972);
    assert.equal(bill.slots.missing, 0);
    assert.deepEqual(bill.missing, []);
    assert.equal(bill.payload.n, 31);
    const october = monthBounds(BERLIN, "2024-10");
    assert.equal(compute(makeBillInput(BERLIN, october, "october")).slots.total, 2_980);
  });

  it("has a line for energy and one for the days", () => {
    const wh = march.days.flatMap((day) => day.wh).reduce((a, b) => a + b, 0);
    assert.deepEqual(
      bill.lines.map(({ code, qty, unit, nano }) => [code, qty, unit, nano]),
      [
        ["energy", wh, "wh", 312_345_678],
        ["standing", 31, "day", 271_828_183],
      ],
    );
    assert.equal(
      bill.used.reduce((sum, [, own]) => sum + own, 0),
      wh,
    );
  });

  it("commits to its records: days is the RFC 6962 root over their leaves, by from", () => {
    const two = { ...march, to: march.days[1]?.to ?? 0, days: march.days.slice(0, 2) };
    const { payload, used } = compute(two);
    const [a, b] = two.days.map((day) => Buffer.from(day.leaf, "base64url"));
    const root = createHash("sha256")
      .update(Buffer.from([1]))
      .update(a ?? "")
      .update(b ?? "");
    assert.equal(payload.days, root.digest("base64url"));
    assert.deepEqual(
      used.map(([leaf]) => leaf),
      two.days.map((day) => day.leaf),
    );
    const none = compute({ ...march, days: [] }).payload;
    assert.equal(none.days, createHash("sha256").digest("base64url"));
    assert.equal(none.n, 0);
  });

  it("names the tariffs in log order, whichever was in force first", () => {
    const { payload, lines } = compute({
      ...march,
      tariffs: [
        tariffRecord("late", 1, 9, { standing: { per: "month", nano: 5 } }),
        tariffRecord("early", 1, 4),
        tariffRecord("unused", 1, 5),
      ],
      assignments: [
        { position: 10, tariff: "late", from: 0 },
        { position: 11, tariff: "early", from: MARCH.from + 10 * 86_400 },
      ],
    });
    assert.deepEqual(payload.tariffs, [leafOf("tariff early 1"), leafOf("tariff late 1")]);
    assert.deepEqual(
      lines.map(({ code, unit }) => [code, unit]),
      [
        ["energy", "wh"],
        ["standing", "month"],
        ["energy", "wh"],
        ["standing", "day"],
      ],
    );
    assert.equal(lines[1]?.qty, 1);
    assert.equal(lines[3]?.qty, 21);
  });
});

describe("what is missing", () => {
  it("is listed by span and counted in slots of a quarter of an hour", () => {
    const gone = [march.days[0], march.days[4], march.days[5], march.days[30]];
    const { missing, slots, payload } = compute({
      ...march,
      days: march.days.filter((day) => !gone.includes(day)),
    });
    assert.deepEqual(missing, [
      [gone[0]?.from, gone[0]?.to],
      [gone[1]?.from, gone[2]?.to],
      [gone[3]?.from, gone[3]?.to],
    ]);
    assert.equal(slots.missing, 96 + 192 + 92);
    assert.equal(slots.total, 2_972);
    assert.equal(payload.n, 27);
  });

  it("leaves out days that reach beyond the period", () => {
    const from = MARCH.from + 3_600;
    const { payload, missing } = compute({
      ...march,
      from,
      offsets: listOffsets(BERLIN, from, MARCH.to),
    });
    assert.equal(payload.n, 30);
    assert.deepEqual(missing, [[from, march.days[1]?.from]]);
  });

  it("counts a rest of a slot as a slot", () => {
    const { slots } = compute({ ...march, to: MARCH.from + 901, days: [] });
    assert.equal(slots.missing, 2);
  });
});

describe("recovered energy", () => {
  const recoveredWh = march.days
    .flatMap((day) => day.wh.filter((_, i) => day.quality[i] === "R"))
    .reduce((a, b) => a + b, 0);

  it("has a line of its own where the tariff names a rate", () => {
    const { lines } = compute({
      ...march,
      tariffs: [tariffRecord("flat", 1, 2, { recovered: 100 })],
    });
    assert.deepEqual(
      lines.map(({ label, nano }) => [label, nano]),
      [
        ["Energy", 312_345_678],
        ["Energy, recovered", 100],
        ["Standing charge", 271_828_183],
      ],
    );
    assert.equal(lines[1]?.qty, recoveredWh);
  });
});

describe("refusals", () => {
  const cases: [string, string, Partial<BillInput>][] = [
    ["an empty period", "bill-period", { to: MARCH.from }],
    ["a period of a century", "bill-period", { to: MARCH.from + 100 * 366 * 86_400 }],
    ["no assignment", "tariff-none", { assignments: [] }],
    [
      "an assignment that ends too early",
      "tariff-none",
      { assignments: [{ position: 3, tariff: "flat", from: 0, to: MARCH.to - 1 }] },
    ],
    [
      "an assignment to a tariff that is not there",
      "tariff-none",
      { assignments: [{ position: 3, tariff: "other", from: 0 }] },
    ],
    [
      "a tariff that is not valid yet",
      "tariff-none",
      { tariffs: [tariffRecord("flat", 1, 2, { from: MARCH.from + 1 })] },
    ],
    [
      "a body of a kind that is not known",
      "tariff-body",
      { tariffs: [{ ...tariffRecord("flat", 1, 2), body: { v: 1 } }] },
    ],
    [
      "a tariff for another zone",
      "tariff-currency",
      { tariffs: [tariffRecord("flat", 1, 2, { zone: "Europe/Paris" })] },
    ],
    [
      "two currencies in one bill",
      "tariff-currency",
      {
        tariffs: [
          tariffRecord("flat", 1, 2),
          tariffRecord("flat", 2, 5, { currency: "USD", from: MARCH.from + 86_400 }),
        ],
      },
    ],
    [
      "two records of one time",
      "overlap",
      { days: [...march.days, march.days[3] as (typeof march.days)[number]] },
    ],
    [
      "a reading sealed where clocks show another time",
      "bill-zone",
      { days: march.days.map((day, i) => (i === 3 ? { ...day, zone: "Europe/London" } : day)) },
    ],
    [
      "more than can be counted",
      "money-range",
      {
        tariffs: [tariffRecord("flat", 1, 2, { energyNano: Number.MAX_SAFE_INTEGER, minor: 4 })],
        days: march.days.map((day) => ({ ...day, wh: day.wh.map(() => 2 ** 40) })),
      },
    ],
  ];
  for (const [name, code, change] of cases) {
    it(`${name}: ${code}`, () => {
      assert.equal(
        codeOf(() => compute({ ...march, ...change })),
        code,
      );
    });
  }

  it("readings sealed in another zone with the same clocks count", () => {
    const days = march.days.map((day) => ({ ...day, zone: "Europe/Paris" }));
    assert.deepEqual(compute({ ...march, days }), compute(march));
  });

  it("a body that nobody is assigned to is nobody's trouble", () => {
    const foreign = { ...tariffRecord("foreign", 1, 8), body: { v: 1, kind: "else" } };
    assert.deepEqual(compute({ ...march, tariffs: [...march.tariffs, foreign] }), compute(march));
  });
});
