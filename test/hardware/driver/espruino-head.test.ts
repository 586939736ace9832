// The driver of sensor heads: what a reading is, what is lost, said again or signed by another key; over pseudo-terminals
// with an independent Python program at the other end.
import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Driver, Reading } from "../../../hardware/driver/driver.ts";
import {
  type EspruinoHeadConfig,
  espruinoClimate,
  espruinoHead,
  readHead,
} from "../../../hardware/driver/espruino-head.ts";
import { parseHeadFrame } from "../../../hardware/driver/head-frame.ts";
import { openLinuxPorts } from "../../../hardware/linux/linux-ports.ts";
import { createSensorSource } from "../../../hardware/sensor-source.ts";
import { encodeUtf8 } from "../../../shared/base/bytes.ts";
import type { Json } from "../../../shared/base/canonical-json.ts";
import { isCoded } from "../../../shared/base/error.ts";
import { BOOT, type HeadFrameSpec, makeHeadFrames } from "../../support/head-frames.ts";
import { createPushPorts, settled } from "../../support/push-ports.ts";
import { rejectsWith, throwsWith } from "../../support/sensor-doubles.ts";
import { requireSystemPart } from "../../support/system-part.ts";
import { createTtyPair, startLinePlayer } from "../../support/tty-pair.ts";
import { waitFor } from "../../support/wait.ts";

const KEY = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const SECOND = "ffff000011112222";
const PULSES = { energy: ["p1"], pulses_per_kwh: 800 };

type Settings = Partial<EspruinoHeadConfig>;

const configOf = (settings: Settings): EspruinoHeadConfig => ({
  kind: "espruino-head",
  port: "/dev/ttyACM0",
  ...settings,
});

function readOf(fields: string, settings: Settings = PULSES) {
  const [frame = ""] = makeHeadFrames({ seq: 1, fields });
  const bytes = encodeUtf8(frame);
  return readHead(parseHeadFrame(bytes), bytes, configOf(settings));
}

describe("a reading", () => {
  test("pulses are a register; their distance is power, less when the next is overdue", (t) => {
    if (!requireSystemPart(t, "python3")) return;
    const { raw: _, ...reading } = readOf("t1:21500,h1:4550,p1:12345,d1:4500,a1:100");
    assert.deepEqual(reading, {
      energy: "register",
      register: 15_431,
      identity: "pico-1 p1 800/kWh",
      epoch: BOOT,
      power: 1_000_000,
      temperature: 21_500,
      humidity: 4_550,
    });
    assert.equal(readOf("p1:12345,d1:4500,a1:9000").power, 500_000);
    assert.equal("power" in readOf("p1:0"), false);
    const coarse = readOf("p1:3", { energy: ["p1"], pulses_per_kwh: 3 });
    assert.deepEqual([coarse.register, coarse.registerStep], [1_000, 334]);
  });

  test("several inputs are added up, and so is the power of INA sensors", (t) => {
    if (!requireSystemPart(t, "python3")) return;
    const both = { energy: ["p1", "p2"], pulses_per_kwh: 1000 };
    const sum = readOf("p1:7,d1:3600,a1:0,p2:8,d2:3600,a2:0", both);
    assert.deepEqual([sum.register, sum.power], [15, 2_000_000]);
    assert.equal("power" in readOf("p1:7,d1:3600,a1:0,p2:8", both), false);
    const direct = readOf("v1:12004,i1:400,w1:4802,w2:-1000", {
      power: ["w1", "w2"],
      voltage: ["v1"],
      current: ["i1"],
    });
    assert.deepEqual(
      [direct.energy, direct.power, direct.voltage, direct.current],
      ["power", 3_802, [12_004], [400]],
    );
  });

  test("a sensor that failed: the reading, where it is needed; else its own quantity", (t) => {
    if (!requireSystemPart(t, "python3")) return;
    for (const [code, error] of [
      [1, "sensor-nack"],
      [2, "sensor-crc"],
      [3, "sensor-range"],
      [4, "sensor-busy"],
    ] as const) {
      throwsWith(() => readOf(`x2:${code}`, { power: ["w2"] }), error);
      const { troubles, temperature } = readOf(`x1:${code},p1:5`);
      assert.deepEqual([troubles, temperature], [[error], undefined]);
    }
    assert.deepEqual(readOf("p1:5,x0:5").troubles, ["sensor-busy"]);
    throwsWith(() => readOf("t1:20000"), "sensor-range");
    throwsWith(() => readOf("t1:126000,p1:1"), "sensor-range");
    throwsWith(() => readOf("h1:10001,p1:1"), "sensor-range");
  });
});

