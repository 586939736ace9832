import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ade7878 } from "../../../hardware/driver/ade7878.ts";
import { aht20, parseAht20Reply } from "../../../hardware/driver/aht20.ts";
import type { I2cDevice } from "../../../hardware/simulated/simulated-i2c-bus.ts";
import { SimulatedTiming } from "../../../hardware/simulated/simulated-timing.ts";
import { decodeHex, encodeHex } from "../../../shared/base/bytes.ts";
import { Aht20Device } from "../../support/i2c-climate-devices.ts";
import { AdeDevice } from "../../support/i2c-power-devices.ts";
import { rejectsWith, scriptI2c, throwsWith } from "../../support/sensor-doubles.ts";

const GOOD = decodeHex("1c80000600004e");

async function open(device: I2cDevice, timing: SimulatedTiming) {
  return aht20.open({ kind: "aht20", bus: 1 }, scriptI2c(0x38, device, timing));
}

describe("AHT20", () => {
  test("vectors: 25.0 °C and 50.00 %; 25.0 °C and 55.00 %", () => {
    const reading = parseAht20Reply(GOOD);
    assert.deepEqual([reading.temperature, reading.humidity, reading.raw], [25_000, 5_000, GOOD]);
    const other = parseAht20Reply(decodeHex("188cccd6000082"));
    assert.deepEqual([other.temperature, other.humidity], [25_000, 5_500]);
  });

  test("every single-bit error of a reply, and a reply cut short, is a checksum error", () => {
    for (let bit = 0; bit < 56; bit++) {
      const flipped = GOOD.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      throwsWith(() => parseAht20Reply(flipped), "sensor-crc");
    }
    for (let length = 0; length < 7; length++) {
      throwsWith(() => parseAht20Reply(GOOD.subarray(0, length)), "sensor-crc");
    }
  });

  test("busy, not calibrated, a humidity of 0, a temperature below the range", async () => {
    const timing = new SimulatedTiming();
    const device = new Aht20Device(timing);
    device.write(decodeHex("ac3300"));
    throwsWith(() => parseAht20Reply(device.read(7)), "sensor-busy");
    device.calibrated = false;
    await timing.sleep(80);
    throwsWith(() => parseAht20Reply(device.read(7)), "sensor-busy");
    const driver = await open(device, timing);
    device.humidity = 0;
    await rejectsWith(driver.read(), "sensor-range");
    device.humidity = 0x40000;
    device.temperature = 0x100;
    await rejectsWith(driver.read(), "sensor-range");
    assert.deepEqual((await prepareAgain(device, driver)).humidity, 2_500);
  });

  async function prepareAgain(device: Aht20Device, driver: Awaited<ReturnType<typeof open>>) {
    device.calibrated = false;
    device.temperature = 0x60000;
    device.writes.length = 0;
    const reading = await driver.read();
    assert.deepEqual(device.writes.map(encodeHex), ["be0800", "ac3300"]);
    return reading;
  }

  test("a part that stays busy is busy, one that is slow is waited for", async () => {
    const timing = new SimulatedTiming();
    const device = new Aht20Device(timing);
    let left = 3;
    const slow: I2cDevice = {
      write: (bytes) => device.write(bytes),
      read: (length) =>
        length > 1 && left-- > 0 ? decodeHex("98000000000000") : device.read(length),
    };
    assert.equal((await (await open(slow, timing)).read()).temperature, 25_000);
    const stuck: I2cDevice = { write: () => true, read: () => decodeHex("98000000000000") };
    await rejectsWith((await open(stuck, timing)).read(), "sensor-busy");
  });

  test("probe names the part, and leaves an ADE7878 at its address alone", async () => {
    const timing = new SimulatedTiming();
    const text = await (await open(new Aht20Device(timing), timing)).probe();
    assert.match(text, /AHT20 at address 0x38: 25\.0 °C, 50\.0 %/);
    const chip = new AdeDevice();
    const written: string[] = [];
    const other: I2cDevice = {
      write: (bytes) => {
        written.push(encodeHex(bytes));
        return chip.write(bytes);
      },
      read: (length) => chip.read(length),
    };
    await rejectsWith((await open(other, timing)).probe(), "sensor-gone");
    assert.deepEqual(written, ["e60e"]);
  });

  test("probe writes nothing to a port expander at its address, whose pins would follow", async () => {
    const written: Uint8Array[] = [];
    const expander: I2cDevice = {
      write: (bytes) => written.push(bytes) > 0,
      read: (length) => new Uint8Array(length).fill(0xf7),
    };
    await rejectsWith((await open(expander, new SimulatedTiming())).probe(), "sensor-gone");
    const chip = await ade7878.open(
      { kind: "ade7878", bus: 1 },
      scriptI2c(0x38, expander, new SimulatedTiming()),
    );
    await rejectsWith(chip.probe(), "sensor-gone");
    assert.deepEqual(written, []);
  });
});
