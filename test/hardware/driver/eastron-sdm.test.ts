import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, type TestContext, test } from "node:test";
import { SerialPort } from "serialport";
import type { Driver, Reading } from "../../../hardware/driver/driver.ts";
import {
  type EastronConfig,
  eastronSdm,
  type Frame,
  parseEastron,
} from "../../../hardware/driver/eastron-sdm.ts";
import { sealFrame } from "../../../hardware/driver/modbus-rtu.ts";
import { openLinuxPorts } from "../../../hardware/linux/linux-ports.ts";
import { concatBytes, decodeHex, encodeHex } from "../../../shared/base/bytes.ts";
import { isCoded } from "../../../shared/base/error.ts";
import type { ErrorCode } from "../../../shared/base/error-code.ts";
import { createPushPorts } from "../../support/push-ports.ts";
import { randomNumbers } from "../../support/random-numbers.ts";
import { rejectsWith, scriptSerial, throwsWith } from "../../support/sensor-doubles.ts";
import { requireSystemPart } from "../../support/system-part.ts";
import { createTtyPair, startPymodbusSlave } from "../../support/tty-pair.ts";

/** What an SDM630 shows, by register. */
const THREE_PHASES: { readonly [register: number]: number } = {
  [0x00]: 230.2,
  [0x02]: 231.5,
  [0x04]: 229.8,
  [0x06]: 1.234,
  [0x08]: 0,
  [0x0a]: 10.5,
  [0x0c]: 280.1,
  [0x34]: 2_700.5,
  [0x3e]: 0.98,
  [0x46]: 49.98,
  [0x48]: 1_551.374,
  [0x4a]: 1_335.694,
  [0x156]: 2_887.068,
};
/** An SDM120 that exports. */
const ONE_PHASE: { readonly [register: number]: number } = {
  [0x00]: 236.9,
  [0x06]: 8.62,
  [0x0c]: -1_923.7,
  [0x1e]: -0.946,
  [0x46]: 49.95,
  [0x48]: 1_551.374,
  [0x4a]: 1_335.694,
  [0x156]: 2_887.068,
};

interface SlaveOptions {
  readonly floats: { readonly [register: number]: number };
  readonly serial?: number | "refused" | "silent";
  /** More registers at once are refused. */
  readonly most?: number;
  /** These first registers are refused. */
  readonly refused?: readonly number[];
}

/** The slave's answer to a request; nothing for silence. */
function answer(request: Uint8Array, options: SlaveOptions): Uint8Array[] {
  const view = new DataView(request.buffer, request.byteOffset);
  const [fn, first, count] = [request[1] ?? 0, view.getUint16(2), view.getUint16(4)];
  const exception = sealFrame(Uint8Array.of(1, fn | 0x80, 2, 0, 0));
  const frame = new Uint8Array(5 + 2 * count);
  frame.set([1, fn, 2 * count]);
  if (fn === 3) {
    const { serial = "refused" } = options;
    if (serial === "silent") return [];
    if (serial === "refused" || first !== 0xfc00) return [exception];
    new DataView(frame.buffer).setUint32(3, serial);
    return [sealFrame(frame)];
  }
  if (count > (options.most ?? 80) || options.refused?.includes(first)) return [exception];
  return [sealFrame(fill(frame, first, count, options.floats))];
}

function fill(
  frame: Uint8Array,
  first: number,
  count: number,
  floats: { readonly [register: number]: number },
): Uint8Array {
  const out = new DataView(frame.buffer);
  for (const [register, value] of Object.entries(floats)) {
    const at = Number(register) - first;
    if (at >= 0 && at < count) out.setFloat32(3 + 2 * at, value);
  }
  return frame;
}

function open(
  options: SlaveOptions,
  config: Partial<EastronConfig> = {},
  requests: string[] = [],
): Promise<Driver> {
  const ports = scriptSerial((request) => {
    requests.push(encodeHex(request));
    return answer(request, options);
  });
  return eastronSdm.open({ kind: "eastron-sdm", port: "/dev/ttyUSB0", ...config }, ports);
}