describe("the configuration", () => {
  const base = { kind: "espruino-head", port: "/dev/ttyACM0" };

  test("energy by pulses or by power; a constant with pulses; a key of 32 bytes", () => {
    const wrong: Json[] = [
      {},
      { energy: ["p1"] },
      { power: ["w1"], pulses_per_kwh: 1000 },
      { ...PULSES, power: ["w1"] },
      { energy: ["t1"], pulses_per_kwh: 1000 },
      { energy: ["p9"], pulses_per_kwh: 1000 },
      { ...PULSES, key: "00" },
      { ...PULSES, head: "a b" },
      { ...PULSES, period_s: 0 },
      { ...PULSES, baud: 300 },
    ];
    for (const members of wrong) {
      throwsWith(() => espruinoHead.decode({ ...base, ...(members as object) }, "c"), "schema");
    }
    throwsWith(
      () => espruinoClimate.decode({ ...base, kind: "espruino-climate", ...PULSES }, "c"),
      "schema",
    );
  });

  test("candidates decode, and again", () => {
    for (const sensor of [espruinoHead, espruinoClimate]) {
      const found = sensor.candidates({ kind: "serial", port: "x" });
      assert.ok(found.length > 0);
      for (const candidate of found) {
        assert.deepEqual(sensor.decode(candidate as unknown as Json, "c"), candidate);
      }
      assert.deepEqual(sensor.candidates({ kind: "i2c", bus: 1 }), []);
    }
  });
});

