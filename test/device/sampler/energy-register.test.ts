/** Deltas of a sensor's counter: counting, wrap, reset, lost counts, part swap, corrupt values. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { countEnergy, mostEnergy, stepOf } from "../../../device/sampler/energy-register.ts";

const MAX_W = 25_000;
const MINUTE = { ms: 60_000, restarted: false };
const pzem = (register: number) => ({ sensor: "pzem 1", register });
const count = (before: number, after: number, elapsed = MINUTE, span?: number) =>
  countEnergy(
    pzem(before),
    { ...pzem(after), ...(span === undefined ? {} : { span }) },
    elapsed,
    MAX_W,
  );

test("a counter that counts gives its difference", () => {
  assert.deepEqual(count(1000, 1040), { wh: 40, baseline: pzem(1040) });
  assert.deepEqual(countEnergy(undefined, pzem(1000), MINUTE, MAX_W).wh, 0);
});

test("a counter that ran through its span gives the way round", () => {
  const result = count(9_999_990, 5, MINUTE, 10_000_000);
  assert.equal(result.wh, 15);
  assert.equal(result.event, "counter-wrap");
});

test("a counter that began again gives what it shows since", () => {
  const result = count(40_000, 12);
  assert.equal(result.wh, 12);
  assert.equal(result.event, "counter-reset");
});

test("a counter that lost a few counts gives nothing, and counts on from there", () => {
  const lost = count(40_000, 39_997, { ms: 7_200_000, restarted: true });
  assert.deepEqual(lost, { wh: 0, baseline: pzem(39_997), event: "counter-back" });
});

test("a counter in another epoch began again at 0, whatever it shows", () => {
  const counter = (register: number, epoch?: string) => ({
    ...pzem(register),
    ...(epoch === undefined ? {} : { epoch }),
  });
  const day = { ms: 86_400_000, restarted: true };
  // Nothing but the epoch tells these from a counter that went on, or lost a few counts.
  for (const shown of [0, 39_990, 40_000, 40_060]) {
    const next = counter(shown, "b");
    assert.deepEqual(countEnergy(counter(40_000, "a"), next, day, MAX_W), {
      wh: shown,
      baseline: next,
      event: "counter-reset",
    });
  }
  assert.equal(countEnergy(counter(40_000, "a"), counter(40_060, "a"), day, MAX_W).wh, 60);
  const jump = countEnergy(counter(40_000, "a"), counter(39_000, "b"), MINUTE, MAX_W);
  assert.deepEqual([jump.wh, jump.event], [0, "counter-jump"]);
  // A part that did not state its epoch before says nothing of it.
  assert.equal(countEnergy(counter(40_000), counter(40_060, "b"), day, MAX_W).wh, 60);
});

test("another part begins another count", () => {
  const reading = { sensor: "pzem 2", register: 500 };
  const result = countEnergy(pzem(40_000), reading, MINUTE, MAX_W);
  assert.deepEqual(result, { wh: 0, baseline: reading, event: "counter-swap" });
});

test("more than the connection can carry is not counted", () => {
  const most = mostEnergy(60_000, MAX_W);
  assert.equal(count(0, most).wh, most);
  assert.equal(count(0, most + 1).event, "counter-jump");
  assert.equal(count(0, most + 1).wh, 0);
});

test("a new part in the place of one that had counted half of its span is not a wrap", () => {
  const outage = { ms: 3 * 86_400_000, restarted: true };
  for (const elapsed of [{ ms: 60_000, restarted: true }, outage, MINUTE]) {
    const result = count(5_000_000, 3, elapsed, 10_000_000);
    assert.deepEqual([result.wh, result.event], [3, "counter-reset"]);
    const used = count(5_000_000, 4_000_000, elapsed, 10_000_000);
    assert.deepEqual([used.wh, used.event], [0, "counter-back"]);
  }
});

test("a wrap over an outage is counted as far as the time allows", () => {
  const hours = { ms: 10 * 3_600_000, restarted: true };
  assert.equal(count(9_900_000, 20_000, hours, 10_000_000).wh, 120_000);
  const back = count(9_900_000, 20_000, { ms: 60_000, restarted: true }, 10_000_000);
  assert.deepEqual([back.wh, back.event], [0, "counter-back"]);
});

test("after a restart the clock may be short of the truth, so a delta of hours is kept, and told", () => {
  const ahead = count(1000, 19_000, { ms: 20_000, restarted: true });
  assert.deepEqual([ahead.wh, ahead.event], [18_000, "counter-ahead"]);
  assert.equal(count(1000, 1030, { ms: 20_000, restarted: true }).event, undefined);
  assert.equal(count(1000, 19_000, { ms: 20_000, restarted: false }).wh, 0);
});

test("never negative, never above what the time allows, and the baseline is what was read", () => {
  const register = fc.integer({ min: 0, max: 9_999_999 });
  const elapsed = fc.integer({ min: 0, max: 86_400_000 });
  fc.assert(
    fc.property(register, register, elapsed, (before, after, ms) => {
      const result = count(before, after, { ms, restarted: false }, 10_000_000);
      const step = stepOf(before, pzem(after));
      assert.ok(result.wh >= 0 && result.wh <= mostEnergy(ms, MAX_W, step));
      assert.deepEqual(result.baseline, pzem(after));
    }),
    { seed: 7, numRuns: 500 },
  );
});
