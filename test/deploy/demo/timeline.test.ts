// deploy/demo/timeline.ts: simulated time goes on over restarts and never goes back.
import assert from "node:assert/strict";
import { test } from "node:test";

import { openTimeline } from "../../../deploy/demo/timeline.ts";
import { createClock, parseClockSpec } from "../../../shared/base/clock.ts";
import { makeTestFolder } from "../../support/process.ts";

const FIRST = 1_704_063_600;

function makeTimeline() {
  const folder = makeTestFolder();
  let now = 1_000_000;
  const nowMs = () => now;
  const open = () => openTimeline({ folder, firstInstant: FIRST, secondsPerDay: 4, nowMs });
  return {
    open,
    nowMs,
    advance: (ms: number) => {
      now += ms;
    },
  };
}

test("a new demo begins with its first instant and a day takes four seconds", () => {
  const { open, advance } = makeTimeline();
  const timeline = open();
  assert.equal(timeline.continued, false);
  advance(60_000);
  timeline.begin();
  assert.equal(timeline.now(), FIRST);
  advance(timeline.msOfDays(2));
  assert.equal(timeline.now(), FIRST + 2 * 86_400);
  timeline.stop();
});

test("all processes read the same instant from the clock specification", () => {
  const { open, advance, nowMs } = makeTimeline();
  const timeline = open();
  const system = { wallMs: nowMs, monotonicMs: nowMs };
  const still = createClock(parseClockSpec(timeline.stillClock()), system);
  assert.equal(still.wallMs(), FIRST * 1000);
  const clock = createClock(parseClockSpec(timeline.begin()), system);
  advance(1234);
  assert.equal(Math.floor(clock.wallMs() / 1000), timeline.now());
  timeline.stop();
});

test("after a stop the next start goes on with that instant", () => {
  const { open, advance } = makeTimeline();
  const first = open();
  first.begin();
  advance(10_000);
  first.stop();
  const last = first.now();
  advance(3_600_000);
  const second = open();
  assert.equal(second.continued, true);
  second.begin();
  assert.equal(second.now(), last);
  second.stop();
});

test("after a crash the next start is past all that the last one can have reached", () => {
  const { open, advance } = makeTimeline();
  const first = open();
  first.begin();
  advance(999);
  const reached = first.now();
  const second = open();
  second.begin();
  assert.ok(second.now() >= reached);
  first.stop();
  second.stop();
});
