/** Integer money: frozen roundings of another implementation, and properties. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  divideRounded,
  exactPico,
  roundAmount,
  roundPico,
  sumExactly,
} from "../../../shared/money/amount.ts";
import type { LineUnit } from "../../../shared/money/bill-plaintext.ts";
import { codeOf } from "../../support/code-of.ts";
import { readVectors } from "../../support/json-file.ts";

interface Case {
  readonly qty: number;
  readonly unit: LineUnit;
  readonly nano: number;
  readonly minor: number;
  readonly amount: number;
}
const { cases } = readVectors<{ cases: readonly Case[] }>("money.json");

describe("roundAmount", () => {
  it(`gives ${cases.length} amounts that exact fractions gave`, () => {
    for (const { amount, minor, ...charge } of cases) {
      assert.equal(roundAmount(charge, minor), amount, JSON.stringify({ ...charge, minor }));
    }
  });

  it("is odd: a credit is the same amount with the other sign", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), fc.nat(4), (qty, nano, minor) => {
        const amount = roundAmount({ qty, unit: "wh", nano }, minor);
        assert.equal(roundAmount({ qty: -qty, unit: "wh", nano }, minor), 0 - amount);
      }),
      { seed: 5 },
    );
  });

  it("refuses amounts beyond 2^53-1 instead of rounding them", () => {
    const qty = Number.MAX_SAFE_INTEGER;
    assert.equal(
      codeOf(() => roundAmount({ qty, unit: "day", nano: 1_000_000_000 }, 2)),
      "money-range",
    );
    assert.equal(
      codeOf(() => roundAmount({ qty, unit: "tax", nano: 1_000_000_001 }, 2)),
      "money-range",
    );
    assert.equal(
      codeOf(() => sumExactly([qty, 1])),
      "money-range",
    );
    assert.equal(sumExactly([qty, 1, -1]), qty);
  });
});

it("divideRounded is the nearest integer, and away from zero when two are equally near", () => {
  fc.assert(
    fc.property(
      fc.bigInt(-(10n ** 30n), 10n ** 30n),
      fc.bigInt(1n, 10n ** 15n),
      (numerator, denominator) => {
        const quotient = divideRounded(numerator, denominator);
        const twice = 2n * (numerator - quotient * denominator);
        assert.ok(-denominator <= twice && twice <= denominator);
        if (twice === denominator) assert.ok(numerator < 0n);
        if (twice === -denominator) assert.ok(numerator > 0n);
      },
    ),
    { seed: 6 },
  );
});

it("exact amounts add up where rounded ones do not", () => {
  const line = { unit: "wh" as const, nano: 333_333_333 };
  const parts = Array.from({ length: 300 }, () => exactPico({ ...line, qty: 1_000 }));
  const sum = parts.reduce((a, b) => a + b, 0n);
  assert.equal(sum, exactPico({ ...line, qty: 300_000 }));
  assert.equal(roundPico(sum, 2), 10_000);
  assert.equal(300 * roundPico(parts[0] ?? 0n, 2), 9_900);
});
