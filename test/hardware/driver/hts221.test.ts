import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { hts221, parseHts221 } from "../../../hardware/driver/hts221.ts";
import type { I2cDevice } from "../../../hardware/simulated/simulated-i2c-bus.ts";
import { SimulatedTiming } from "../../../hardware/simulated/simulated-timing.ts";
import { concatBytes } from "../../../shared/base/bytes.ts";
import { Hts221Device } from "../../support/i2c-climate-devices.ts";
import { rejectsWith, scriptI2c, throwsWith } from "../../support/sensor-doubles.ts";

interface Points {
  /** H0×2, H1×2, T0×8, T1×8 as the data sheet stores them. */
  readonly known: readonly [number, number, number, number];
  /** H0_OUT, H1_OUT, T0_OUT, T1_OUT. */
  readonly output: readonly [number, number, number, number];
}

function calibration({ known, output }: Points): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(16));
  const [h0, h1, t0, t1] = known;
  [h0, h1, t0 & 255, t1 & 255].forEach((value, i) => {
    bytes.setUint8(i, value);
  });
  bytes.setUint8(5, (t0 >> 8) | ((t1 >> 8) << 2));
  [6, 10, 12, 14].forEach((at, i) => {
    bytes.setInt16(at, output[i] ?? 0, true);
  });
  return new Uint8Array(bytes.buffer);
}

function outputs(humidity: number, temperature: number): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(4));
  bytes.setInt16(0, humidity, true);
  bytes.setInt16(2, temperature, true);
  return new Uint8Array(bytes.buffer);
}

function parse(points: Points, humidity: number, temperature: number) {
  return parseHts221(
    concatBytes(Uint8Array.of(0xbc), calibration(points), outputs(humidity, temperature)),
  );
}

const POINTS: Points = { known: [40, 170, 80, 320], output: [4_000, -10_000, 300, 1_300] };

async function open(device: I2cDevice, timing: SimulatedTiming) {
  return hts221.open({ kind: "hts221", bus: 1 }, scriptI2c(0x5f, device, timing));
}

describe("HTS221", () => {
  test("between its calibration points: 52.50 %, 22.0 °C", () => {
    const reading = parse(POINTS, -3_000, 700);
    assert.deepEqual(
      [reading.humidity, reading.temperature, reading.energy],
      [5_250, 22_000, "none"],
    );
  });

  test("the data sheet's table: 300 is 10 °C, 500 is 20 °C, so 400 is 15 °C", () => {
    const points: Points = { known: [40, 170, 80, 160], output: [4_000, -10_000, 300, 500] };
    for (const [raw, celsius] of [
      [300, 10],
      [400, 15],
      [500, 20],
    ] as const) {
      assert.equal(parse(points, 4_000, raw).temperature, celsius * 1_000);
    }
  });

  test("below zero, and with the higher bits of both temperatures", () => {
    const points: Points = { known: [40, 170, 80, 280], output: [4_000, -10_000, -258, 2_570] };
    assert.equal(parse(points, 4_000, -2_000).temperature, -5_400);
    const high: Points = { known: [40, 170, 0x150, 0x2f0], output: [4_000, -10_000, 0, 1_000] };
    assert.equal(parse(high, 4_000, 0).temperature, 42_000);
    assert.equal(parse(high, 4_000, 1_000).temperature, 94_000);
  });

  test("a line that leads a little beyond 0 or 100 % is cut, far beyond is refused", () => {
    assert.equal(parse(POINTS, 4_000 + 5_000, 700).humidity, 0);
    assert.equal(parse(POINTS, -10_000 - 4_000, 700).humidity, 10_000);
    throwsWith(() => parse(POINTS, 32_767, 700), "sensor-range");
    throwsWith(() => parse(POINTS, -32_768, 700), "sensor-range");
    throwsWith(() => parse(POINTS, -3_000, 32_767), "sensor-range");
  });

  test("a blank calibration, another part, a wrong length", () => {
    throwsWith(() => parse({ known: [0, 0, 0, 0], output: [0, 0, 0, 0] }, 0, 0), "sensor-range");
    throwsWith(() => parseHts221(new Uint8Array(21)), "sensor-gone");
    throwsWith(() => parseHts221(Uint8Array.of(0xbc)), "sensor-range");
  });

  test("measures one time on request and leaves the part off", async () => {
    const timing = new SimulatedTiming();
    const device = new Hts221Device(timing, calibration(POINTS), outputs(-3_000, 700));
    const driver = await open(device, timing);
    assert.equal((await driver.read()).humidity, 5_250);
    device.output = outputs(-10_000, 1_300);
    assert.equal((await driver.read()).humidity, 8_500);
    assert.equal(device.bytes[0x20], 0);
    assert.match(await driver.probe(), /HTS221 at address 0x5f: 40\.0 °C, 85\.0 %/);
  });

  test("a part that was reset while it measured never gets ready; the next reading is good", async () => {
    const timing = new SimulatedTiming();
    const device = new Hts221Device(timing, calibration(POINTS), outputs(-3_000, 700));
    const driver = await open(device, timing);
    const sleep = timing.sleep.bind(timing);
    let resets = 1;
    timing.sleep = async (ms) => {
      if (resets-- > 0) device.reset();
      await sleep(ms);
    };
    await rejectsWith(driver.read(), "sensor-busy");
    assert.equal((await driver.read()).temperature, 22_000);
  });

  test("a part that somebody else has switched on is named, not touched", async () => {
    const timing = new SimulatedTiming();
    const device = new Hts221Device(timing, calibration(POINTS), outputs(-3_000, 700));
    device.bytes[0x20] = 0x87;
    assert.equal(await (await open(device, timing)).probe(), "HTS221 at address 0x5f");
    assert.equal(device.bytes[0x20], 0x87);
    device.bytes[0x0f] = 0xb1;
    await rejectsWith((await open(device, timing)).probe(), "sensor-gone");
  });
});
