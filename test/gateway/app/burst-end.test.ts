import assert from "node:assert/strict";
import { test } from "node:test";
import { BurstEnd } from "../../../gateway/app/burst-end.ts";

test("a burst is over, once, when no more come and all of it was taken in", () => {
  const burst = new BurstEnd(10, () => 0);
  assert.equal(burst.admit(8), false);
  assert.equal(burst.lull(12), false, "four are still on their way");
  assert.equal(burst.admit(3), false);
  assert.equal(burst.admit(1), true);
  assert.equal(burst.admit(1), false);
});

test("what comes before the last of a burst does not hide its end", () => {
  const burst = new BurstEnd(10, () => 0);
  burst.admit(11);
  burst.lull(12);
  assert.equal(burst.admit(5), true);
});

test("a few envelopes are no burst, and their lull ends none", () => {
  const burst = new BurstEnd(10, () => 0);
  burst.admit(18);
  assert.equal(burst.lull(9), false);
  assert.equal(burst.lull(18), false, "counted from the lull before");
});

test("what straggles in right after a burst is its rest, once; later it is not", () => {
  let nowMs = 0;
  const burst = new BurstEnd(10, () => nowMs);
  burst.admit(10);
  assert.equal(burst.lull(10), true);
  nowMs = 1999;
  burst.admit(1);
  assert.equal(burst.lull(11), true);
  burst.admit(1);
  assert.equal(burst.lull(12), false, "the rest makes the burst no longer");
  burst.admit(10);
  assert.equal(burst.lull(22), true);
  nowMs = 4000;
  burst.admit(1);
  assert.equal(burst.lull(23), false);
});

test("nothing is a burst where that is turned off", () => {
  const burst = new BurstEnd(0, () => 0);
  burst.admit(1000);
  assert.equal(burst.lull(1000), false);
});