describe("a driver", () => {
  async function open(settings: Settings = PULSES) {
    const bench = createPushPorts();
    const driver = await espruinoHead.open(configOf(settings), bench.ports);
    const tell = async (...specs: readonly HeadFrameSpec[]): Promise<void> => {
      for (const frame of makeHeadFrames(...specs)) await bench.say(`\r\n${frame}\r\n`);
    };
    return { ...bench, driver, tell };
  }

  test("takes the first frame that begins after it listens, and stands still for three periods", async (t) => {
    if (!requireSystemPart(t, "python3")) return;
    const { driver, say, tell, pass, settings, shut } = await open();
    const reading = driver.read();
    await say("13,d1:4500*00000000");
    await tell({ seq: 1, fields: "p1:800" });
    const { register, takenMs, lost, troubles } = await reading;
    assert.deepEqual([register, takenMs, lost, troubles], [1_000, 0, 0, undefined]);
    await pass(29_900);
    assert.equal((await driver.read()).register, 1_000);
    await pass(200);
    await rejectsWith(driver.read(), "sensor-timeout");
    assert.deepEqual(settings, [{ port: "/dev/ttyACM0", baud: 115200, parity: "none" }]);
    await shut(driver);
  });

  test("lost frames are counted, told once with a code, and cost nothing of the register", async (t) => {
    if (!requireSystemPart(t, "python3")) return;
    const { driver, say, tell, shut } = await open();
    const first = driver.read();
    await tell({ seq: 1, fields: "p1:800" });
    await first;
    const [whole = ""] = makeHeadFrames({ seq: 2, fields: "p1:801" });
    await say(`\r\n${whole.replace("801", "901")}\r\n`);
    await tell({ seq: 5, fields: "p1:1600" });
    const told = await driver.read();
    assert.deepEqual([told.register, told.lost, told.troubles], [2_000, 3, ["sensor-crc"]]);
    const { register, lost, troubles } = await driver.read();
    assert.deepEqual([register, lost, troubles], [2_000, 3, undefined]);
    await shut(driver);
  });

  test("frames that are said again change nothing, and are told", async (t) => {
    if (!requireSystemPart(t, "python3")) return;
    const { driver, tell, shut } = await open({ ...PULSES, key: KEY });
    const [one, two] = [
      { seq: 1, fields: "p1:800", key: KEY },
      { seq: 2, fields: "p1:1600", key: KEY },
    ];
    const first = driver.read();
    await tell(one, two);
    await first;
    await driver.read();
    await tell(one, two);
    const told = await driver.read();
    assert.deepEqual([told.register, told.lost, told.troubles], [2_000, 0, ["sensor-range"]]);
    // A recording of another start that cannot have been since.
    await tell({ seq: 9, boot: SECOND, fields: "p1:1", key: KEY });
    const again = await driver.read();
    assert.deepEqual([again.register, again.troubles], [2_000, ["sensor-range"]]);
    await shut(driver);
  });

  test("a head that starts again: the same register from 0 on, in a new epoch", async (t) => {
    if (!requireSystemPart(t, "python3")) return;
    const { driver, tell, pass, shut } = await open();
    const first = driver.read();
    await tell({ seq: 50, fields: "p1:8000" });
    const before = await first;
    await pass(12_000);
    await tell({ seq: 1, ms: 1_000, boot: SECOND, fields: "p1:1" });
    const after = await driver.read();
    assert.deepEqual([after.register, after.epoch, after.lost], [1, SECOND, 0]);
    assert.equal(after.identity, before.identity);
    await shut(driver);
  });

  test("frames without a signature or with another key's are sensor-crc", async (t) => {
    if (!requireSystemPart(t, "python3")) return;
    for (const key of [{}, { key: KEY.replace("0", "1") }]) {
      const { driver, tell, pass, shut } = await open({ ...PULSES, key: KEY });
      const reading = driver.read();
      const settled = reading.catch(() => undefined);
      await tell({ seq: 1, fields: "p1:800", ...key });
      await pass(30_100);
      await settled;
      await rejectsWith(reading, "sensor-crc");
      await shut(driver);
    }
  });

  test("of another head on the line nothing is taken", async (t) => {
    if (!requireSystemPart(t, "python3")) return;
    const { driver, tell, shut } = await open({ ...PULSES, head: "pico-2" });
    const reading = driver.read();
    await tell({ seq: 1, fields: "p1:800" }, { seq: 1, head: "pico-2", fields: "p1:8" });
    assert.equal((await reading).register, 10);
    await shut(driver);
  });

  test("probe names the head, its channels, and a key that nobody checks", async (t) => {
    if (!requireSystemPart(t, "python3")) return;
    const { driver, tell, shut } = await open();
    const probe = driver.probe();
    await tell({ seq: 1, fields: "t1:21500,p1:800", key: KEY });
    assert.equal(
      await probe,
      "sensor head pico-1, signed by a key, which is not checked: t1 21500, p1 800; 800 pulses a kWh",
    );
    await shut(driver);
  });

  test("a head of climate sensors only", async (t) => {
    if (!requireSystemPart(t, "python3")) return;
    const bench = createPushPorts();
    const config = { kind: "espruino-climate", port: "x", temperature: "t2" } as const;
    const driver = await espruinoClimate.open(config, bench.ports);
    const reading = driver.read();
    const [frame = ""] = makeHeadFrames({ seq: 1, fields: "t1:30000,t2:21500,h2:4550" });
    await bench.say(`\r\n${frame}\r\n`);
    const { energy, temperature, humidity } = await reading;
    assert.deepEqual([energy, temperature, humidity], ["none", 21_500, 4_550]);
    await bench.shut(driver);
  });

  test("what went wrong beside a good reading is a fault of its part", async (t) => {
    if (!requireSystemPart(t, "python3")) return;
    const { driver, tell, shut } = await open();
    const part = { name: "head", use: "energy", counter: "espruino-head", driver } as const;
    const source = createSensorSource({ parts: [part], release: async () => {} });
    const reading = source.read(0 as never);
    await settled();
    await tell({ seq: 1, fields: "x1:1,p1:800" });
    const sample = await reading;
    assert.equal(sample.register, 1_000);
    assert.equal(sample.parts[0]?.counter, "espruino-head pico-1 p1 800/kWh");
    assert.deepEqual(sample.faults, [
      { part: "head", sensor: "espruino-head", code: "sensor-nack" },
    ]);
    assert.equal("troubles" in sample, false);
    await shut(driver);
  });
});