function frameOf(floats: { readonly [register: number]: number }): readonly Frame[] {
  const bytes = new Uint8Array(165);
  bytes.set([1, 4, 160]);
  return [{ first: 0, bytes: sealFrame(fill(bytes, 0, 80, floats)) }];
}

describe("the values of an SDM", () => {
  test("three phases in one read of 80 registers, and the serial number once", async () => {
    const requests: string[] = [];
    const driver = await open({ floats: THREE_PHASES, serial: 20_123_456 }, {}, requests);
    const { raw, ...reading } = await driver.read();
    const expected: Omit<Reading, "raw"> = {
      energy: "register",
      register: 1_551_370,
      exported: 1_335_690,
      identity: "20123456",
      power: 2_700_500,
      voltage: [230_200, 231_500, 229_800],
      current: [1_234, 0, 10_500],
      frequency: 49_980,
      powerFactor: 980,
    };
    assert.deepEqual(reading, expected);
    assert.equal(raw.length, 165);
    await driver.read();
    assert.deepEqual(requests, [
      "01040000" + "0050f036",
      "0103fc00" + "0002f45b",
      "010400000050f036",
    ]);
    assert.match(
      await driver.probe(),
      /address 1: 230\.2\/231\.5\/229\.8 V, 50\.0 Hz, register 1551370 Wh, serial 20123456$/,
    );
  });

  test("one phase is recognised, exports as negative power, and has no serial number", async () => {
    const reading = await (await open({ floats: ONE_PHASE })).read();
    assert.equal(reading.power, -1_923_700);
    assert.deepEqual(reading.voltage, [236_900]);
    assert.deepEqual(reading.current, [8_620]);
    assert.equal(reading.powerFactor, 946);
    assert.equal(reading.exported, 1_335_690);
    assert.ok(!("identity" in reading));
  });

  test("the documented reply 43 66 33 34 is 230.2 V", () => {
    const [frame] = frameOf(ONE_PHASE);
    frame?.bytes.set(decodeHex("43663334"), 3);
    assert.deepEqual(parseEastron([frame ?? assert.fail()], {}).voltage, [230_200]);
  });

  test("phases that the configuration states are read whether they have voltage or not", () => {
    assert.deepEqual(parseEastron(frameOf(ONE_PHASE), { phases: 3 }).voltage, [236_900, 0, 0]);
    assert.deepEqual(parseEastron(frameOf(THREE_PHASES), { phases: 1 }).voltage, [230_200]);
    assert.equal(parseEastron(frameOf(THREE_PHASES), { phases: 1 }).power, 280_100);
  });

  test("the register is rounded to the digits of the display", () => {
    const shown = [0, 1, 2, 3].map((decimals) => parseEastron(frameOf(ONE_PHASE), { decimals }));
    assert.deepEqual(
      shown.map(({ register }) => register),
      [1_551_000, 1_551_400, 1_551_370, 1_551_374],
    );
    // A single cannot hold 10 Wh any more at 200 MWh: the nearest that it holds.
    const far = { ...ONE_PHASE, [0x48]: 200_000.01 };
    assert.equal(parseEastron(frameOf(far), {}).register, 200_000_020);
  });

  test("a growing float never gives a register that goes back", () => {
    let last = 0;
    for (let kwh = 8_191.9; kwh < 8_192.3; kwh += 0.0007) {
      const register = parseEastron(frameOf({ ...ONE_PHASE, [0x48]: kwh }), {
        decimals: 3,
      }).register;
      assert.ok((register ?? -1) >= last);
      last = register ?? 0;
    }
  });

  test("total energy, for a meter without an import register", async () => {
    const requests: string[] = [];
    const driver = await open({ floats: ONE_PHASE, serial: 7 }, { energy: "total" }, requests);
    const reading = await driver.read();
    assert.equal(reading.register, 2_887_070);
    assert.equal(reading.identity, "7 total");
    assert.ok(!("exported" in reading));
    assert.deepEqual(requests.slice(0, 2), ["010400000050f036", "0104015600029027"]);
  });
});

