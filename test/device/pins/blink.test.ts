import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  blink,
  blinkAll,
  describeTroubles,
  type Step,
  type Trouble,
} from "../../../device/pins/blink.ts";

/** Flashes of a round, separated by darkness that is longer than that between flashes. */
function count(steps: readonly Step[]): number[] {
  const groups: number[] = [];
  let dark = Number.POSITIVE_INFINITY;
  for (const { lit, ms } of steps) {
    if (lit && dark >= 1_000) groups.push(1);
    else if (lit) groups.push((groups.pop() ?? 0) + 1);
    dark = lit ? 0 : ms;
  }
  return groups;
}

const of = (...troubles: Trouble[]): ReadonlySet<Trouble> => new Set(troubles);

describe("the status light", () => {
  test("flashes once when all is well, and else as often as says what is wrong", () => {
    assert.deepEqual(count(blink(of())), [1]);
    assert.deepEqual(count(blink(of("broker"))), [2]);
    assert.deepEqual(count(blink(of("sensor"))), [3]);
    assert.deepEqual(count(blink(of("clock"))), [4]);
    assert.deepEqual(count(blink(of("alarm"))), [5]);
  });

  test("shows the most urgent of several, and all of them when asked", () => {
    const all = of("broker", "alarm", "clock", "sensor");
    assert.deepEqual(count(blink(all)), [3]);
    assert.deepEqual(count(blinkAll(all)), [1, 3, 4, 5, 2]);
    assert.deepEqual(count(blinkAll(of())), [1, 1]);
    assert.deepEqual(blinkAll(all)[0], { lit: true, ms: 1_000 });
  });

  test("a round begins with a flash and ends in darkness long enough to count by", () => {
    for (const troubles of [of(), of("broker"), of("alarm")]) {
      const steps = blink(troubles);
      assert.equal(steps[0]?.lit, true);
      const last = steps.at(-1);
      assert.ok(last !== undefined && !last.lit && last.ms >= 1_200);
      assert.ok(steps.reduce((sum, { ms }) => sum + ms, 0) >= 3_000);
    }
  });

  test("the same in words", () => {
    assert.equal(describeTroubles(of()), "all is well");
    const text = describeTroubles(of("broker", "sensor"));
    assert.equal(text, "a sensor fails; no connection to the broker");
  });
});
