import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseDecimal } from "../../../shared/base/decimal.ts";

test("decimal texts become integers without a float in between", () => {
  // 10.47 * 1000 is 10470.000000000002 in floats, 1.005 * 1000 is 1004.9999999999999.
  const cases: [string, number, number][] = [
    ["10.47", 3, 10_470],
    ["1.005", 3, 1_005],
    ["0.0296", 9, 29_600_000],
    ["7", 3, 7_000],
    ["-4.4", 3, -4_400],
    ["+.5", 1, 5],
    ["5.", 2, 500],
    [" 12.5 ", 1, 125],
    ["-0.0", 3, 0],
    ["1.2345", 3, 1_235],
    ["1.2344", 3, 1_234],
    ["-1.2345", 3, -1_235],
    ["9007199254740991", 0, Number.MAX_SAFE_INTEGER],
  ];
  for (const [text, places, expected] of cases) {
    assert.equal(parseDecimal(text, places, "."), expected, text);
  }
  assert.equal(parseDecimal("10,47", 3, ","), 10_470);
});

test("other texts are no decimals", () => {
  const others = ["", ".", "-", "1e3", "0x10", "1,5", "1.2.3", "NaN", "12 3", "?", "١", "1_0"];
  for (const text of others) assert.equal(parseDecimal(text, 3, "."), undefined, text);
  assert.equal(parseDecimal("9007199254740992", 0, "."), undefined);
  assert.equal(parseDecimal("1.234,5", 3, ","), undefined);
});

test("any integer of thousandths survives being printed", () => {
  fc.assert(
    fc.property(fc.integer(), (value) => {
      const digits = String(Math.abs(value)).padStart(4, "0");
      const text = `${value < 0 ? "-" : ""}${digits.slice(0, -3)}.${digits.slice(-3)}`;
      assert.equal(parseDecimal(text, 3, "."), value);
    }),
    { seed: 4, numRuns: 1000 },
  );
});
