// The unmodified i2c-bus module and the real drivers in a process of their own; the kernel's calls on /dev/i2c-N are
// served by simulated adapters and parts (test/support/i2c-preload.c, i2c-simulator.ts).
import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { realTiming } from "../../../hardware/port/timing.ts";
import { Sht31Device } from "../../../hardware/simulated/sht31-device.ts";
import type { I2cDevice } from "../../../hardware/simulated/simulated-i2c-bus.ts";
import { decodeHex } from "../../../shared/base/bytes.ts";
import {
  Aht20Device,
  Bme280Device,
  Hts221Device,
  Sht4xDevice,
} from "../../support/i2c-climate-devices.ts";
import { type Answer, type I2cMachine, startI2cMachine } from "../../support/i2c-machine.ts";
import { AdeDevice, InaDevice } from "../../support/i2c-power-devices.ts";
import { ERRNO, type SimulatedAdapter } from "../../support/i2c-simulator.ts";
import { requireSystemPart } from "../../support/system-part.ts";

const SHT31 = { kind: "sht31", bus: 1, address: 0x45 };
const INA219 = { kind: "ina219", bus: 1, address: 0x40, shunt_uohm: 100_000 };
const BME280 = { kind: "bme280", bus: 1, address: 0x76 };
const ADE7878 = { kind: "ade7878", bus: 2 };

function createBme280(): Bme280Device {
  const calibration = decodeHex("706b436718fc7d8e43d6d00b270b8c00f9ff8c3cf8c67017004b");
  return new Bme280Device(
    realTiming,
    calibration,
    decodeHex("6a0100132b031e"),
    decodeHex("655ac07eed006978"),
  );
}

function createSht31(): Sht31Device {
  return new Sht31Device(realTiming, 0xdeadbeef, () => ({ temperature: 21_500, humidity: 4_321 }));
}

function createIna(model: "ina219" | "ina226" | "ina260"): InaDevice {
  const device = new InaDevice(model);
  const measured = {
    ina219: [4_000, 0x5dc8],
    ina226: [16_000, 9_603],
    ina260: [320, 9_603],
  } as const;
  device.measured = measured[model];
  return device;
}

/** Every part that shares no address with another; the ADE7878 is on the second bus, an AHT20 on the first. */
function populate([first, second]: I2cMachine["adapters"]): void {
  const parts: readonly (readonly [number, I2cDevice])[] = [
    [0x38, new Aht20Device(realTiming)],
    [0x40, createIna("ina219")],
    [0x41, createIna("ina226")],
    [0x4a, createIna("ina260")],
    [0x44, new Sht4xDevice(realTiming, 0x0badcafe)],
    [0x45, createSht31()],
    [
      0x5f,
      new Hts221Device(
        realTiming,
        decodeHex("28aa50400004a00f0000f0d82c011405"),
        decodeHex("48f4bc02"),
      ),
    ],
    [0x76, createBme280()],
  ];
  for (const [address, part] of parts) first.devices.set(address, part);
  second.devices.set(0x38, new AdeDevice());
}

async function start(t: TestContext): Promise<I2cMachine | undefined> {
  return requireSystemPart(t, "cc") ? startI2cMachine(t) : undefined;
}

function withoutRaw({ raw, ...reading }: Answer): Answer {
  assert.match(String(raw), /^([0-9a-f]{2})+$/);
  return reading;
}

