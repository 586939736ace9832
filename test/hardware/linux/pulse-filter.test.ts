import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Pulse, PulseFilter } from "../../../hardware/linux/pulse-filter.ts";
import { randomNumbers } from "../../support/random-numbers.ts";

/** The pulses of an input that is low at the given times. */
function filter(
  low: readonly (readonly [fromMs: number, toMs: number])[],
  debounceMs = 30,
): Pulse[] {
  const pulses = new PulseFilter(0, debounceMs);
  return low.flatMap(([from, to]) => {
    assert.equal(pulses.add({ level: 0, atMs: from }), undefined);
    return pulses.add({ level: 1, atMs: to }) ?? [];
  });
}

describe("pulses of an input", () => {
  test("as the standard has them: 30 ms with 30 ms between, and slower ones", () => {
    const pulses = filter([
      [0, 30],
      [60, 90],
      [1_060, 1_160],
    ]);
    assert.deepEqual(pulses, [{}, { intervalMs: 60 }, { intervalMs: 1_000 }]);
  });

  test("contact bounce at either end is one pulse", () => {
    const bouncing = [
      [0, 0.2],
      [0.9, 1.1],
      [3, 50],
      [50.3, 51],
      [54, 54.1],
    ] as const;
    assert.deepEqual(filter(bouncing), [{}]);
    assert.deepEqual(filter(bouncing.map(([from, to]) => [from + 100, to + 100])), [{}]);
  });

  test("a drop-out in the middle is one pulse", () => {
    assert.equal(
      filter([
        [0, 25],
        [26, 55],
      ]).length,
      1,
    );
  });

  test("disturbances on the wire are none", () => {
    assert.deepEqual(
      filter([
        [0, 0.001],
        [500, 509.9],
        [900, 901],
      ]),
      [],
    );
  });

  test("without debouncing every one counts", () => {
    assert.equal(
      filter(
        [
          [0, 1],
          [2, 3],
        ],
        0,
      ).length,
      2,
    );
  });

  test("one that began before anybody looked does not count, nor does its interval", () => {
    const pulses = new PulseFilter(1, 30);
    assert.equal(pulses.add({ level: 0, atMs: 5 }), undefined);
    pulses.add({ level: 1, atMs: 100 });
    assert.deepEqual(pulses.add({ level: 0, atMs: 200 }), {});
    pulses.reset();
    assert.equal(pulses.add({ level: 0, atMs: 300 }), undefined);
    pulses.add({ level: 1, atMs: 400 });
    assert.deepEqual(pulses.add({ level: 0, atMs: 500 }), {});
  });

  test("a clock that was set back spoils an interval, not the count", () => {
    const pulses = new PulseFilter(0, 30);
    const at = (ms: number): Pulse | undefined => {
      pulses.add({ level: 0, atMs: ms });
      return pulses.add({ level: 1, atMs: ms + 40 });
    };
    assert.deepEqual(at(10_000), {});
    assert.deepEqual(at(1_000), {});
    assert.deepEqual(at(2_000), { intervalMs: 1_000 });
  });
});

test("any edges: as many pulses as fit into the time, with intervals that are none too short", () => {
  const random = randomNumbers(14);
  const pulses = new PulseFilter(0, 30);
  let atMs = 0;
  let count = 0;
  for (let i = 0; i < 100_000; i++) {
    atMs += random(40_000) / 1_000;
    const pulse = pulses.add({ level: random(2) === 0 ? 0 : 1, atMs });
    if (pulse === undefined) continue;
    count += 1;
    assert.ok(pulse.intervalMs === undefined || pulse.intervalMs >= 30);
  }
  assert.ok(count > 1_000 && count <= atMs / 30, `${count} pulses in ${atMs} ms`);
});
