import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type Ade7878Config,
  addCounts,
  ade7878,
  parseAde7878,
} from "../../../hardware/driver/ade7878.ts";
import type { I2cDevice } from "../../../hardware/simulated/simulated-i2c-bus.ts";
import { SimulatedTiming } from "../../../hardware/simulated/simulated-timing.ts";
import { encodeHex } from "../../../shared/base/bytes.ts";
import { Aht20Device } from "../../support/i2c-climate-devices.ts";
import { AdeDevice } from "../../support/i2c-power-devices.ts";
import { rejectsWith, scriptI2c, throwsWith } from "../../support/sensor-doubles.ts";

/** Voltage, current, power, energy as the registers have them. */
type Phase = readonly [number, number, number, number];

function registers(period: number, ...phases: readonly Phase[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(2 + 16 * phases.length));
  view.setUint16(0, period);
  phases.flat().forEach((value, i) => {
    view.setUint32(2 + 4 * i, value >>> 0);
  });
  return new Uint8Array(view.buffer);
}

const ONE = { ct: "sct-013", phases: 1, mainsHz: 50 } as const;
const THREE = { ...ONE, phases: 3 } as const;

function open(device: I2cDevice, config: Partial<Ade7878Config> = {}) {
  const ports = scriptI2c(0x38, device, new SimulatedTiming());
  return ade7878.open({ kind: "ade7878", bus: 1, ...config }, ports);
}

/** 230.0 V, 4.3 A, 989 W on one phase. */
function load(device: AdeDevice, phase: 0 | 1 | 2, watts: number): void {
  device.set(0x43c1 + 2 * phase, 2_300_000);
  device.set(0x43c0 + 2 * phase, 185_286);
  device.set(0xe513 + phase, Math.round(watts / 0.019413));
}

describe("registers of an ADE7878", () => {
  test("volts by 10^4, amperes and watts by the factors of the standard transformer", () => {
    const raw = registers(5_119, [2_300_000, 185_286, 50_945, 51]);
    assert.deepEqual(parseAde7878(raw, ONE), {
      voltage: [230_000],
      // 185,286 × 0.3535 / 4,191,910 / 7.5 / 0.05 × 100 × 1.032 A
      current: [4_300],
      // 50,945 × 0.019413 W
      power: 988_995,
      frequency: 50_000,
      energyCount: 51,
      raw,
    });
  });

  test("three phases add up with their signs; 60 Hz has a smaller full scale", () => {
    const raw = registers(
      4_266,
      [1_200_000, 185_286, 100_000, 0xffff_fff0],
      [1_200_000, 0, -150_000, 32],
      [0, 0, 0, 0],
    );
    const { power, energyCount, current, frequency } = parseAde7878(raw, { ...THREE, mainsHz: 60 });
    assert.deepEqual([power, energyCount, frequency], [-970_650, 16, 59_995]);
    assert.deepEqual(current, [5_160, 0, 0]);
  });

  test("with 1 A and 5 A transformers the values are those of the secondary side", () => {
    const raw = registers(5_119, [2_300_000, 797_807, 209_754, 0]);
    const five = parseAde7878(raw, { ...ONE, ct: "5a" });
    assert.deepEqual([five.current, five.power], [[1_000], 230_001]);
  });

  test("without mains there is no frequency", () => {
    assert.ok(!("frequency" in parseAde7878(registers(0xffff, [0, 0, 0, 0]), ONE)));
  });

  test("padding that is none, a voltage of no mains, a wrong length", () => {
    throwsWith(() => parseAde7878(registers(5_119, [0x0100_0000, 0, 0, 0]), ONE), "sensor-range");
    throwsWith(() => parseAde7878(registers(5_119, [0, 0x0080_0000, 0, 0]), ONE), "sensor-range");
    throwsWith(() => parseAde7878(registers(5_119, [0, 0, 0x0080_0000, 0]), ONE), "sensor-range");
    throwsWith(() => parseAde7878(registers(5_119, [0, 0, 0xff7f_ffff, 0]), ONE), "sensor-range");
    throwsWith(() => parseAde7878(registers(5_119, [4_420_000, 0, 0, 0]), ONE), "sensor-range");
    throwsWith(() => parseAde7878(registers(5_119, [0, 0, 0, 0]), THREE), "sensor-range");
  });
});

