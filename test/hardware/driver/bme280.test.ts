import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { bme280, parseBme280 } from "../../../hardware/driver/bme280.ts";
import type { I2cDevice } from "../../../hardware/simulated/simulated-i2c-bus.ts";
import { SimulatedTiming } from "../../../hardware/simulated/simulated-timing.ts";
import { concatBytes, decodeHex } from "../../../shared/base/bytes.ts";
import { Bme280Device } from "../../support/i2c-climate-devices.ts";
import { rejectsWith, scriptI2c, throwsWith } from "../../support/sensor-doubles.ts";

/** The data sheet's calibration for temperature and pressure, one of our own for humidity. */
const CALIBRATION = decodeHex("706b436718fc7d8e43d6d00b270b8c00f9ff8c3cf8c67017004b");
const HUMIDITY = decodeHex("6a0100132b031e");
const DATA = decodeHex("655ac07eed006978");
const RAW = concatBytes(Uint8Array.of(0x60), CALIBRATION, HUMIDITY, DATA);

function altered(offset: number, ...bytes: number[]): Uint8Array {
  const raw = RAW.slice();
  raw.set(bytes, offset);
  return raw;
}

function create(timing: SimulatedTiming): Bme280Device {
  return new Bme280Device(timing, CALIBRATION, HUMIDITY, DATA);
}

async function open(device: I2cDevice, timing: SimulatedTiming) {
  return bme280.open({ kind: "bme280", bus: 1 }, scriptI2c(0x76, device, timing));
}

/** The formulas of the data sheet's appendix 8.1 in double precision: another way to the same values. */
function compensateInDoubles(
  adcT: number,
  adcH: number,
  h4 = 315,
  h5 = 50,
): { celsius: number; percent: number } {
  const [t1, t2, t3] = [27_504, 26_435, -1_000];
  const [h1, h2, h3, h6] = [75, 362, 0, 30];
  const x = adcT / 131_072 - t1 / 8_192;
  const fine = (adcT / 16_384 - t1 / 1_024) * t2 + x * x * t3;
  const warmth = Math.trunc(fine) - 76_800;
  const slope = 1 + (h6 / 67_108_864) * warmth * (1 + (h3 / 67_108_864) * warmth);
  let h = (adcH - (h4 * 64 + (h5 / 16_384) * warmth)) * ((h2 / 65_536) * slope);
  h *= 1 - (h1 * h) / 524_288;
  return { celsius: fine / 5_120, percent: Math.min(100, Math.max(0, h)) };
}

describe("BME280", () => {
  test("the data sheet's example: 25.08 °C; humidity 37.56 %", () => {
    const reading = parseBme280(RAW);
    assert.deepEqual(
      [reading.temperature, reading.humidity, reading.energy, reading.raw],
      [25_080, 3_756, "none", RAW],
    );
  });

  test("the 32-bit formulas agree with the ones in double precision over the whole range", () => {
    for (let adcT = 320_000; adcT < 710_000; adcT += 4_321) {
      for (let adcH = 20_000; adcH < 46_000; adcH += 1_777) {
        const t = [adcT >> 12, (adcT >> 4) & 255, (adcT & 15) << 4];
        const { temperature = 0, humidity = 0 } = parseBme280(
          altered(37, ...t, adcH >> 8, adcH & 255),
        );
        const exact = compensateInDoubles(adcT, adcH);
        assert.ok(Math.abs(temperature - exact.celsius * 1_000) <= 10.5, `T ${adcT}`);
        assert.ok(Math.abs(humidity - exact.percent * 100) <= 3, `RH ${adcT} ${adcH}`);
      }
    }
  });

  test("H4 and H5 are signed 12-bit values that share a byte", () => {
    // H4 = -200 (F38), H5 = -50 (FCE): E4 = F3, E5 = E8, E6 = FC; a result of 1,000.
    const raw = altered(30, 0xf3, 0xe8, 0xfc);
    raw.set([1_000 >> 8, 1_000 & 255], 40);
    const exact = compensateInDoubles(519_888, 1_000, -200, -50);
    const { humidity = 0 } = parseBme280(raw);
    assert.ok(exact.percent > 20 && exact.percent < 90, String(exact.percent));
    assert.ok(Math.abs(humidity - exact.percent * 100) <= 3, `${humidity} ${exact.percent}`);
  });

  test("markers of what was not measured, a blank calibration, the range, another part, a wrong length", () => {
    throwsWith(() => parseBme280(altered(37, 0x80, 0, 0)), "sensor-busy");
    throwsWith(() => parseBme280(altered(40, 0x80, 0)), "sensor-busy");
    throwsWith(() => parseBme280(altered(1, 0, 0)), "sensor-range");
    throwsWith(() => parseBme280(altered(1, 0xff, 0xff)), "sensor-range");
    throwsWith(() => parseBme280(altered(37, 0xff, 0xff, 0xf0)), "sensor-range");
    throwsWith(() => parseBme280(altered(37, 0, 0, 0)), "sensor-range");
    throwsWith(() => parseBme280(altered(0, 0x61)), "sensor-gone");
    throwsWith(() => parseBme280(RAW.subarray(0, 41)), "sensor-range");
  });

  test("measures on a part that sleeps, with humidity set before the start, no pressure", async () => {
    const timing = new SimulatedTiming();
    const device = create(timing);
    const driver = await open(device, timing);
    const reading = await driver.read();
    assert.deepEqual([reading.temperature, reading.humidity], [25_080, 3_756]);
    assert.deepEqual(reading.raw.subarray(34, 37), decodeHex("800000"));
    assert.match(await driver.probe(), /BME280 at address 0x76: 25\.1 °C, 37\.6 %/);
  });

  test("a reset while it measures is measured again; one that always comes is busy", async () => {
    const timing = new SimulatedTiming();
    const device = create(timing);
    const driver = await open(device, timing);
    let resets = 1;
    const sleep = timing.sleep.bind(timing);
    timing.sleep = async (ms) => {
      if (resets > 0 && device.measurements > 0) {
        resets--;
        device.reset();
      }
      await sleep(ms);
    };
    assert.equal((await driver.read()).temperature, 25_080);
    assert.equal(device.measurements, 2);
    resets = 99;
    await rejectsWith(driver.read(), "sensor-busy");
  });

  test("a BMP280 gives its temperature and no humidity", async () => {
    const timing = new SimulatedTiming();
    const device = create(timing);
    device.bytes[0xd0] = 0x58;
    const driver = await open(device, timing);
    const reading = await driver.read();
    assert.equal(reading.temperature, 25_080);
    assert.ok(!("humidity" in reading));
    assert.match(await driver.probe(), /BMP280 at address 0x76: 25\.1 °C, no humidity/);
  });

  test("a part that somebody else has set to measure all the time is named, not touched", async () => {
    const timing = new SimulatedTiming();
    const device = create(timing);
    device.bytes[0xf4] = 0x27;
    assert.equal(await (await open(device, timing)).probe(), "BME280 at address 0x76");
    assert.equal(device.bytes[0xf4], 0x27);
    assert.equal(device.measurements, 0);
  });

  test("replies that differ each time are disturbed", async () => {
    const timing = new SimulatedTiming();
    const device = create(timing);
    let noise = 0;
    const disturbed: I2cDevice = {
      write: (bytes) => device.write(bytes),
      read(length) {
        const reply = device.read(length);
        if (length === 26 && reply !== undefined) reply[5] = noise++;
        return reply;
      },
    };
    await rejectsWith((await open(disturbed, timing)).read(), "sensor-crc");
  });
});
