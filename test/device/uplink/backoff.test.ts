/** Full jitter: uniform below a bound that doubles and then stays. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { jitteredWait } from "../../../device/uplink/backoff.ts";

test("the bound doubles with each failure up to the most", () => {
  const bounds = { firstMs: 1000, mostMs: 300_000 };
  const waits = [0, 1, 2, 8, 9, 1000].map((failures) => jitteredWait(failures, bounds, () => 0.5));
  assert.deepEqual(waits, [500, 1000, 2000, 128_000, 150_000, 150_000]);
  assert.equal(
    jitteredWait(3, bounds, () => 0),
    0,
  );
});