describe("counts of energy", () => {
  test("up is import, down is export, through the end of 32 bits both ways", () => {
    let counted = addCounts(undefined, 0x7fff_fff0);
    counted = addCounts(counted, 0x8000_0010);
    assert.deepEqual(counted, { last: 0x8000_0010, imported: 0x8000_0010, exported: 0 });
    counted = addCounts(counted, 0x7fff_ffff);
    assert.deepEqual(counted, { last: 0x7fff_ffff, imported: 0x8000_0010, exported: 0x11 });
    counted = addCounts(counted, 0x7fff_ffff);
    assert.deepEqual(counted, { last: 0x7fff_ffff, imported: 0x8000_0010, exported: 0x11 });
  });

  test("the balance at the beginning is import or export; import begins again after 2^32", () => {
    assert.deepEqual(addCounts(undefined, 0xffff_fff0), {
      last: 0xffff_fff0,
      imported: 0,
      exported: 0x10,
    });
    const nearEnd = { last: 5, imported: 0xffff_ffff, exported: 0 };
    assert.deepEqual(addCounts(nearEnd, 7), { last: 7, imported: 1, exported: 0 });
  });
});

describe("the driver of the ADE7878", () => {
  test("starts the chip once: gains, threshold, counters at 0, protected", async () => {
    const device = new AdeDevice();
    device.set(0xe400, 12_345);
    const driver = await open(device);
    const { register, exported } = await driver.read();
    assert.deepEqual([register, exported], [0, 0]);
    assert.deepEqual(
      [0xe228, 0x43ab, 0x43ac, 0x4381, 0x438d, 0xe702, 0xe7e3, 0xe60e].map((a) => device.get(a)),
      [1, 0x1b, 0x774000, 0xfffc1cc2, 0x0ffd40e0, 0, 0x80, 0x01ff],
    );
  });

  test("per phase volts and amperes, power of all, import and export apart", async () => {
    const device = new AdeDevice();
    device.set(0xe607, 5_119);
    const driver = await open(device);
    await driver.read();
    for (const phase of [0, 1, 2] as const) load(device, phase, 989);
    device.set(0xe400, 100_000);
    device.set(0xe401, 100_000);
    device.set(0xe402, -50_000);
    const reading = await driver.read();
    assert.deepEqual(reading.voltage, [230_000, 230_000, 230_000]);
    assert.deepEqual(reading.current, [4_300, 4_300, 4_300]);
    assert.equal(reading.frequency, 50_000);
    assert.ok(Math.abs((reading.power ?? 0) - 2_967_000) < 30);
    // 150,000 counts of 0.019413 Wh.
    assert.deepEqual([reading.energy, reading.register, reading.exported], ["register", 2_911, 0]);
    assert.equal(reading.registerSpan, 83_378_200);
    device.set(0xe402, -150_000);
    const later = await driver.read();
    assert.deepEqual([later.register, later.exported], [2_911, 1_941]);
    assert.equal(reading.raw.length, 50);
  });

  test("a new process goes on with the chip's counters; one phase is a choice", async () => {
    const device = new AdeDevice();
    await (await open(device, { phases: 1 })).read();
    device.set(0xe400, 60_000);
    device.set(0xe401, 7);
    const again = await open(device, { phases: 1 });
    const { register, voltage } = await again.read();
    assert.deepEqual([register, voltage], [1_164, [0]]);
  });

  test("a chip that was reset is set up again, says so, and counts from 0", async () => {
    const device = new AdeDevice();
    const driver = await open(device);
    await driver.read();
    device.set(0xe400, 60_000);
    assert.equal((await driver.read()).register, 1_164);
    device.reset();
    await rejectsWith(driver.read(), "sensor-busy");
    device.set(0xe400, 1_000);
    assert.equal((await driver.read()).register, 19);
  });

  test("a chip that another program set up otherwise is set up anew", async () => {
    const device = new AdeDevice();
    await (await open(device)).read();
    device.set(0x43ab, 0x17);
    device.set(0x43ac, 0x856016);
    device.set(0xe400, 99_999);
    assert.equal((await (await open(device)).read()).register, 0);
  });

  test("60 Hz is a setting of the chip", async () => {
    const device = new AdeDevice();
    await (await open(device, { mains_hz: 60 })).read();
    assert.equal(device.get(0xe60e), 0x41ff);
  });

  test("probe names the chip without a write, and leaves an AHT20 at its address alone", async () => {
    const device = new AdeDevice();
    assert.match(await (await open(device)).probe(), /ADE7878 .* at address 0x38: not started/);
    assert.equal(device.get(0xe228), 0);
    const climate = new Aht20Device(new SimulatedTiming());
    const driver = await open(climate);
    await rejectsWith(driver.probe(), "sensor-gone");
    await rejectsWith(driver.read(), "sensor-gone");
    const commands = climate.writes.map((bytes) => encodeHex(bytes.subarray(0, 2)));
    assert.ok(!commands.includes("ac33") && !commands.includes("be08"), commands.join());
  });
});
