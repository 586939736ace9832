import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseSht31Reply, sht31 } from "../../../hardware/driver/sht31.ts";
import { Sht31Device } from "../../../hardware/simulated/sht31-device.ts";
import type { I2cDevice } from "../../../hardware/simulated/simulated-i2c-bus.ts";
import { SimulatedTiming } from "../../../hardware/simulated/simulated-timing.ts";
import { decodeHex, encodeHex } from "../../../shared/base/bytes.ts";
import { rejectsWith, scriptI2c, throwsWith } from "../../support/sensor-doubles.ts";

const GOOD = decodeHex("beef928000a2");

/** A device that gives the replies in turn; undefined does not acknowledge, the last one repeats. */
function scripted(...replies: (Uint8Array | undefined)[]): I2cDevice & { readonly log: string[] } {
  const log: string[] = [];
  let next = 0;
  return {
    log,
    write(bytes) {
      log.push(encodeHex(bytes));
      return true;
    },
    read() {
      log.push("read");
      return replies[Math.min(next++, replies.length - 1)];
    },
  };
}

async function open(device: I2cDevice, timing = new SimulatedTiming()) {
  return sht31.open({ kind: "sht31", bus: 1 }, scriptI2c(0x44, device, timing));
}

describe("SHT31", () => {
  test("vectors: 85.523 °C and 50.00 %; 25.000 °C", () => {
    const hot = parseSht31Reply(GOOD);
    assert.deepEqual(
      [hot.temperature, hot.humidity, hot.energy, hot.raw],
      [85_523, 5_000, "none", GOOD],
    );
    assert.equal(parseSht31Reply(decodeHex("6666938000a2")).temperature, 25_000);
  });

  test("measures without clock stretching and waits for the part", async () => {
    const timing = new SimulatedTiming();
    const device = scripted(GOOD);
    assert.equal((await (await open(device, timing)).read()).temperature, 85_523);
    assert.deepEqual(device.log, ["2400", "read"]);
    assert.ok(timing.monotonicMs() >= 16);
  });

  test("a part that is still measuring does not acknowledge and is asked again", async () => {
    const device = scripted(undefined, undefined, GOOD);
    assert.equal((await (await open(device)).read()).humidity, 5_000);
    assert.deepEqual(device.log, ["2400", "read", "read", "read"]);
  });

  test("a part that never answers is a missing acknowledge", async () => {
    const device = scripted(undefined);
    await rejectsWith((await open(device)).read(), "sensor-nack");
    assert.equal(device.log.filter((entry) => entry === "read").length, 4);
    const nobody = await sht31.open(
      { kind: "sht31", bus: 1, address: 0x45 },
      scriptI2c(0x44, device, new SimulatedTiming()),
    );
    await rejectsWith(nobody.read(), "sensor-nack");
    await rejectsWith(nobody.probe(), "sensor-nack");
  });

  test("every single-bit error of a reply is a checksum error", () => {
    for (let bit = 0; bit < 48; bit++) {
      const flipped = GOOD.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      throwsWith(() => parseSht31Reply(flipped), "sensor-crc");
    }
    throwsWith(() => parseSht31Reply(GOOD.subarray(0, 5)), "sensor-crc");
  });

  test("a disturbed transfer is measured once more, not for ever", async () => {
    const spoilt = decodeHex("beef938000a2");
    const once = scripted(spoilt, GOOD);
    assert.equal((await (await open(once)).read()).temperature, 85_523);
    assert.deepEqual(once.log, ["2400", "read", "2400", "read"]);
    await rejectsWith((await open(scripted(spoilt))).read(), "sensor-crc");
  });

  test("temperatures beyond the part's range are refused", () => {
    // 0x0000 is -45 °C, 0xFFFF is 130 °C; the part works from -40 to 125.
    throwsWith(() => parseSht31Reply(decodeHex("0000818000a2")), "sensor-range");
    throwsWith(() => parseSht31Reply(decodeHex("ffffac8000a2")), "sensor-range");
  });

  test("the simulated part: not ready early, one answer a measurement, its serial number", async () => {
    const timing = new SimulatedTiming();
    const device = new Sht31Device(timing, 0xdeadbeef, () => ({
      temperature: 21_500,
      humidity: 4_321,
    }));
    assert.equal(device.write(decodeHex("2400")), true);
    assert.equal(device.read(6), undefined);
    assert.equal(device.write(decodeHex("2400")), false);
    await timing.sleep(15);
    const reading = parseSht31Reply(device.read(6) ?? new Uint8Array(0));
    assert.ok(Math.abs((reading.temperature ?? 0) - 21_500) <= 2);
    assert.equal(reading.humidity, 4_321);
    assert.equal(device.read(6), undefined);
    const driver = await open(device, timing);
    assert.match(await driver.probe(), /serial deadbeef/);
    assert.equal((await driver.read()).humidity, 4_321);
  });
});
