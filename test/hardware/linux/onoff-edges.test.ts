import assert from "node:assert/strict";
import { test } from "node:test";
import { watchByOnoff } from "../../../hardware/linux/onoff-edges.ts";
import { type Edge, PulseFilter } from "../../../hardware/linux/pulse-filter.ts";
import type { DigitalPin, PinLevel } from "../../../hardware/port/digital-pin.ts";

test("edges over sysfs have the time at which they were heard, and end with the watching", async () => {
  let hear: ((level: PinLevel) => void) | undefined;
  let closed = false;
  const pin: DigitalPin = {
    read: async () => 1,
    write: async () => {},
    watch(listener) {
      hear = listener;
      return () => {
        hear = undefined;
      };
    },
    async close() {
      closed = true;
    },
  };
  let now = 0;
  const edges: Edge[] = [];
  const timing = { monotonicMs: () => now, sleep: async () => {} };
  const listener = { onEdge: (edge: Edge) => edges.push(edge), onGap: () => {} };
  const source = await watchByOnoff(17, listener, timing, async (settings) => {
    assert.deepEqual(settings, { pin: 17, direction: "in" });
    return pin;
  });
  for (const [atMs, level] of [
    [5, 0],
    [45, 1],
    [1_005, 0],
    [1_045, 1],
  ] as const) {
    now = atMs;
    hear?.(level);
  }
  assert.equal(source.failure(), undefined);
  const filter = new PulseFilter(0, 30);
  assert.deepEqual(edges.map((edge) => filter.add(edge)).filter(Boolean), [
    {},
    { intervalMs: 1_000 },
  ]);
  await source.close();
  assert.ok(closed && hear === undefined);
});