describe("meters that refuse", () => {
  test("80 registers: it is read in parts, and asked for 80 only once", async () => {
    const requests: string[] = [];
    const driver = await open({ floats: THREE_PHASES, most: 40 }, {}, requests);
    const first = await driver.read();
    assert.equal(first.register, 1_551_370);
    assert.equal(first.power, 2_700_500);
    requests.length = 0;
    await driver.read();
    assert.deepEqual(
      requests.map((request) => request.slice(4, 12)),
      ["00000020", "0034000c", "00460006"],
    );
  });

  test("registers of other phases: those of one phase do", async () => {
    const driver = await open({ floats: ONE_PHASE, most: 40, refused: [0x34] });
    assert.equal((await driver.read()).power, -1_923_700);
    const three = await open({ floats: THREE_PHASES, most: 40, refused: [0x34] }, { phases: 3 });
    await rejectsWith(three.read(), "sensor-nack");
  });

  test("everything: it is another part", async () => {
    await rejectsWith((await open({ floats: {}, most: 0 })).read(), "sensor-nack");
    await rejectsWith((await open({ floats: {}, most: 0 })).probe(), "sensor-nack");
  });

  test("the serial number by silence: reads fail until that is certain, looking for it does not", async () => {
    const driver = await open({ floats: ONE_PHASE, serial: "silent" });
    assert.match(await driver.probe(), /register 1551370 Wh$/);
    const fresh = await open({ floats: ONE_PHASE, serial: "silent" });
    await rejectsWith(fresh.read(), "sensor-timeout");
    await rejectsWith(fresh.read(), "sensor-timeout");
    assert.equal((await fresh.read()).identity, undefined);
    assert.equal((await fresh.read()).register, 1_551_370);
  });
});

test("a meter that was swapped while it was silent is noticed by its serial number", async () => {
  let options: SlaveOptions | undefined = { floats: ONE_PHASE, serial: 1 };
  const ports = scriptSerial((request) => (options === undefined ? [] : answer(request, options)));
  const driver = await eastronSdm.open({ kind: "eastron-sdm", port: "x" }, ports);
  assert.equal((await driver.read()).identity, "1");
  options = undefined;
  await rejectsWith(driver.read(), "sensor-timeout");
  options = { floats: ONE_PHASE, serial: 2 };
  assert.equal((await driver.read()).identity, "2");
});

test("a meter that has shown its number is not nameless because the line is bad for a while", async () => {
  const options = { floats: ONE_PHASE, serial: 1 as number | "silent" };
  let silent = false;
  const ports = scriptSerial((request) => (silent ? [] : answer(request, options)));
  const driver = await eastronSdm.open({ kind: "eastron-sdm", port: "x" }, ports);
  assert.equal((await driver.read()).identity, "1");
  silent = true;
  await rejectsWith(driver.read(), "sensor-timeout");
  silent = false;
  options.serial = "silent";
  for (let i = 1; i < 12; i++) await rejectsWith(driver.read(), "sensor-timeout");
  // By now it is another meter, which has none.
  assert.equal((await driver.read()).identity, undefined);
});

test("what no meter measures is out of range, each quantity by itself", () => {
  const impossible: readonly [quantity: string, register: number, value: number][] = [
    ["voltage", 0x00, -1],
    ["voltage", 0x00, Number.NaN],
    ["voltage", 0x00, Number.POSITIVE_INFINITY],
    ["current", 0x06, -0.1],
    ["power", 0x0c, Number.NaN],
    ["powerFactor", 0x1e, 1.01],
    ["frequency", 0x46, 0],
    ["frequency", 0x46, 71],
    ["register", 0x48, -0.1],
    ["register", 0x48, Number.NaN],
    ["register", 0x4a, Number.NEGATIVE_INFINITY],
    ["register", 0x48, 1e30],
  ];
  for (const [quantity, register, value] of impossible) {
    assert.throws(
      () => parseEastron(frameOf({ ...ONE_PHASE, [register]: value }), {}),
      (error) => isCoded(error, "sensor-range") && error.detail["quantity"] === quantity,
      `${quantity} ${value}`,
    );
  }
  throwsWith(() => parseEastron([], {}), "sensor-range");
  // Nothing runs backwards to minus zero.
  assert.ok(Object.is(parseEastron(frameOf({ ...ONE_PHASE, [0x0c]: -0 }), {}).power, 0));
});

