import assert from "node:assert/strict";
import { test } from "node:test";
import type { DayStatement } from "../../../gateway/projection/read-model-types.ts";
import { exactLines, sumDaily } from "../../../gateway/web/daily-sum.ts";

function day(exactPico: string, changes: Partial<DayStatement> = {}): DayStatement {
  const base = { meter: "352522395", date: "2024-01-01", position: 1, wh: 10, currency: "EUR" };
  return { ...base, minorDigits: 2, exactPico, amountMinor: 0, provisional: true, ...changes };
}

test("days are added exactly and rounded once", () => {
  // Three times 0.004 is 0.012: 0.01 exactly, 0.00 by the rounded amounts.
  const sum = sumDaily([day("4000000000"), day("4000000000"), day("4000000000")]);
  assert.deepEqual(sum, {
    ...{ currency: "EUR", minorDigits: 2, wh: 30 },
    ...{ pico: 12_000_000_000n, amountMinor: 1, shownMinor: 0 },
  });
});

test("no days and different currencies have no sum", () => {
  assert.equal(sumDaily([]), undefined);
  assert.equal(sumDaily([day("1"), day("1", { currency: "USD" })]), undefined);
  assert.equal(sumDaily([day("1"), day("1", { minorDigits: 0 })]), undefined);
});

test("the exact lines of a bill are those before tax", () => {
  const line = { code: "x", label: "x", amountMinor: 0 };
  const lines = [
    { ...line, qty: 1_000, unit: "wh", nano: 300_000_000 },
    { ...line, qty: 2, unit: "day", nano: 100_000_000 },
    { ...line, qty: 50, unit: "tax", nano: 190_000_000 },
  ];
  assert.equal(exactLines({ lines, takenBack: 0 }), 500_000_000_000n);
});
