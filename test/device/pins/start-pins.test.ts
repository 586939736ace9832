import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import type { MeterEvent } from "../../../device/meter-event.ts";
import type { Trouble } from "../../../device/pins/blink.ts";
import { decodePins, type PinsConfig } from "../../../device/pins/pins-config.ts";
import { startPins } from "../../../device/pins/start-pins.ts";
import type { PinSettings } from "../../../hardware/port/digital-pin.ts";
import { fail, WattproofError } from "../../../shared/base/error.ts";
import { FakePin } from "../../support/fake-pin.ts";
import { throwsWith } from "../../support/sensor-doubles.ts";

interface BenchOptions {
  readonly config: PinsConfig;
  readonly levels?: { readonly [pin: number]: 0 | 1 };
  readonly wasOpened?: boolean;
  readonly refused?: number;
}

/** Pauses end when the test says so. */
async function open(t: TestContext, options: BenchOptions) {
  const pinOf = new Map<number, FakePin>();
  const settings: PinSettings[] = [];
  const events: MeterEvent[] = [];
  const records: (readonly [string, string | undefined, string | undefined])[] = [];
  const kept: boolean[] = [];
  const troubles = new Set<Trouble>();
  const bench = { now: 0 };
  let waiting: { readonly ms: number; readonly end: () => void }[] = [];
  const pins = await startPins({
    config: options.config,
    async open(asked) {
      settings.push(asked);
      if (asked.pin === options.refused) fail("sensor-busy", "in use");
      const pin = new FakePin(options.levels?.[asked.pin]);
      pinOf.set(asked.pin, pin);
      return pin;
    },
    troubles: () => troubles,
    wasOpened: options.wasOpened,
    keepOpened: (opened) => kept.push(opened),
    record: (...said) => records.push([said[0], said[1], said[2]]),
    report: (event) => events.push(event),
    pause: (ms, signal) =>
      new Promise((resolve) => {
        const end = (): void => {
          waiting = waiting.filter((one) => one.end !== end);
          resolve();
        };
        waiting.push({ ms, end });
        signal.addEventListener("abort", end);
      }),
    monotonicMs: () => bench.now,
  });
  t.after(() => pins.close());
  await setImmediate();
  return {
    ...{ pins, settings, events, records, kept, troubles, bench },
    pin: (number: number): FakePin => pinOf.get(number) ?? assert.fail(`no pin ${number}`),
    waits: () => waiting.map(({ ms }) => ms),
    /** Ends the pauses of that length, or all but those without end. */
    async pass(only?: number) {
      for (const { ms, end } of waiting) if (only === undefined ? ms < 1e6 : ms === only) end();
      await setImmediate();
    },
  };
}

describe("the status light", () => {
  test("plays its rounds, follows what is wrong, and is dark at the end", async (t) => {
    const { pins, pin, pass, troubles, settings } = await open(t, { config: { led: 17 } });
    assert.deepEqual(settings, [{ pin: 17, direction: "out" }]);
    for (let i = 0; i < 3; i++) await pass();
    troubles.add("broker");
    // The second round has begun; the third shows it.
    for (let i = 0; i < 3; i++) await pass();
    const before = pin(17).written.length;
    for (let i = 0; i < 5; i++) await pass();
    assert.deepEqual(pin(17).written.slice(0, 4), [1, 0, 0, 1]);
    assert.equal(
      pin(17)
        .written.slice(before - 1, before + 4)
        .filter(Boolean).length,
      2,
    );
    await pins.close();
    await pins.close();
    assert.equal(pin(17).written.at(-1), 0);
    assert.ok(pin(17).closed);
  });

  test("the other way round, where a low level lights it", async (t) => {
    const { pins, pin } = await open(t, { config: { led: { pin: 4, lit: "low" } } });
    assert.deepEqual(pin(4).written, [0]);
    await pins.close();
    assert.deepEqual(pin(4).written, [0, 1]);
  });

  test("one that fails is reported, and nothing else stops", async (t) => {
    const { pin, pass, events, pins } = await open(t, {
      config: { led: 17, button: 22 },
      levels: { 22: 1 },
    });
    pin(17).failure = new WattproofError("sensor-gone", "EIO");
    await pass();
    assert.deepEqual(events, [{ event: "pin", pin: "led", code: "sensor-gone", reason: "EIO" }]);
    assert.ok(pin(22).watched);
    await pins.close();
    assert.ok(pin(17).closed && pin(22).closed);
  });

  test("one that cannot be opened is reported", async (t) => {
    const { events, pin } = await open(t, { config: { led: 17, tamper: 27 }, refused: 17 });
    assert.deepEqual(events, [{ event: "pin", pin: "led", code: "sensor-busy", reason: "in use" }]);
    assert.ok(pin(27).watched);
  });
});