test("any floats: a coded error, or integers", () => {
  const random = randomNumbers(1);
  let readings = 0;
  for (let i = 0; i < 100_000; i++) {
    const [frame] = frameOf(i % 2 === 0 ? ONE_PHASE : THREE_PHASES);
    const bytes = frame?.bytes ?? assert.fail();
    // From one flipped bit to sixteen random bytes.
    for (let n = random(16); n >= 0; n--) {
      const at = 3 + random(160);
      bytes[at] = i % 3 === 0 ? random(256) : (bytes[at] ?? 0) ^ (1 << random(8));
    }
    try {
      const { raw, ...reading } = parseEastron([{ first: 0, bytes }], {}, "1");
      readings += 1;
      for (const value of Object.values(reading).flat()) {
        assert.ok(typeof value === "string" || Number.isSafeInteger(value));
      }
    } catch (error) {
      if (!isCoded(error, "sensor-range")) throw error;
    }
  }
  assert.ok(readings > 10_000 && readings < 90_000, `${readings} readings`);
});

describe("the configuration", () => {
  test("candidates: address 1, each speed with no and even parity, the likeliest first", () => {
    const found = eastronSdm.candidates({ kind: "serial", port: "x" });
    assert.deepEqual(
      found.map(({ baud, parity }) => `${baud} ${parity}`),
      ["9600 none", "2400 none", "9600 even", "19200 none", "19200 even", "2400 even"],
    );
    for (const config of found) assert.deepEqual(eastronSdm.decode({ ...config }, "c"), config);
    assert.deepEqual(eastronSdm.candidates({ kind: "i2c", bus: 1 }), []);
  });

  test("speed, parity and address reach the line; 9600 without parity, address 1 by default", async () => {
    const bench = createPushPorts();
    const kind = "eastron-sdm";
    const one = await eastronSdm.open({ kind, port: "a" }, bench.ports);
    const settings = { port: "b", baud: 2400, parity: "even", address: 247 } as const;
    const other = await eastronSdm.open({ kind, ...settings }, bench.ports);
    assert.deepEqual(bench.settings, [
      { port: "a", baud: 9600, parity: "none" },
      { port: "b", baud: 2400, parity: "even" },
    ]);
    for (const driver of [one, other]) {
      const silent = rejectsWith(driver.read(), "sensor-timeout");
      await bench.pass(10_000);
      await silent;
    }
    assert.deepEqual(
      bench.written.map((request) => request[0]),
      [1, 1, 247, 247],
    );
  });

  test("refuses addresses, phases and registers that there are not", () => {
    const config = { kind: "eastron-sdm", port: "x" };
    for (const wrong of [{ address: 248 }, { phases: 2 }, { energy: "export" }, { decimals: 4 }]) {
      throwsWith(() => eastronSdm.decode({ ...config, ...wrong }, "c"), "schema");
    }
  });
});

