/** Calibration: exact ratios, registers whose differences do not drift, and what stays as the part said it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { calibrate } from "../../hardware/calibration.ts";

const READING = {
  energy: "register",
  register: 1_000,
  registerSpan: 10_000_000,
  exported: 77,
  power: -2_345,
  voltage: [230_000, 231_001],
  current: [1_001],
  frequency: 50_000,
  temperature: 20_000,
} as const;

test("each factor reaches the quantities that it is about, and no other", () => {
  assert.equal(calibrate(READING, undefined), READING);
  assert.deepEqual(calibrate(READING, { ct_ratio: [200, 5] }), {
    ...READING,
    register: 40_000,
    registerStep: 40,
    registerSpan: 400_000_000,
    exported: 3_080,
    power: -93_800,
    current: [40_040],
  });
  assert.deepEqual(calibrate(READING, { voltage_gain: [1_013, 1_000] }), {
    ...READING,
    register: 1_013,
    registerStep: 2,
    registerSpan: 10_130_000,
    exported: 78,
    power: -2_375,
    voltage: [232_990, 234_004],
  });
  assert.deepEqual(calibrate(READING, { power_gain: [1, 2] }), {
    ...READING,
    register: 500,
    registerStep: 1,
    registerSpan: 5_000_000,
    exported: 38,
    power: -1_173,
  });
  const all = calibrate(READING, { ct_ratio: [3, 1], voltage_gain: [1, 2], power_gain: [2, 3] });
  assert.equal(all.register, READING.register);
});

test("the register never goes back, and what it counts over any way is the whole, to one Wh", () => {
  const factor = fc.tuple(fc.integer({ min: 1, max: 10_000 }), fc.integer({ min: 1, max: 10_000 }));
  const property = fc.property(
    factor,
    fc.array(fc.integer({ min: 0, max: 5_000 }), { minLength: 1, maxLength: 50 }),
    (ct_ratio, deltas) => {
      let register = 0;
      let last = 0;
      let sum = 0;
      for (const delta of deltas) {
        register += delta;
        const now = calibrate({ energy: "register", register }, { ct_ratio }).register ?? -1;
        assert.ok(now >= last);
        sum += now - last;
        last = now;
      }
      assert.ok(Math.abs(sum - (register * ct_ratio[0]) / ct_ratio[1]) <= 1);
    },
  );
  fc.assert(property, { seed: 11, numRuns: 300 });
});