describe("the tamper switch", () => {
  const config: PinsConfig = { tamper: 27 };

  test("a closed case at the first start is how it should be", async (t) => {
    const { pass, records, kept, settings } = await open(t, { config });
    await pass();
    assert.deepEqual(settings, [{ pin: 27, direction: "in" }]);
    assert.deepEqual(records, []);
    assert.deepEqual(kept, [false]);
  });

  test("an open one is not", async (t) => {
    const { pass, records, kept, events } = await open(t, { config, levels: { 27: 1 } });
    await pass();
    assert.deepEqual(records, [["tamper", undefined, "the case is open"]]);
    assert.deepEqual(events, [{ event: "tamper", opened: true }]);
    assert.deepEqual(kept, [true]);
  });

  test("opening and closing are events, bounce and what is over at once are not", async (t) => {
    const { pin, pass, records, kept, waits } = await open(t, { config, wasOpened: false });
    await pass();
    const flip = async (level: 0 | 1): Promise<void> => {
      pin(27).set(level);
      await setImmediate();
    };
    for (const level of [1, 0, 1, 0, 1] as const) await flip(level);
    assert.deepEqual(records, []);
    while (waits().includes(200)) await pass(200);
    assert.deepEqual(records, [["tamper", "the case is closed", "the case is open"]]);
    for (const level of [0, 1] as const) await flip(level);
    while (waits().includes(200)) await pass(200);
    assert.equal(records.length, 1);
    await flip(0);
    while (waits().includes(200)) await pass(200);
    assert.deepEqual(records[1], ["tamper", "the case is open", "the case is closed"]);
    assert.deepEqual(kept, [true, false]);
  });

  test("an opening while the meter was off is noticed at the start, and a closing", async (t) => {
    const opened = await open(t, { config, wasOpened: false, levels: { 27: 1 } });
    await opened.pass();
    assert.deepEqual(opened.records, [["tamper", "the case is closed", "the case is open"]]);
    const closed = await open(t, { config, wasOpened: true });
    await closed.pass();
    assert.deepEqual(closed.records, [["tamper", "the case is open", "the case is closed"]]);
  });

  test("the level of an open case can be low", async (t) => {
    const low: PinsConfig = { tamper: { pin: 27, opened: "low" } };
    const { pass, kept } = await open(t, { config: low });
    await pass();
    assert.deepEqual(kept, [true]);
  });

  test("is left alone at the end", async (t) => {
    const { pins, pin, records } = await open(t, { config });
    await pins.close();
    assert.ok(!pin(27).watched && pin(27).closed);
    assert.deepEqual(records, []);
  });
});

describe("the button", () => {
  test("a short press tells how the meter is, on the console and by the light", async (t) => {
    const config: PinsConfig = { led: 17, button: 22 };
    const { pin, events, troubles, bench, waits } = await open(t, { config, levels: { 22: 1 } });
    troubles.add("sensor").add("broker");
    const press = async (ms: number): Promise<void> => {
      pin(22).set(0);
      bench.now += ms;
      pin(22).set(1);
      await setImmediate();
    };
    // Bounce, and something that lies on it.
    await press(5);
    await press(60_000);
    assert.deepEqual(events, []);
    assert.deepEqual(waits(), [150]);
    await press(200);
    const status = "a sensor fails; no connection to the broker";
    assert.deepEqual(events, [{ event: "button", status }]);
    // The light breaks its round off and shows that it has heard.
    assert.deepEqual(waits(), [1_000]);
  });
});

describe("the configuration", () => {
  test("numbers, or objects with a level", () => {
    const config = {
      led: 17,
      tamper: { pin: 27, opened: "low" },
      button: { pin: 22, pressed: "high" },
    };
    assert.deepEqual(decodePins(config), config);
    assert.deepEqual(decodePins({}), {});
  });

  test("refuses pins that there are not, other names, and one pin for two things", () => {
    for (const wrong of [
      { led: 54 },
      { led: "17" },
      { lamp: 17 },
      { led: { pin: 1, lit: 1 } },
      [17],
    ]) {
      throwsWith(() => decodePins(wrong), "schema");
    }
    throwsWith(() => decodePins({ led: 17, button: { pin: 17 } }), "schema");
  });
});
