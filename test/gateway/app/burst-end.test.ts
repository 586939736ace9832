import assert from "node:assert/strict";
import { test } from "node:test";
import { BurstEnd } from "../../../gateway/app/burst-end.ts";

test("a burst is over when no more come and all of it was taken in", () => {
  const burst = new BurstEnd(10, () => 0);
  assert.equal(burst.isOver, false);
  burst.admit(8);
  burst.lull(12);
  assert.equal(burst.isOver, false, "four are still on their way");
  burst.admit(4);
  assert.equal(burst.isOver, true);
  burst.admit(1);
  assert.equal(burst.isOver, false, "more came after all");
});

test("a few envelopes are no burst, and their lull ends none", () => {
  const burst = new BurstEnd(10, () => 0);
  burst.admit(9);
  burst.lull(9);
  assert.equal(burst.isOver, false);
  burst.admit(9);
  burst.lull(18);
  assert.equal(burst.isOver, false, "counted from the lull before");
});

test("what straggles in right after a burst is its rest, later it is not", () => {
  let nowMs = 0;
  const burst = new BurstEnd(10, () => nowMs);
  burst.admit(10);
  burst.lull(10);
  burst.clear();
  nowMs = 1999;
  burst.admit(1);
  burst.lull(11);
  assert.equal(burst.isOver, true);
  burst.clear();
  nowMs = 2001;
  burst.admit(1);
  burst.lull(12);
  assert.equal(burst.isOver, false);
});

test("once a block is begun the next burst is waited for", () => {
  const burst = new BurstEnd(10, () => 0);
  burst.admit(20);
  burst.lull(20);
  burst.clear();
  assert.equal(burst.isOver, false);
  burst.admit(10);
  burst.lull(30);
  assert.equal(burst.isOver, true);
});

test("a block that is begun before all of a burst was taken in leaves the rest its own", () => {
  const burst = new BurstEnd(10, () => 0);
  burst.admit(15);
  burst.lull(20);
  burst.clear();
  assert.equal(burst.isOver, false);
  burst.admit(5);
  assert.equal(burst.isOver, true);
});

test("nothing is a burst where that is turned off", () => {
  const burst = new BurstEnd(0, () => 0);
  burst.admit(1000);
  burst.lull(1000);
  assert.equal(burst.isOver, false);
});
