// The drivers of meters that speak by themselves, over pseudo-terminals and the unmodified serialport module; at the
// other end a Python program, with telegrams that another Python program has made.
import assert from "node:assert/strict";
import { mkdtempSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { d0 } from "../../../hardware/driver/d0.ts";
import type { Driver, Reading, Sensor } from "../../../hardware/driver/driver.ts";
import { type DsmrConfig, dsmrP1 } from "../../../hardware/driver/dsmr-p1.ts";
import { sml } from "../../../hardware/driver/sml.ts";
import { openLinuxPorts } from "../../../hardware/linux/linux-ports.ts";
import { concatBytes, encodeUtf8 } from "../../../shared/base/bytes.ts";
import { isCoded } from "../../../shared/base/error.ts";
import {
  makeTelegrams,
  P1_LINES,
  P1_OLD_LINES,
  SML_METER,
  type TelegramSpec,
} from "../../support/meter-telegrams.ts";
import { createPushPorts } from "../../support/push-ports.ts";
import { rejectsWith } from "../../support/sensor-doubles.ts";
import { requireSystemPart } from "../../support/system-part.ts";
import { startTtyAdapter, type TtyAdapter } from "../../support/tty-adapter.ts";
import { createTtyPair } from "../../support/tty-pair.ts";
import { waitFor } from "../../support/wait.ts";

async function open<C extends { readonly kind: string }>(
  t: TestContext,
  sensor: Sensor<C>,
  config: C,
): Promise<Driver> {
  const ports = openLinuxPorts();
  const driver = await sensor.open(config, ports);
  t.after(async () => {
    await driver.close();
    await ports.close();
  });
  return driver;
}

/** Telegrams that differ in their register, in order. */
function p1WithRegister(kilowattHours: number): TelegramSpec {
  const value = `1-0:1.8.1(${String(kilowattHours).padStart(6, "0")}.567*kWh)`;
  const lines = P1_LINES.map((line) => (line.startsWith("1-0:1.8.1") ? value : line));
  return { p1: { lines } };
}
const registerOf = (kilowattHours: number): number => kilowattHours * 1000 + 567 + 765_433;

/** The part speaks again and again, as meters do: what comes while a port is opened is lost. */
async function readWhileSaying(driver: Driver, say: () => Promise<void>): Promise<Reading> {
  let done = false;
  const reading = driver.read().finally(() => {
    done = true;
  });
  while (!done) {
    await say();
    await sleep(100);
  }
  return reading;
}

async function sayUntilRead(
  driver: Driver,
  say: () => Promise<void>,
  register: number,
): Promise<void> {
  await waitFor(`register ${register}`, async () => {
    await say();
    await sleep(100);
    return (await driver.read()).register === register;
  });
}

describe("P1 over a PTY", () => {
  const start = async (t: TestContext): Promise<{ adapter: TtyAdapter; driver: Driver }> => {
    const adapter = await startTtyAdapter(t);
    return { adapter, driver: await open(t, dsmrP1, { kind: "dsmr-p1", port: adapter.tty }) };
  };

  test("whole, dribbled, glued, cut, bit-flipped, among garbage", async (t) => {
    if (!requireSystemPart(t, "python3")) return;
    const { adapter, driver } = await start(t);
    const [one, two, three, four, five, six] = makeTelegrams(
      [1, 2, 3, 4, 5, 6].map(p1WithRegister),
    );
    if (!one || !two || !three || !four || !five || !six) return assert.fail();
    const reading = await readWhileSaying(driver, () => adapter.say(one));
    assert.equal(reading.register, registerOf(1));
    assert.deepEqual(reading.raw, one);
    assert.equal(reading.identity, "E0000000000000001");
    assert.ok(Number.isSafeInteger(reading.takenMs));
    assert.deepEqual((await driver.read()).raw, one);
    await sayUntilRead(driver, () => adapter.say(two, { chunk: 1, gapMs: 0.5 }), registerOf(2));
    await sayUntilRead(driver, () => adapter.say(concatBytes(one, two, three)), registerOf(3));
    await sayUntilRead(
      driver,
      () => adapter.say(concatBytes(one.subarray(0, 200), four)),
      registerOf(4),
    );
    const flipped = five.map((byte, i) => (i === 150 ? byte ^ 1 : byte));
    const garbage = Uint8Array.from({ length: 700 }, (_, i) => (i * 37 + 11) & 255);
    await adapter.say(concatBytes(flipped, garbage, encodeUtf8("/!\r\n")), { chunk: 64, gapMs: 1 });
    await sleep(100);
    assert.equal((await driver.read()).register, registerOf(4));
    await sayUntilRead(driver, () => adapter.say(six, { chunk: 13, gapMs: 1 }), registerOf(6));
    assert.match(await driver.probe(), /P1 meter E0000000000000001: register \d+ Wh/);
  });

  test("unplugged and plugged in again", async (t) => {
    if (!requireSystemPart(t, "socat", "python3")) return;
    const pair = await createTtyPair(t);
    const driver = await open(t, dsmrP1, { kind: "dsmr-p1", port: pair.near });
    const far = openLinuxPorts();
    t.after(() => far.close());
    const line = await far.serialLine({ port: pair.far, baud: 115200, parity: "none" });
    const [one, two] = makeTelegrams([1, 2].map(p1WithRegister));
    if (!one || !two) return assert.fail();
    const first = await readWhileSaying(driver, () => line.write(one));
    assert.equal(first.register, registerOf(1));
    await line.write(two.subarray(0, 100));
    await pair.unplug();
    // What was read before is still young.
    assert.equal((await driver.read()).register, registerOf(1));
    await pair.plug();
    await waitFor("the new telegram", async () => {
      try {
        await line.write(two);
      } catch (error) {
        if (!isCoded(error)) throw error;
      }
      await sleep(300);
      return (await driver.read()).register === registerOf(2);
    });
  });

  test("a port that is not there is gone at once", async (t) => {
    const driver = await open(t, dsmrP1, { kind: "dsmr-p1", port: "/dev/wattproof-absent" });
    await rejectsWith(driver.read(), "sensor-gone");
  });

  test("an adapter that is replaced under the same name", async (t) => {
    if (!requireSystemPart(t, "python3")) return;
    const [old, fresh] = [await startTtyAdapter(t), await startTtyAdapter(t)];
    const folder = mkdtempSync(path.join(tmpdir(), "wattproof-by-id-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const name = path.join(folder, "usb-P1-cable");
    symlinkSync(old.tty, name);
    const driver = await open(t, dsmrP1, { kind: "dsmr-p1", port: name });
    const [one, two] = makeTelegrams([1, 2].map(p1WithRegister));
    if (!one || !two) return assert.fail();
    const first = await readWhileSaying(driver, () => old.say(one));
    assert.equal(first.register, registerOf(1));
    symlinkSync(fresh.tty, `${name}.new`);
    renameSync(`${name}.new`, name);
    await sayUntilRead(driver, () => fresh.say(two), registerOf(2));
  });
});

describe("P1 ports of all kinds", () => {
  /** What the driver makes of one telegram, in time that the test makes pass. */
  const readOne = async (config: Partial<DsmrConfig>, telegram: Uint8Array) => {
    const push = createPushPorts();
    const driver = await dsmrP1.open({ kind: "dsmr-p1", port: "/dev/tty", ...config }, push.ports);
    const reading = driver.read();
    const settled = reading.catch(() => undefined);
    await push.say(telegram);
    await push.pass(16_000);
    await settled;
    await push.shut(driver);
    return { reading, settings: push.settings };
  };

  test("versions 2.2 and 3: 9600 Bd, parity on the wire, no checksum", async (t) => {
    if (!requireSystemPart(t, "python3")) return;
    const [plain, parity] = makeTelegrams(
      [false, true].map((on) => ({
        p1: { lines: P1_OLD_LINES, crc: "none" as const, parity: on },
      })),
    );
    if (!plain || !parity) return assert.fail();
    for (const telegram of [plain, parity]) {
      const { reading, settings } = await readOne({ baud: 9600 }, telegram);
      assert.equal((await reading).register, 269_001);
      assert.deepEqual(settings, [
        { port: "/dev/tty", baud: 9600, parity: "none", silenceMs: 60_000 },
      ]);
    }
    const flipped = parity.map((byte, i) => (i === 120 ? byte ^ 2 : byte));
    await rejectsWith((await readOne({ baud: 9600 }, flipped)).reading, "sensor-crc");
  });

  test("a checksum without its leading zeros", async (t) => {
    if (!requireSystemPart(t, "python3")) return;
    const specs = Array.from({ length: 200 }, (_, i) => ({
      p1: { lines: [...P1_LINES, `0-0:96.13.0(${i * 7919})`], crc: "bare" as const },
    }));
    const short = makeTelegrams(specs).filter((bytes) => bytes.at(-6) === 0x21);
    assert.ok(short.length > 0);
    for (const telegram of short) {
      assert.equal((await (await readOne({}, telegram)).reading).register, 2_000_000);
    }
  });

  test("a wrong checksum is sensor-crc, silence and another language sensor-timeout", async (t) => {
    if (!requireSystemPart(t, "python3")) return;
    const [telegram, meter] = makeTelegrams([p1WithRegister(1), { sml: SML_METER }]);
    if (!telegram || !meter) return assert.fail();
    const flipped = telegram.map((byte, i) => (i === 150 ? byte ^ 1 : byte));
    await rejectsWith((await readOne({}, flipped)).reading, "sensor-crc");
    await rejectsWith((await readOne({}, new Uint8Array(0))).reading, "sensor-timeout");
    await rejectsWith((await readOne({}, meter)).reading, "sensor-timeout");
  });

  test("encrypted (Luxembourg): with key and standard data, with data of one's own, never with a wrong key", async (t) => {
    if (!requireSystemPart(t, "python-cryptography")) return;
    const secret = {
      key: "056F9B0CFEDF150E889BEAD52FA7A174",
      title: "5341476770006fc8",
      counter: 27121,
    };
    const aad = "30ffffffffffffffffffffffffffffffff";
    const [standard, own, without, inside] = makeTelegrams([
      { smarty: { lines: P1_LINES, ...secret } },
      { smarty: { lines: P1_LINES, ...secret, aad } },
      { smarty: { lines: P1_LINES, ...secret, aad: "" } },
      { smarty: { lines: P1_LINES, ...secret, crc: "none" } },
    ]);
    if (!standard || !own || !without || !inside) return assert.fail();
    const { key } = secret;
    const reading = await (await readOne({ key }, standard)).reading;
    assert.equal(reading.register, 2_000_000);
    assert.deepEqual(reading.raw, standard);
    for (const [config, telegram] of [
      [{ key, aad }, own],
      [{ key, aad: aad.slice(2) }, own],
      [{ key: key.toLowerCase() }, without],
    ] as const) {
      assert.equal((await (await readOne(config, telegram)).reading).register, 2_000_000);
    }
    const twice = concatBytes(Uint8Array.of(0xdb, 8, 0xdb), standard.subarray(9), standard);
    assert.equal((await (await readOne({ key }, twice)).reading).register, 2_000_000);
    const flipped = standard.map((byte, i) => (i === 40 ? byte ^ 1 : byte));
    for (const [config, telegram] of [
      [{ key: key.replace("0", "1") }, standard],
      [{ key }, own],
      [{ key, aad }, standard],
      [{ key, aad }, without],
      [{ key }, flipped],
      [{ key }, inside],
    ] as const) {
      await rejectsWith((await readOne(config, telegram)).reading, "sensor-crc");
    }
    await rejectsWith((await readOne({}, standard)).reading, "sensor-timeout");
  });

  test("what may stand in a configuration, and where to look for one", () => {
    const port = "/dev/ttyUSB0";
    assert.deepEqual(dsmrP1.candidates({ kind: "serial", port }), [
      { kind: "dsmr-p1", port, baud: 115200 },
      { kind: "dsmr-p1", port, baud: 9600 },
    ]);
    assert.deepEqual(sml.candidates({ kind: "serial", port }), [{ kind: "sml", port }]);
    for (const sensor of [dsmrP1, sml, d0]) {
      assert.deepEqual(sensor.candidates({ kind: "i2c", bus: 1 }), []);
      assert.equal(sensor.metersEnergy, true);
      for (const candidate of sensor.candidates({ kind: "serial", port })) {
        assert.deepEqual(sensor.decode({ ...candidate }, "sources[0]"), candidate);
      }
    }
    for (const wrong of [{ key: "00" }, { aad: "3000" }, { baud: 4800 }, { parity: "even" }]) {
      assert.throws(
        () => dsmrP1.decode({ kind: "dsmr-p1", port, ...wrong }, "sources[0]"),
        (error) => isCoded(error, "schema"),
      );
    }
  });
});

describe("SML and pushed D0 over a PTY", () => {
  test("SML: whole, dribbled, glued, cut, bit-flipped, with wrong speed's garbage", async (t) => {
    if (!requireSystemPart(t, "python3")) return;
    const adapter = await startTtyAdapter(t);
    const driver = await open(t, sml, { kind: "sml", port: adapter.tty });
    const specs = [10, 20, 30, 40].map((value) => ({
      sml: {
        ...SML_METER,
        entries: [
          { obis: "0100010800ff", unit: 30, scaler: -1, value, type: "uint64" },
          ...SML_METER.entries.filter(({ obis }) => obis !== "0100010800ff"),
        ],
      },
    }));
    const [one, two, three, four] = makeTelegrams(specs);
    if (!one || !two || !three || !four) return assert.fail();
    const { register, raw } = await readWhileSaying(driver, () => adapter.say(one));
    assert.deepEqual({ register, raw }, { register: 1, raw: one });
    await sayUntilRead(driver, () => adapter.say(two, { chunk: 1, gapMs: 0.5 }), 2);
    const flipped = three.map((byte, i) => (i === 99 ? byte ^ 8 : byte));
    const wrongSpeed = Uint8Array.from({ length: 400 }, (_, i) => (i % 3 === 0 ? 0 : 0xfe));
    await adapter.say(concatBytes(flipped, wrongSpeed, one.subarray(0, 100)), {
      chunk: 50,
      gapMs: 1,
    });
    await sleep(100);
    assert.equal((await driver.read()).register, 2);
    await sayUntilRead(driver, () => adapter.say(concatBytes(three, four)), 4);
    assert.match(await driver.probe(), /SML meter 1ISK0070422414: register 4 Wh/);
  });

  test("D0: with check character and without", async (t) => {
    if (!requireSystemPart(t, "python3")) return;
    const adapter = await startTtyAdapter(t);
    const config = { kind: "d0", port: adapter.tty, mode: "push", baud: 9600 } as const;
    const driver = await open(t, d0, config);
    const lines = ["1-0:1.8.0*255(00026107.703*kWh)", "1-0:2.8.0*255(00000000.000*kWh)"];
    const plain = `/ESY5Q3DA1004 V3.02\r\n\r\n${lines.join("\r\n")}\r\n!\r\n`;
    const pace = { chunk: 5, gapMs: 1 };
    const first = await readWhileSaying(driver, () => adapter.say(encodeUtf8(plain), pace));
    assert.equal(first.register, 26_107_703);
    const block = "1.8.0(026108.000*kWh)\r\n!\r\n\x03";
    const check = encodeUtf8(block).reduce((all, byte) => all ^ byte, 0);
    const checked = `/ESY4METER\r\n\x02${block}${String.fromCharCode(check)}`;
    const broken = checked.replace("026108", "926108");
    await adapter.say(encodeUtf8(broken));
    await sayUntilRead(driver, () => adapter.say(encodeUtf8(checked)), 26_108_000);
  });
});
