import assert from "node:assert/strict";
import { test } from "node:test";
import { Scheduler } from "../../../gateway/app/scheduler.ts";
import { ManualClock } from "../../../shared/base/clock.ts";

const NOON = 1_704_106_800;

function createWorld(
  more: { mining?: boolean; refusal?: "store-old"; mineQuietRecords?: number } = {},
) {
  const clock = new ManualClock(NOON * 1000);
  const tip = { time: NOON - 3600, height: 5 };
  const world = {
    clock,
    tip,
    held: 0,
    room: Number.POSITIVE_INFINITY,
    mined: 0,
    billedAt: [] as number[],
    refused: [] as string[],
  };
  let finish: () => void = () => {};
  const scheduler = new Scheduler({
    ledger: { heldCount: () => world.held, tipHeader: () => ({ ...tip }) },
    clock,
    realMs: () => clock.monotonicMs(),
    timeZone: "Europe/Berlin",
    mineAfterMs: 60_000,
    mineAtRecords: 100,
    mineQuietRecords: more.mineQuietRecords ?? 0,
    mining: more.mining ?? true,
    mine: () =>
      new Promise((resolve) => {
        finish = () => {
          const records = Math.min(world.room, world.held);
          world.mined += 1;
          world.held -= records;
          tip.height += 1;
          tip.time = Math.floor(clock.wallMs() / 1000);
          resolve(records);
        };
      }),
    bill: () => world.billedAt.push(tip.height),
    refusal: () => more.refusal,
    onRefusal: (code) => world.refused.push(code),
  });
  const tick = async (): Promise<void> => {
    const done = scheduler.tick();
    finish();
    finish = () => {};
    await done;
  };
  return { world, scheduler, tick };
}

test("mines when the oldest record has waited its time, not before", async () => {
  const { world, tick } = createWorld();
  await tick();
  world.held = 1;
  await tick();
  world.clock.advance(59_999);
  await tick();
  assert.equal(world.mined, 0);
  world.clock.advance(1);
  await tick();
  assert.equal(world.mined, 1);
  world.held = 1;
  await tick();
  assert.equal(world.mined, 1, "the next record waits anew");
});

test("mines at once when a block is full", async () => {
  const { world, tick } = createWorld();
  world.held = 100;
  await tick();
  assert.equal(world.mined, 1);
});

test("what a burst brought is mined as soon as it is over, in as many blocks as it takes", async () => {
  const { world, scheduler, tick } = createWorld();
  world.held = 60;
  await tick();
  assert.equal(world.mined, 0, "more keeps coming");
  world.room = 25;
  scheduler.endBurst();
  for (let look = 0; look < 3; look++) await tick();
  assert.deepEqual([world.mined, world.held], [3, 0]);
  world.held = 1;
  await tick();
  assert.equal(world.mined, 3, "a record of later waits its time");
});

test("what comes while a burst is mined is not mined for its sake", async () => {
  const { world, scheduler, tick } = createWorld();
  world.held = 3;
  scheduler.endBurst();
  const first = scheduler.tick();
  world.held = 5;
  world.room = 3;
  await tick();
  await first;
  assert.deepEqual([world.mined, world.held], [1, 2]);
  await tick();
  assert.equal(world.mined, 1);
});

test("the end of a burst that left nothing mines nothing, nor does a block that was given up try again at once", async () => {
  const { world, scheduler, tick } = createWorld();
  scheduler.endBurst();
  await tick();
  assert.equal(world.mined, 0);
  world.held = 1;
  await tick();
  assert.equal(world.mined, 0);
  scheduler.endBurst();
  world.room = 0;
  await tick();
  await tick();
  assert.equal(world.mined, 1);
});

test("as many records as a burst has are mined once no more come, wherever they came from", async () => {
  const { world, tick } = createWorld({ mineQuietRecords: 20 });
  const off = createWorld({ mineQuietRecords: 0 });
  for (world.held = 10; world.held < 60; world.held += 10) await tick();
  assert.equal(world.mined, 0, "more keeps coming");
  off.world.held = 99;
  for (let look = 0; look < 4; look++) await tick();
  for (let look = 0; look < 9; look++) await off.tick();
  assert.equal(world.mined, 0, "a few quiet looks may be chance");
  await tick();
  assert.deepEqual([world.mined, off.world.mined], [1, 0]);
  world.held = 19;
  for (let look = 0; look < 9; look++) await tick();
  assert.equal(world.mined, 1, "fewer wait their time");
});

test("mines once after local midnight even if nothing waits", async () => {
  const { world, tick } = createWorld();
  world.clock.advance(12 * 3_600_000);
  await tick();
  world.clock.advance(60_000);
  await tick();
  assert.equal(world.mined, 1);
  world.clock.advance(3_600_000);
  await tick();
  assert.equal(world.mined, 1);
});

test("looks for due bills at each new block of the present day, once", async () => {
  const { world, tick } = createWorld();
  await tick();
  await tick();
  assert.deepEqual(world.billedAt, [5]);
  world.held = 100;
  await tick();
  await tick();
  assert.deepEqual(world.billedAt, [5, 6]);
});

test("does not mine 600 s behind its tip, and says so once; mines again when the clock is right", async () => {
  const { world, tick } = createWorld();
  world.tip.time = NOON + 601;
  world.held = 100;
  await tick();
  await tick();
  assert.deepEqual([world.mined, world.refused], [0, ["clock-behind"]]);
  world.clock.advance(1000);
  await tick();
  assert.equal(world.mined, 1);
});

test("does not mine on a store older than what it signed, nor when mining is off", async () => {
  const old = createWorld({ refusal: "store-old" });
  old.world.held = 100;
  await old.tick();
  assert.deepEqual([old.world.mined, old.world.refused], [0, ["store-old"]]);
  const off = createWorld({ mining: false });
  off.world.held = 100;
  await off.tick();
  assert.deepEqual([off.world.mined, off.world.refused], [0, []]);
});

test("one block at a time", async () => {
  const { world, scheduler, tick } = createWorld();
  world.held = 100;
  const first = scheduler.tick();
  assert.equal(scheduler.mining, true);
  await scheduler.tick();
  await tick();
  await first;
  assert.equal(world.mined, 1);
});
