/** When days are closed: at once, each civil minute while the time is known, and never twice at once. */
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { startMinuteTick } from "../../../device/run/minute-tick.ts";

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

test("asks at once, and after each monotonic minute also without civil time", async (t) => {
  mock.timers.enable({ apis: ["setInterval"] });
  t.after(() => mock.timers.reset());
  let asked = 0;
  const tick = await startMinuteTick(async () => {
    asked++;
  });
  assert.equal(asked, 1);
  await tick.follow(undefined);
  mock.timers.tick(60_000);
  await settle();
  assert.equal(asked, 2);
  await tick.stop();
  mock.timers.tick(120_000);
  await settle();
  assert.equal(asked, 2);
});

test("asks in the first second of each civil minute while the time is known", async (t) => {
  // Two seconds before a minute; node-cron reads this clock.
  mock.timers.enable({
    apis: ["setTimeout", "setInterval", "Date"],
    now: Date.parse("2026-01-31T22:59:58Z"),
  });
  t.after(() => mock.timers.reset());
  let asked = 0;
  const tick = await startMinuteTick(async () => {
    asked++;
  });
  await tick.follow(1_000);
  for (let second = 0; second < 4; second++) {
    mock.timers.tick(1_000);
    await settle();
    await tick.follow(1_000);
  }
  assert.equal(asked, 2, "once at the start, once at the civil minute");
  await tick.stop();
});

test("a failure is thrown at the next look, and the ticks go on", async () => {
  const tick = await startMinuteTick(async () => {
    throw new Error("the disk is gone");
  });
  await assert.rejects(tick.follow(undefined), /the disk is gone/);
  await tick.stop();
});