describe("an independent slave (pymodbus) on a real serial line", () => {
  const openReal = async (t: TestContext, port: string, address: number): Promise<Driver> => {
    const ports = openLinuxPorts();
    t.after(() => ports.close());
    return eastronSdm.open({ kind: "eastron-sdm", port, address }, ports);
  };
  /** Every register from 0 to 79 is there, as on the real meter. */
  const whole = (floats: { readonly [register: number]: number }) => ({
    ...Object.fromEntries(Array.from({ length: 40 }, (_, i) => [2 * i, 0])),
    ...floats,
  });

  test("gives its floats, its serial number, and another meter's after a swap", async (t) => {
    if (!requireSystemPart(t, "socat", "pymodbus")) return;
    const pair = await createTtyPair(t);
    const first = { floats: whole(THREE_PHASES), holding: { 64512: 0x0133, 64513: 0x0f40 } };
    const end = await startPymodbusSlave(t, pair.far, 1, first);
    const driver = await openReal(t, pair.near, 1);
    const reading = await driver.read();
    assert.equal(reading.register, 1_551_370);
    assert.equal(reading.power, 2_700_500);
    assert.deepEqual(reading.voltage, [230_200, 231_500, 229_800]);
    assert.equal(reading.identity, String(0x01330f40));
    await end();
    await rejectsWith(driver.read(), "sensor-timeout");
    const second = { floats: whole({ ...ONE_PHASE, [0x48]: 3.5 }) };
    await startPymodbusSlave(t, pair.far, 1, second);
    const swapped = await driver.read();
    assert.equal(swapped.register, 3_500);
    assert.equal(swapped.identity, undefined);
  });

  test("one that has not all registers is read in parts; another address is silent", async (t) => {
    if (!requireSystemPart(t, "socat", "pymodbus")) return;
    const pair = await createTtyPair(t);
    const parts = Object.fromEntries(Array.from({ length: 16 }, (_, i) => [2 * i, 0]));
    const floats = { ...parts, [0x4c]: 0, ...ONE_PHASE };
    await startPymodbusSlave(t, pair.far, 3, { floats });
    assert.equal((await (await openReal(t, pair.near, 3)).read()).power, -1_923_700);
  });

  test("disturbed replies: each is a coded error or the whole reading, and the next one is good", async (t) => {
    if (!requireSystemPart(t, "socat")) return;
    const pair = await createTtyPair(t);
    const far = new SerialPort({ path: pair.far, baudRate: 9600 });
    await once(far, "open");
    far.on("error", () => {});
    t.after(() => {
      if (far.isOpen) far.close();
    });
    const driver = await openReal(t, pair.near, 1);
    const good = frameOf(ONE_PHASE)[0]?.bytes ?? assert.fail();
    const flipped = good.map((byte, i) => (i === 70 ? byte ^ 4 : byte));
    const other = sealFrame(good.map((byte, i) => (i === 0 ? 2 : byte)));
    // 2400 Bd read with 9600: each bit is four bits.
    const slow = Uint8Array.from({ length: 200 }, (_, i) => [0x00, 0x1e, 0xe0, 0xff][i % 4] ?? 0);
    const refusal = sealFrame(Uint8Array.of(1, 0x83, 2, 0, 0));
    const cases: readonly [name: string, chunks: readonly Uint8Array[], code?: ErrorCode][] = [
      ["whole", [good]],
      ["in single bytes", [...good].map((byte) => Uint8Array.of(byte))],
      ["glued", [concatBytes(other, good, good)]],
      ["cut, then whole", [good.subarray(0, 100), good]],
      ["cut", [good.subarray(0, 100)], "sensor-timeout"],
      ["flipped", [flipped], "sensor-crc"],
      ["of another meter", [other], "sensor-timeout"],
      ["at a wrong speed", [slow], "sensor-timeout"],
      ["busy", [sealFrame(Uint8Array.of(1, 0x84, 6, 0, 0))], "sensor-busy"],
      ["whole again", [good]],
    ];
    let chunks: readonly Uint8Array[] = [];
    far.on("data", async (request: Buffer) => {
      if (request[1] === 3) far.write(refusal);
      else for (const chunk of chunks) await writeAll(far, chunk);
    });
    for (const [name, bytes, code] of cases) {
      chunks = bytes;
      if (code !== undefined) await rejectsWith(driver.read(), code);
      else assert.equal((await driver.read()).register, 1_551_370, name);
    }
    await pair.unplug();
    await rejectsWith(driver.read(), "sensor-gone");
  });
});

function writeAll(port: SerialPort, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    port.write(Buffer.from(bytes), () => port.drain(() => resolve()));
  });
}
