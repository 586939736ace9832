import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseSht4xReply, sht4x } from "../../../hardware/driver/sht4x.ts";
import type { I2cDevice } from "../../../hardware/simulated/simulated-i2c-bus.ts";
import { SimulatedTiming } from "../../../hardware/simulated/simulated-timing.ts";
import { decodeHex } from "../../../shared/base/bytes.ts";
import { Sht4xDevice } from "../../support/i2c-climate-devices.ts";
import { rejectsWith, scriptI2c, throwsWith } from "../../support/sensor-doubles.ts";

const GOOD = decodeHex("6666938000a2");

async function open(device: I2cDevice, timing: SimulatedTiming) {
  return sht4x.open({ kind: "sht4x", bus: 1 }, scriptI2c(0x44, device, timing));
}

describe("SHT4x", () => {
  test("vectors: 25.000 °C and 56.50 %; its humidity is not the SHT3x's", () => {
    const reading = parseSht4xReply(GOOD);
    assert.deepEqual(
      [reading.temperature, reading.humidity, reading.energy, reading.raw],
      [25_000, 5_650, "none", GOOD],
    );
  });

  test("humidity is cut to 0 to 100 %, as the data sheet says", () => {
    assert.equal(parseSht4xReply(decodeHex("666693000081")).humidity, 0);
    assert.equal(parseSht4xReply(decodeHex("666693ffffac")).humidity, 10_000);
  });

  test("temperatures beyond the part's range are refused", () => {
    throwsWith(() => parseSht4xReply(decodeHex("0000818000a2")), "sensor-range");
    throwsWith(() => parseSht4xReply(decodeHex("ffffac8000a2")), "sensor-range");
  });

  test("every single-bit error of a reply, and a reply cut short, is a checksum error", () => {
    for (let bit = 0; bit < 48; bit++) {
      const flipped = GOOD.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      throwsWith(() => parseSht4xReply(flipped), "sensor-crc");
    }
    for (let length = 0; length < 6; length++) {
      throwsWith(() => parseSht4xReply(GOOD.subarray(0, length)), "sensor-crc");
    }
  });

  test("measures on a part, waits for it, never heats it, and names it by its serial number", async () => {
    const timing = new SimulatedTiming();
    const device = new Sht4xDevice(timing, 0x0badcafe);
    const driver = await open(device, timing);
    assert.equal((await driver.read()).temperature, 25_000);
    assert.match(await driver.probe(), /SHT4x at address 0x44: serial 0badcafe/);
    assert.equal(device.heated, 0);
  });

  test("a part that never answers is a missing acknowledge", async () => {
    const mute: I2cDevice = { write: () => true, read: () => undefined };
    await rejectsWith((await open(mute, new SimulatedTiming())).read(), "sensor-nack");
  });

  test("a part that tells another serial number each time is none", async () => {
    const replies = [GOOD, decodeHex("beef928000a2")];
    const odd: I2cDevice = { write: () => true, read: () => replies.shift() };
    await rejectsWith((await open(odd, new SimulatedTiming())).probe(), "sensor-gone");
  });
});
