import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readingOf, type S0Config, s0 } from "../../../hardware/driver/s0.ts";
import type { PulseCount, PulseSettings } from "../../../hardware/port/pulse-counter.ts";
import { encodeUtf8 } from "../../../shared/base/bytes.ts";
import { fail } from "../../../shared/base/error.ts";
import { randomNumbers } from "../../support/random-numbers.ts";
import { rejectsWith, scriptSerial, throwsWith } from "../../support/sensor-doubles.ts";

async function open(config: Partial<S0Config>, count: () => PulseCount) {
  const asked: PulseSettings[] = [];
  const ports = {
    ...scriptSerial(() => []),
    async pulseCounter(settings: PulseSettings) {
      asked.push(settings);
      return { read: async () => count(), close: async () => {} };
    },
  };
  const whole = { kind: "s0", pin: 17, pulses_per_kwh: 1_000, ...config } as const;
  return { driver: await s0.open(whole, ports), asked };
}

describe("an S0 input", () => {
  test("pulses become Wh, their distance power", async () => {
    const { driver, asked } = await open({}, () => ({
      pulses: 12_345,
      intervalMs: 7_200,
      agoMs: 100,
    }));
    assert.deepEqual(await driver.read(), {
      energy: "register",
      register: 12_345,
      identity: "GPIO17 1000/kWh",
      power: 500_000,
      raw: encodeUtf8("pulses 12345"),
    });
    assert.deepEqual(asked, [
      { pin: 17, active: "low", pull: "up", debounceMs: 30, saveMs: 60_000, via: "gpiomon" },
    ]);
    assert.equal(await driver.probe(), "S0 input on GPIO17: 12345 pulses, 1000 a kWh");
  });

  test("settings", async () => {
    const config = { active: "high", debounce_ms: 5, save_s: 10, via: "onoff" } as const;
    const { asked } = await open(config, () => ({ pulses: 0 }));
    assert.deepEqual(asked, [
      { pin: 17, active: "high", pull: "down", debounceMs: 5, saveMs: 10_000, via: "onoff" },
    ]);
    assert.equal((await open({ pull: "none" }, () => ({ pulses: 0 }))).asked[0]?.pull, "none");
  });

  test("a pulse that is overdue says that there is less power", () => {
    const power = (agoMs: number) =>
      readingOf({ pulses: 9, intervalMs: 1_000, agoMs }, 1_000).power;
    assert.deepEqual(
      [0, 999, 2_000, 36_000, 3_600_000].map(power),
      [3_600_000, 3_600_000, 1_800_000, 100_000, 1_000],
    );
  });

  test("no power before the second pulse", () => {
    assert.ok(!("power" in readingOf({ pulses: 9 }, 1_000)));
    assert.ok(!("power" in readingOf({ pulses: 9, agoMs: 5 }, 1_000)));
    assert.ok(!("power" in readingOf({ pulses: 9, intervalMs: 0, agoMs: 0 }, 1_000)));
  });

  test("the input's failure is the sensor's", async () => {
    const { driver } = await open({}, () => fail("sensor-gone", "gpiomon ended"));
    await rejectsWith(driver.read(), "sensor-gone");
    await rejectsWith(driver.probe(), "sensor-gone");
  });

  test("nobody looks for it; its constant is no guess", () => {
    assert.deepEqual(s0.candidates({ kind: "serial", port: "x" }), []);
    throwsWith(() => s0.decode({ kind: "s0", pin: 17 }, "c"), "schema");
    throwsWith(() => s0.decode({ kind: "s0", pin: 54, pulses_per_kwh: 1_000 }, "c"), "schema");
    throwsWith(() => s0.decode({ kind: "s0", pin: 4, pulses_per_kwh: 0 }, "c"), "schema");
  });
});

test("any count: the register is exact, and never goes back", () => {
  const random = randomNumbers(16);
  for (let i = 0; i < 100_000; i++) {
    const perKwh = 1 + random(20_000);
    const pulses = random(2 ** 31) * (1 + random(1_000));
    const { register = -1, power = 0 } = readingOf(
      { pulses, intervalMs: random(1_000_000) / 1_000, agoMs: random(1_000_000) },
      perKwh,
    );
    // register ≤ pulses × 1000 / perKwh < register + 1, without a fraction.
    const [wh, milli] = [BigInt(register) * BigInt(perKwh), BigInt(pulses) * 1000n];
    assert.ok(wh <= milli && milli < wh + BigInt(perKwh));
    const next = readingOf({ pulses: pulses + 1 }, perKwh).register ?? -1;
    assert.ok(next >= register);
    assert.ok(Number.isSafeInteger(register) && Number.isSafeInteger(power));
  }
});
