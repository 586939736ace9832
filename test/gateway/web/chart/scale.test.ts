import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { fromTop, niceScale, zeroScale } from "../../../../gateway/web/chart/scale.ts";

describe("scale", () => {
  test("holds both ends with a few evenly spaced, round ticks", () => {
    const value = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(value, value, fc.integer({ min: 2, max: 6 }), (a, b, wanted) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        fc.pre(high === low || high - low > 1e-3);
        const { min, max, ticks } = niceScale(low, high, wanted);
        const slack = (max - min) * 1e-6;
        assert.ok(min <= low + slack && max >= high - slack, `${low}…${high} in ${min}…${max}`);
        assert.ok(ticks.length >= 2 && ticks.length <= wanted * 2 + 2, `${ticks}`);
        const step = (ticks[1] ?? 0) - (ticks[0] ?? 0);
        ticks.forEach((tick, i) => {
          assert.ok(Math.abs(tick - (min + i * step)) <= slack + 1e-9);
        });
      }),
      { seed: 9, numRuns: 300 },
    );
  });

  test("bars begin at zero, even when all are zero", () => {
    assert.equal(zeroScale(7.2).min, 0);
    assert.deepEqual(zeroScale(0).ticks.slice(0, 2), [0, 0.25]);
    assert.deepEqual(zeroScale(7.2).ticks, [0, 2, 4, 6, 8]);
    assert.equal(zeroScale(0.21).digits, 2);
  });

  test("percent from the top", () => {
    const scale = zeroScale(8);
    assert.equal(fromTop(scale, 8), 0);
    assert.equal(fromTop(scale, 0), 100);
    assert.equal(fromTop(scale, 2), 75);
  });
});
