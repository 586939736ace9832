import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, type TestContext, test } from "node:test";
import type { EdgeListener } from "../../../hardware/linux/edge-source.ts";
import { type CountFolders, openLinuxPulseCounter } from "../../../hardware/linux/pulse-counter.ts";
import type { PulseCounter, PulseSettings } from "../../../hardware/port/pulse-counter.ts";
import { fail, WattproofError } from "../../../shared/base/error.ts";
import { rejectsWith } from "../../support/sensor-doubles.ts";
import { waitFor } from "../../support/wait.ts";

const SETTINGS: PulseSettings = {
  pin: 17,
  active: "low",
  pull: "up",
  debounceMs: 30,
  saveMs: 60_000,
  via: "gpiomon",
};

interface Bench {
  readonly counter: PulseCounter;
  /** Lets `count` pulses come, one a second by the time that drivers see. */
  pulse(count?: number): void;
  pass(ms: number): void;
  fail(error: WattproofError | undefined): void;
  gap(): void;
}

function folders(t: TestContext): Required<CountFolders> {
  const folder = mkdtempSync(path.join(tmpdir(), "wattproof-pulses-"));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const name of ["state", "memory"]) mkdirSync(path.join(folder, name));
  return { state: path.join(folder, "state"), memory: path.join(folder, "memory") };
}

async function open(places: CountFolders, settings = SETTINGS): Promise<Bench> {
  let listener: EdgeListener | undefined;
  let failure: WattproofError | undefined;
  let now = 0;
  const timing = { monotonicMs: () => now, sleep: async () => {} };
  const counter = await openLinuxPulseCounter(settings, places, timing, async (asked, to) => {
    assert.deepEqual(asked, settings);
    listener = to;
    return { failure: () => failure, close: async () => {} };
  });
  return {
    counter,
    pulse(count = 1) {
      for (let i = 0; i < count; i++) {
        now += 1_000;
        listener?.onEdge({ level: 0, atMs: now });
        listener?.onEdge({ level: 1, atMs: now + 40 });
      }
    },
    pass(ms) {
      now += ms;
    },
    fail(error) {
      failure = error;
    },
    gap: () => listener?.onGap(),
  };
}

const saved = (folder: string): number =>
  Math.max(
    ...[
      ...readFileSync(path.join(folder, "pulses-gpio17.count"), "latin1").matchAll(/ 1 (\d+) /g),
    ].map(([, count]) => Number(count)),
    0,
  );

describe("a counted input", () => {
  test("counts on where it was, with the interval of what it has seen itself", async (t) => {
    const { state } = folders(t);
    const first = await open({ state });
    assert.deepEqual(await first.counter.read(), { pulses: 0 });
    first.pulse();
    first.pass(500);
    assert.deepEqual(await first.counter.read(), { pulses: 1, agoMs: 500 });
    first.pulse(2);
    assert.deepEqual(await first.counter.read(), { pulses: 3, intervalMs: 1_000, agoMs: 0 });
    await first.counter.close();
    await first.counter.close();
    await rejectsWith(first.counter.read(), "sensor-gone");
    const second = await open({ state });
    second.gap();
    assert.deepEqual(await second.counter.read(), { pulses: 3 });
    second.pulse();
    assert.deepEqual(await second.counter.read(), { pulses: 4, agoMs: 0 });
    await second.counter.close();
    assert.equal(saved(state), 4);
  });

  test("is saved when that is due, to the memory sooner; a killed program loses only what is not", async (t) => {
    const places = folders(t);
    const bench = await open(places);
    bench.pulse(5);
    await waitFor("a copy", () => saved(places.memory) === 5);
    assert.equal(saved(places.state), 0);
    bench.pass(60_000);
    await waitFor("a saving", () => saved(places.state) === 5);
    bench.pulse(2);
    await waitFor("a copy", () => saved(places.memory) === 7);
    assert.equal(saved(places.state), 5);
    // As a killed program leaves it; and as a machine without power does.
    const killed = await open(places);
    assert.equal((await killed.counter.read()).pulses, 7);
    const cut = await open({ state: places.state });
    assert.equal((await cut.counter.read()).pulses, 5);
    for (const { counter } of [cut, killed, bench]) await counter.close();
  });

  test("says why it cannot see pulses, and goes on when it can", async (t) => {
    const bench = await open(folders(t));
    bench.fail(new WattproofError("sensor-busy", "gpiomon ended"));
    await rejectsWith(bench.counter.read(), "sensor-busy");
    bench.fail(undefined);
    bench.pulse();
    assert.equal((await bench.counter.read()).pulses, 1);
    await bench.counter.close();
  });

  test("an input that cannot be opened, and a folder that is not there", async (t) => {
    const { state } = folders(t);
    const timing = { monotonicMs: () => 0, sleep: async () => {} };
    const refused = openLinuxPulseCounter(SETTINGS, { state }, timing, () =>
      fail("gpio-chip", "no chip"),
    );
    await rejectsWith(refused, "gpio-chip");
    const nowhere = openLinuxPulseCounter(SETTINGS, { state: `${state}/none` }, timing);
    await rejectsWith(nowhere, "sensor-gone");
  });
});
