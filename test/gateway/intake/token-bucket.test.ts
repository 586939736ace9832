import assert from "node:assert/strict";
import { test } from "node:test";
import { TokenBuckets } from "../../../gateway/intake/token-bucket.ts";

test("a meter may send its burst at once, and then at its rate", () => {
  const buckets = new TokenBuckets(3, 60);
  assert.deepEqual(
    [0, 0, 0, 0].map((now) => buckets.take(352_522_395, now)),
    [true, true, true, false],
  );
  assert.equal(buckets.take(352_522_395, 999), false);
  assert.equal(buckets.take(352_522_395, 2001), true);
  assert.equal(buckets.take(352_522_395, 2002), true, "tokens refused for lack are not taken");
  assert.equal(buckets.take(352_522_395, 2003), false);
});

test("one meter's bucket says nothing about another's, beyond the first thousand too", () => {
  const buckets = new TokenBuckets(1, 1);
  for (let meter = 0; meter < 3000; meter++) assert.equal(buckets.take(meter, 0), true);
  for (let meter = 0; meter < 3000; meter++) assert.equal(buckets.take(meter, 1), false);
});