describe("real drivers over the real i2c-bus module", () => {
  test("every part is found where it is, and read", async (t) => {
    const machine = await start(t);
    if (machine === undefined) return;
    populate(machine.adapters);
    const found = (await machine.ask({ ask: "scan", bus: 1 }))["found"] as readonly {
      readonly config: { readonly kind: string; readonly address?: number };
      readonly text: string;
    }[];
    assert.deepEqual(
      found.map(({ config }) => `${config.kind} ${config.address ?? ""}`.trim()).sort(),
      [
        "aht20",
        "bme280 118",
        "hts221",
        "ina219 64",
        "ina226 65",
        "ina260 74",
        "sht31 69",
        "sht4x 68",
      ],
    );
    assert.equal((machine.adapters[0].devices.get(0x44) as Sht4xDevice).heated, 0);
    const readings = new Map<string, Answer>();
    for (const { config } of found) {
      readings.set(config.kind, withoutRaw(await machine.ask({ ask: "read", config })));
    }
    const climate = (temperature: number, humidity: number): Answer => ({
      energy: "none",
      temperature,
      humidity,
    });
    const direct = { energy: "power", power: 4_802, voltage: [12_004], current: [400] };
    assert.deepEqual(Object.fromEntries(readings), {
      aht20: climate(25_000, 5_000),
      bme280: climate(25_080, 3_756),
      hts221: climate(22_000, 5_250),
      sht31: climate(21_499, 4_321),
      sht4x: climate(25_000, 5_650),
      ina219: direct,
      ina226: direct,
      ina260: direct,
    });
    const second = (await machine.ask({ ask: "scan", bus: 2 }))["found"] as readonly unknown[];
    assert.deepEqual(second, [
      { config: ADE7878, text: "ADE7878 (SmartPi) at address 0x38: not started" },
    ]);
  });

  test("a SmartPi's counters, through a reset of its chip", async (t) => {
    const machine = await start(t);
    if (machine === undefined) return;
    const chip = new AdeDevice();
    machine.adapters[1].devices.set(0x38, chip);
    const read = (): Promise<Answer> => machine.ask({ ask: "read", config: ADE7878 });
    assert.equal((await read())["register"], 0);
    chip.set(0xe400, 60_000);
    assert.equal((await read())["register"], 1_164);
    chip.reset();
    assert.equal((await read())["code"], "sensor-busy");
    assert.equal((await read())["register"], 0);
  });

  test("nobody at the address, by every error number that says so; then somebody", async (t) => {
    const machine = await start(t);
    if (machine === undefined) return;
    const [adapter] = machine.adapters;
    for (const nack of [ERRNO.EREMOTEIO, ERRNO.ENXIO, ERRNO.EIO]) {
      adapter.nack = nack;
      // A plain write, and a register: the module reports errors of the two differently.
      for (const config of [SHT31, BME280]) {
        assert.equal((await machine.ask({ ask: "read", config }))["code"], "sensor-nack");
      }
    }
    adapter.devices.set(0x45, createSht31());
    adapter.devices.set(0x76, createBme280());
    assert.equal((await machine.ask({ ask: "read", config: SHT31 }))["humidity"], 4_321);
    assert.equal((await machine.ask({ ask: "read", config: BME280 }))["humidity"], 3_756);
  });

  test("disturbed replies: one is asked for again, more are refused", async (t) => {
    const machine = await start(t);
    if (machine === undefined) return;
    const [adapter] = machine.adapters;
    adapter.devices.set(0x45, createSht31());
    adapter.devices.set(0x76, createBme280());
    let left = 0;
    adapter.disturb = ({ length }) => (length > 1 && left-- > 0 ? { flip: left % 40 } : undefined);
    for (const config of [SHT31, BME280]) {
      left = 1;
      assert.equal((await machine.ask({ ask: "read", config }))["energy"], "none");
      left = 1_000;
      assert.equal((await machine.ask({ ask: "read", config }))["code"], "sensor-crc");
    }
    left = 0;
    assert.equal((await machine.ask({ ask: "read", config: SHT31 }))["humidity"], 4_321);
  });

  test("a transfer that stops in the middle is a missing acknowledge", async (t) => {
    const machine = await start(t);
    if (machine === undefined) return;
    const [adapter] = machine.adapters;
    adapter.devices.set(0x45, createSht31());
    adapter.disturb = ({ bytes }) => (bytes.length === 2 ? { only: 1 } : undefined);
    assert.equal((await machine.ask({ ask: "read", config: SHT31 }))["code"], "sensor-nack");
  });

  test("a lost arbitration is repeated, unseen", async (t) => {
    const machine = await start(t);
    if (machine === undefined) return;
    const [adapter] = machine.adapters;
    adapter.devices.set(0x76, createBme280());
    let calls = 0;
    adapter.disturb = () => (calls++ % 3 < 2 ? { errno: ERRNO.EAGAIN } : undefined);
    assert.equal((await machine.ask({ ask: "read", config: BME280 }))["humidity"], 3_756);
    adapter.disturb = () => ({ errno: ERRNO.EAGAIN });
    assert.equal((await machine.ask({ ask: "read", config: BME280 }))["code"], "sensor-busy");
  });

  test("an address that a kernel driver holds stays busy, and nothing is said to address 0", async (t) => {
    const machine = await start(t);
    if (machine === undefined) return;
    const [adapter] = machine.adapters;
    adapter.devices.set(0x45, createSht31());
    adapter.held.add(0x45);
    for (let i = 0; i < 3; i++) {
      assert.equal((await machine.ask({ ask: "read", config: SHT31 }))["code"], "sensor-busy");
    }
    assert.deepEqual(adapter.calls, []);
    adapter.held.clear();
    assert.equal((await machine.ask({ ask: "read", config: SHT31 }))["humidity"], 4_321);
    assert.ok(adapter.calls.every(({ address }) => address === 0x45));
  });

  test("an adapter that is pulled out is gone, and works again when it is back", async (t) => {
    const machine = await start(t);
    if (machine === undefined) return;
    const [adapter] = machine.adapters;
    adapter.devices.set(0x45, createSht31());
    const read = (): Promise<Answer> => machine.ask({ ask: "read", config: SHT31 });
    assert.equal((await read())["humidity"], 4_321);
    adapter.unplug();
    assert.equal((await read())["code"], "sensor-gone");
    const absent = await read();
    assert.equal(absent["code"], "sensor-gone");
    assert.match(String(absent["message"]), /interface enabled/);
    adapter.plug();
    assert.equal((await read())["humidity"], 4_321);
  });

  test("a bus that something holds low: the kernel's time-outs, then a rest without any call", async (t) => {
    const machine = await start(t);
    if (machine === undefined) return;
    const [adapter] = machine.adapters;
    adapter.devices.set(0x45, createSht31());
    adapter.disturb = () => ({ errno: ERRNO.ETIMEDOUT });
    const read = (): Promise<Answer> => machine.ask({ ask: "read", config: SHT31 });
    for (let i = 0; i < 6; i++) assert.equal((await read())["code"], "sensor-timeout");
    assert.equal(adapter.calls.length, 3);
  });

  test("a call that never comes back is a time-out; nothing else is tried until it does", async (t) => {
    const machine = await start(t);
    if (machine === undefined) return;
    const [adapter] = machine.adapters;
    adapter.devices.set(0x45, createSht31());
    let release: () => void = () => {};
    const hang = new Promise<void>((resolve) => {
      release = resolve;
    });
    adapter.disturb = () => ({ hang });
    const read = (): Promise<Answer> => machine.ask({ ask: "read", config: SHT31 });
    const first = await read();
    assert.deepEqual([first["code"], adapter.calls.length], ["sensor-timeout", 1]);
    const next = await read();
    assert.deepEqual([next["code"], next["detail"]], ["sensor-timeout", { hung: 1 }]);
    assert.equal(adapter.calls.length, 1);
    adapter.disturb = () => undefined;
    release();
    await untilAnswered(read, 4_321);
  });

  test("an INA219 without power for a moment says so once; a BME280 that was reset measures again", async (t) => {
    const machine = await start(t);
    if (machine === undefined) return;
    const [adapter] = machine.adapters;
    const ina = createIna("ina219");
    const bme = createBme280();
    adapter.devices.set(0x40, ina);
    adapter.devices.set(0x76, bme);
    assert.equal((await machine.ask({ ask: "read", config: INA219 }))["power"], 4_802);
    ina.reset();
    const lost = await machine.ask({ ask: "read", config: INA219 });
    assert.equal(lost["code"], "sensor-busy");
    assert.match(String(lost["message"]), /was reset and has been set up again/);
    assert.equal(ina.word(5), 4_096);
    assert.equal((await machine.ask({ ask: "read", config: INA219 }))["power"], 4_802);
    resetOnce(adapter, bme);
    assert.equal((await machine.ask({ ask: "read", config: BME280 }))["humidity"], 3_756);
    assert.equal(bme.measurements, 2);
  });
});

/** Resets the part when its first measurement is asked for its end. */
function resetOnce(adapter: SimulatedAdapter, device: Bme280Device): void {
  let done = false;
  adapter.disturb = ({ bytes }) => {
    if (!done && device.measurements === 1 && bytes[0] === 0xf3) {
      done = true;
      device.reset();
    }
    return undefined;
  };
}

/** The released call has to come back through the other process first. */
async function untilAnswered(read: () => Promise<Answer>, humidity: number): Promise<void> {
  for (let i = 0; i < 200; i++) {
    const answer = await read();
    if (answer["humidity"] === humidity) return;
    assert.equal(answer["code"], "sensor-timeout");
    await realTiming.sleep(10);
  }
  assert.fail("the bus does not work again");
}
