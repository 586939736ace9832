/** Statistics of a slot and of a day: integers, per phase, mergeable. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  addQuantities,
  mergeStatistics,
  NO_STATISTICS,
  summarize,
} from "../../../device/sampler/statistics.ts";

test("mean, least and greatest of what was read", () => {
  let statistics = addQuantities(NO_STATISTICS, { voltage: [230_000], temperature: -1500 });
  statistics = addQuantities(statistics, { voltage: [231_001], temperature: -1000 });
  statistics = addQuantities(statistics, { humidity: 5000 });
  assert.deepEqual(summarize(statistics.voltage?.[0]), [230_501, 230_000, 231_001]);
  assert.deepEqual(summarize(statistics.temperature?.[0]), [-1250, -1500, -1000]);
  assert.deepEqual(summarize(statistics.humidity?.[0]), [5000, 5000, 5000]);
  assert.equal(statistics.current, undefined);
});

test("the mean is rounded half away from zero", () => {
  const cold = addQuantities(addQuantities(NO_STATISTICS, { temperature: -3 }), { temperature: 0 });
  assert.equal(summarize(cold.temperature?.[0])?.[0], -2);
});

test("a day's statistics are those of its slots together", () => {
  const a = addQuantities(NO_STATISTICS, { current: [1, 2, 3] });
  const b = addQuantities(addQuantities(NO_STATISTICS, { current: [3, 2, 1] }), { humidity: 1 });
  const day = mergeStatistics(a, b);
  assert.deepEqual(day.current?.map(summarize), [
    [2, 1, 3],
    [2, 2, 2],
    [2, 1, 3],
  ]);
  assert.deepEqual(mergeStatistics(day, NO_STATISTICS), day);
});
