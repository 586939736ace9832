import assert from "node:assert/strict";
import { test } from "node:test";
import { createClock, ManualClock, parseClockSpec, unixNow } from "../../../shared/base/clock.ts";
import { codeOf } from "../../support/code-of.ts";

test("a simulated clock runs at its rate from an origin that all processes share", () => {
  const system = new ManualClock(1_000_000);
  const spec = parseClockSpec("simulated:1000000:1704067200:21600");
  const clock = createClock(spec, system);
  assert.equal(clock.wallMs(), 1_704_067_200_000);
  const before = clock.monotonicMs();
  system.advance(4_000);
  assert.equal(unixNow(clock), 1_704_067_200 + 86_400);
  assert.equal(clock.monotonicMs() - before, 86_400_000);
});

test("the real clock is the system's", () => {
  const system = new ManualClock(5);
  assert.equal(createClock(parseClockSpec("real"), system), system);
});

test("a clock step moves civil time and not durations", () => {
  const clock = new ManualClock(1_000);
  clock.setWall(500);
  assert.equal(clock.wallMs(), 500);
  assert.equal(clock.monotonicMs(), 0);
});

test("other clock specifications are refused", () => {
  for (const text of ["", "fast", "simulated:1:2", "simulated:1:2:0", "simulated:1:2:3:4"]) {
    assert.equal(
      codeOf(() => parseClockSpec(text)),
      "schema",
    );
  }
});
