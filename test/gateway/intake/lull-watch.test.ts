import assert from "node:assert/strict";
import { test } from "node:test";
import { LullWatch } from "../../../gateway/intake/lull-watch.ts";

function createWorld() {
  const world = { idle: true, passed: 0, lulls: [] as number[], due: [] as (() => void)[] };
  const watch = new LullWatch({
    isIdle: () => world.idle,
    passed: () => world.passed,
    wait: (_ms, then) => world.due.push(then),
    onLull: (passed) => world.lulls.push(passed),
  });
  const pass = (): void => {
    for (const then of world.due.splice(0)) then();
  };
  return { world, watch, pass };
}

test("says once that no more comes, when a moment has passed", () => {
  const { world, watch, pass } = createWorld();
  world.passed = 7;
  watch.look();
  watch.look();
  assert.equal(world.due.length, 1);
  assert.deepEqual(world.lulls, []);
  pass();
  assert.deepEqual(world.lulls, [7]);
  pass();
  assert.deepEqual(world.lulls, [7]);
});

test("says nothing while a worker is at work", () => {
  const { world, watch, pass } = createWorld();
  world.idle = false;
  watch.look();
  assert.equal(world.due.length, 0);
  pass();
  assert.deepEqual(world.lulls, []);
});

test("what came within the moment is waited for", () => {
  const { world, watch, pass } = createWorld();
  world.passed = 7;
  watch.look();
  world.passed = 9;
  world.idle = false;
  pass();
  assert.deepEqual(world.lulls, []);
  assert.equal(world.due.length, 0, "the worker's answer is the next reason to look");
  world.idle = true;
  watch.look();
  world.passed = 10;
  pass();
  assert.deepEqual(world.lulls, []);
  pass();
  assert.deepEqual(world.lulls, [10], "what came and was judged within it begins the moment anew");
});
