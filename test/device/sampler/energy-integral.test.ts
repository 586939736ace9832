/** Integration of power: exact trapezoids with a carry, however the time is cut. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { integratePower } from "../../../device/sampler/energy-integral.ts";

test("a kilowatt for an hour is a thousand watt hours", () => {
  assert.deepEqual(integratePower(1_000_000, 1_000_000, 3_600_000, 0), { wh: 1000, carry: 0 });
});

test("a rising load gives the area under the line", () => {
  assert.equal(integratePower(0, 2_000_000, 3_600_000, 0).wh, 1000);
});

test("power that flows out counts as none", () => {
  assert.deepEqual(integratePower(-500_000, -500_000, 3_600_000, 5), { wh: 0, carry: 5 });
});

test("a line that crosses zero counts its part above it", () => {
  assert.equal(integratePower(-3_600_000, 3_600_000, 3_600_000, 0).wh, 900);
  assert.equal(integratePower(3_000_000, -1_000_000, 3_600_000, 0).wh, 1125);
});

test("cutting an interval of constant power changes nothing", () => {
  const piece = fc.integer({ min: 1, max: 100_000 });
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 50_000_000 }),
      fc.array(piece, { minLength: 1, maxLength: 50 }),
      (power, pieces) => {
        let carry = 0;
        let wh = 0;
        for (const ms of pieces) {
          const result = integratePower(power, power, ms, carry);
          wh += result.wh;
          carry = result.carry;
        }
        const whole = integratePower(
          power,
          power,
          pieces.reduce((a, b) => a + b),
          0,
        );
        assert.deepEqual({ wh, carry }, whole);
      },
    ),
    { seed: 11, numRuns: 300 },
  );
});
