import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import type { Driver, Reading } from "../../../hardware/driver/driver.ts";
import { sealFrame } from "../../../hardware/driver/modbus-rtu.ts";
import { parsePzemReply, pzem004t } from "../../../hardware/driver/pzem-004t.ts";
import { decodeHex, encodeHex } from "../../../shared/base/bytes.ts";
import { isCoded } from "../../../shared/base/error.ts";
import { requireSharedData, sharedDataPath } from "../../support/project-root.ts";
import { randomNumbers } from "../../support/random-numbers.ts";
import { rejectsWith, scriptSerial } from "../../support/sensor-doubles.ts";

const MANUAL = decodeHex("01041408d1006c000000f400000026000001f4006400005134");

interface RecordedFrame {
  readonly hex: string;
  readonly voltage_dV: number;
  readonly current_mA: number;
  readonly power_dW: number;
  readonly energy_Wh: number;
  readonly freq_dHz: number;
  readonly pf_x100: number;
}

/** A driver at address 1 whose line gives `reply` to every request. */
function open(reply: Uint8Array, requests: string[] = []): Promise<Driver> {
  const ports = scriptSerial((request) => {
    requests.push(encodeHex(request));
    return [reply];
  });
  return pzem004t.open({ kind: "pzem-004t", port: "/dev/serial0", address: 1 }, ports);
}

/** The documented reply with some registers replaced. */
function withRegisters(values: { readonly [register: number]: number }): Uint8Array {
  const frame = MANUAL.slice();
  for (const [register, value] of Object.entries(values)) {
    frame[3 + 2 * Number(register)] = value >> 8;
    frame[4 + 2 * Number(register)] = value & 255;
  }
  return sealFrame(frame);
}

describe("PZEM-004T v3", () => {
  test("the documented reply: 225.7 V, 0.108 A, 24.4 W, 38 Wh, 50.0 Hz, power factor 1.00", async () => {
    const requests: string[] = [];
    const driver = await open(MANUAL, requests);
    const expected: Reading = {
      energy: "register",
      register: 38,
      registerSpan: 10_000_000,
      power: 24_400,
      voltage: [225_700],
      current: [108],
      frequency: 50_000,
      powerFactor: 1000,
      raw: MANUAL,
    };
    assert.deepEqual(await driver.read(), expected);
    assert.deepEqual(requests, ["01040000000a700d"]);
    assert.match(await driver.probe(), /address 1: 225\.7 V, 50\.0 Hz, register 38 Wh/);
  });

  test("without an address it asks the general one, which needs no set-up", async () => {
    const requests: string[] = [];
    const ports = scriptSerial((request) => {
      requests.push(encodeHex(request));
      return [MANUAL];
    });
    const driver = await pzem004t.open({ kind: "pzem-004t", port: "/dev/serial0" }, ports);
    assert.equal((await driver.read()).register, 38);
    assert.deepEqual(requests, ["f8040000000a6464"]);
  });

  test("frames of real parts decode to their recorded values", async (t) => {
    if (!requireSharedData(t, "serial", "pzem", "pzem004t_v3_frames.json")) return;
    const file = sharedDataPath("serial", "pzem", "pzem004t_v3_frames.json");
    const { responses } = JSON.parse(readFileSync(file, "utf8")) as { responses: RecordedFrame[] };
    assert.ok(responses.length > 5);
    for (const recorded of responses) {
      const reading = await (await open(decodeHex(recorded.hex))).read();
      assert.deepEqual(reading.voltage, [recorded.voltage_dV * 100]);
      assert.deepEqual(reading.current, [recorded.current_mA]);
      assert.equal(reading.power, recorded.power_dW * 100);
      assert.equal(reading.register, recorded.energy_Wh);
      assert.equal(reading.frequency, recorded.freq_dHz * 100);
      assert.equal(reading.powerFactor, recorded.pf_x100 * 10);
      assert.equal(encodeHex(reading.raw), recorded.hex);
    }
  });

  test("32-bit values: low word first, and the high word is not a sign", () => {
    // 0x0098967F = 9,999,999 Wh, the last value of the register.
    const full = parsePzemReply(withRegisters({ 5: 0x967f, 6: 0x0098 }));
    assert.equal(full.register, 9_999_999);
    assert.equal(parsePzemReply(withRegisters({ 3: 0xffff, 4: 1 })).power, 13_107_100);
    assert.throws(
      () => parsePzemReply(withRegisters({ 5: 0, 6: 0x8000 })),
      (error) => isCoded(error, "sensor-range") && error.detail["value"] === 0x8000_0000,
    );
  });

  test("values that the part cannot measure are out of range, each quantity by itself", async () => {
    const cases: [string, { readonly [register: number]: number }][] = [
      ["voltage", { 0: 2731 }],
      ["voltage", { 0: 759 }],
      ["current", { 1: 0x9a29, 2: 1 }],
      ["power", { 3: 0xafff, 4: 3 }],
      ["register", { 5: 0x9680, 6: 0x0098 }],
      ["frequency", { 7: 683 }],
      ["frequency", { 7: 427 }],
      ["powerFactor", { 8: 101 }],
    ];
    for (const [quantity, registers] of cases) {
      const driver = await open(withRegisters(registers));
      await assert.rejects(driver.read(), { code: "sensor-range" });
      await assert.rejects(driver.read(), (error: { detail?: { quantity?: string } }) => {
        assert.equal(error.detail?.quantity, quantity);
        return true;
      });
    }
  });

  test("no mains, exception, wrong checksum", async () => {
    const silent = await pzem004t.open(
      { kind: "pzem-004t", port: "x", address: 1 },
      scriptSerial(() => []),
    );
    await rejectsWith(silent.read(), "sensor-timeout");
    await rejectsWith(silent.probe(), "sensor-timeout");
    await rejectsWith((await open(decodeHex("018402c2c1"))).read(), "sensor-nack");
    const spoilt = MANUAL.slice();
    spoilt[10] = 1;
    await rejectsWith((await open(spoilt)).read(), "sensor-crc");
  });
});

test("any registers: a coded error, or integers", () => {
  const random = randomNumbers(4);
  let readings = 0;
  for (let i = 0; i < 100_000; i++) {
    const frame = MANUAL.slice();
    for (let n = random(6); n >= 0; n--) {
      const at = 3 + random(20);
      frame[at] = i % 4 === 0 ? random(256) : (frame[at] ?? 0) ^ (1 << random(8));
    }
    try {
      const { raw, ...reading } = parsePzemReply(frame);
      readings += 1;
      for (const value of Object.values(reading).flat()) {
        assert.ok(typeof value === "string" || (Number.isSafeInteger(value) && value >= 0));
      }
    } catch (error) {
      if (!isCoded(error, "sensor-range")) throw error;
    }
  }
  assert.ok(readings > 10_000 && readings < 90_000, `${readings} readings`);
});