describe("over a PTY", { concurrency: true }, () => {
  async function openLine(t: TestContext, settings: Settings = {}) {
    const pair = await createTtyPair(t);
    const ports = openLinuxPorts();
    const config = configOf({ ...PULSES, key: KEY, period_s: 1, ...settings, port: pair.near });
    const driver = await espruinoHead.open(config, ports);
    t.after(async () => {
      await driver.close();
      await ports.close();
    });
    return { pair, driver };
  }
  const hex = (text: string): string => Buffer.from(text, "latin1").toString("hex");
  /** The first reading; the frame is said until the line is open. */
  async function readWhile(
    driver: Driver,
    player: ReturnType<typeof startLinePlayer>,
    frame: string,
  ): Promise<Reading> {
    let waiting = true;
    const reading = driver.read().finally(() => {
      waiting = false;
    });
    while (waiting) {
      await player.play({ text: "" }, { text: frame });
      await sleep(50);
    }
    return reading;
  }

  test("whole, dribbled, glued, cut, bit-flipped, said again, at a wrong speed, then silent", async (t) => {
    if (!requireSystemPart(t, "socat", "python3")) return;
    const { pair, driver } = await openLine(t);
    const player = startLinePlayer(t, pair.far);
    const frames = makeHeadFrames(
      ...Array.from({ length: 12 }, (_, i) => ({
        seq: i + 1,
        fields: `p1:${800 * (i + 1)}`,
        key: KEY,
      })),
    );
    const frame = (seq: number): string => frames[seq - 1] ?? "";
    const until = (kwh: number) =>
      waitFor(`${kwh} kWh`, async () => (await driver.read()).register === kwh * 1_000);
    assert.equal((await readWhile(driver, player, frame(1))).register, 1_000);
    await player.play({ text: frame(2), pause: 0.001 });
    await until(2);
    // Two in one chunk, and a third without its end, which the next completes.
    await player.play({ hex: hex(`${frame(3)}\r\n${frame(4)}\r\n${frame(5).slice(0, 40)}`) });
    await until(4);
    await player.play({ text: frame(5).slice(40) });
    await until(5);
    // Cut in mid-frame, the next glued to it.
    await player.play({ text: frame(6).slice(0, 50) + frame(7) });
    await until(7);
    const seen = await driver.read();
    assert.equal(seen.lost, 1);
    const flipped = frame(8).replace("p1:6400", "p1:6401");
    await player.play({ text: flipped }, { text: frame(3) }, { text: frame(7) });
    await player.play({ hex: "00fc8e00fe0a7f80ff00" }, { text: "" });
    await sleep(100);
    const same = await driver.read();
    assert.equal(same.register, 7_000);
    assert.deepEqual([...(same.troubles ?? [])].sort(), ["sensor-crc", "sensor-range"]);
    await player.play({ text: frame(12) });
    await until(12);
    assert.equal((await driver.read()).lost, 5);
    await player.end();
    await waitFor("silence is told", async () => {
      try {
        await driver.read();
        return false;
      } catch (error) {
        if (!isCoded(error)) throw error;
        return error.code === "sensor-timeout" || error.code === "sensor-gone";
      }
    });
  });

  test("unplugged, and plugged in again with a head that has started anew", async (t) => {
    if (!requireSystemPart(t, "socat", "python3")) return;
    const { pair, driver } = await openLine(t);
    const [one = "", ...anew] = makeHeadFrames(
      { seq: 700, fields: "p1:8000", key: KEY },
      ...Array.from({ length: 100 }, (_, i) => ({
        ...{ seq: i + 1, ms: 100 * i, boot: SECOND, fields: "p1:8", key: KEY },
      })),
    );
    const player = startLinePlayer(t, pair.far);
    assert.equal((await readWhile(driver, player, one)).register, 10_000);
    await player.end();
    await pair.unplug();
    await waitFor("gone", async () => {
      const error = await driver.read().then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      return isCoded(error, "sensor-gone");
    });
    await pair.plug();
    const again = startLinePlayer(t, pair.far);
    // The line is opened anew some time after it is there.
    await waitFor("the new start", async () => {
      await again.play({ text: "" }, { text: anew.shift() ?? "" });
      await sleep(100);
      const reading = await driver.read().catch((error: unknown) => {
        if (!isCoded(error)) throw error;
      });
      return reading?.register === 10 && reading.epoch === SECOND;
    });
  });
});
