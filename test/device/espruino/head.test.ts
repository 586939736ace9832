// The sensor head's program in Node, on a board of ours: sensors, pulses, frames, what it does when things fail.
import assert from "node:assert/strict";
import { createHmac, createHash as nodeHash } from "node:crypto";
import { describe, test } from "node:test";
import { crc32 as zlibCrc32 } from "node:zlib";
import { startHead } from "../../../device/espruino/head.ts";
import { findFault, type HeadSettings } from "../../../device/espruino/head-config.ts";
import { type HeadFrame, parseHeadFrame } from "../../../hardware/driver/head-frame.ts";
import { Sht31Device } from "../../../hardware/simulated/sht31-device.ts";
import { decodeHex, encodeUtf8 } from "../../../shared/base/bytes.ts";
import { FakeEspruino } from "../../support/fake-espruino.ts";
import { Bme280Device, Sht4xDevice } from "../../support/i2c-climate-devices.ts";
import { InaDevice } from "../../support/i2c-power-devices.ts";

const KEY = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

function start(settings: Omit<HeadSettings, "head">, espruino = new FakeEspruino()): FakeEspruino {
  const { port, i2c, board } = espruino;
  assert.equal(startHead({ head: "pico-1", port, i2c, ...settings }, board), "");
  return espruino;
}

const parse = (frame: string | undefined): HeadFrame => parseHeadFrame(encodeUtf8(frame ?? ""));
const fieldsOf = (frame: string | undefined) => Object.fromEntries(parse(frame).fields);

function createBme280(espruino: FakeEspruino): Bme280Device {
  return new Bme280Device(
    espruino.timing,
    decodeHex("706b436718fc7d8e43d6d00b270b8c00f9ff8c3cf8c67017004b"),
    decodeHex("6a0100132b031e"),
    decodeHex("655ac07eed006978"),
  );
}

describe("sensors", () => {
  test("SHT3x, SHT4x, BME280, INA219 and INA226 in one frame, with the values of their data sheets", () => {
    const espruino = new FakeEspruino();
    const climate = { temperature: 21_500, humidity: 4_550 };
    const [ina219, ina226] = [new InaDevice("ina219"), new InaDevice("ina226")];
    // TI's examples: 11.98 V and 20 mV across 2 mΩ, 10 A, 119.8 W.
    ina219.measured = [2_000, (2_995 << 3) | 2];
    ina226.measured = [8_000, 0x2570];
    espruino.devices.set(0x45, new Sht31Device(espruino.timing, 1, () => climate));
    espruino.devices.set(0x44, new Sht4xDevice(espruino.timing, 1));
    espruino.devices.set(0x76, createBme280(espruino));
    espruino.devices.set(0x40, ina219);
    espruino.devices.set(0x41, ina226);
    start(
      {
        sda: "B9",
        scl: "B8",
        sensors: [
          { part: "sht3x", address: 0x45 },
          { part: "sht4x" },
          { part: "bme280" },
          { part: "ina219", shunt_uohm: 2_000 },
          { part: "ina226", address: 0x41, shunt_uohm: 2_000 },
        ],
      },
      espruino,
    );
    assert.deepEqual(espruino.i2cSettings, [{ sda: "B9", scl: "B8", bitrate: 100_000 }]);
    espruino.pass(1_100);
    // INA parts are set up first.
    assert.deepEqual(fieldsOf(espruino.frames[0]), {
      ...{ t1: 21_499, h1: 4_550, t2: 25_000, h2: 5_650, t3: 25_082, h3: 3_756 },
      ...{ x4: 4, x5: 4 },
    });
    espruino.pass(10_000);
    assert.deepEqual(fieldsOf(espruino.frames[1]), {
      ...{ t1: 21_499, h1: 4_550, t2: 25_000, h2: 5_650, t3: 25_082, h3: 3_756 },
      ...{ v4: 11_980, i4: 10_000, w4: 119_800, v5: 11_980, i5: 10_000, w5: 119_800 },
    });
    ina219.measured = [-2_000, (2_995 << 3) | 2];
    ina226.reset();
    espruino.pass(10_000);
    const third = fieldsOf(espruino.frames[2]);
    assert.equal(third["w4"], -119_800);
    assert.equal(third["x5"], 4);
    assert.equal("w5" in third, false);
  });

  test("one that does not answer, one with damaged replies and another part cost their own fields only", () => {
    const espruino = new FakeEspruino();
    const sht4x = new Sht4xDevice(espruino.timing, 1);
    const bme280 = createBme280(espruino);
    espruino.devices.set(0x44, {
      write: (bytes) => sht4x.write(bytes),
      read: (length) => sht4x.read(length)?.map((byte, i) => (i === 1 ? byte ^ 1 : byte)),
    });
    espruino.devices.set(0x76, bme280);
    bme280.bytes[0xd0] = 0x61;
    start(
      { sensors: [{ part: "sht4x" }, { part: "sht3x", address: 0x45 }, { part: "bme280" }] },
      espruino,
    );
    espruino.pass(1_100);
    assert.deepEqual(fieldsOf(espruino.frames[0]), { x1: 2, x2: 1, x3: 3 });
    bme280.bytes[0xd0] = 0x58;
    espruino.pass(10_000);
    assert.deepEqual(fieldsOf(espruino.frames[1]), { x1: 2, x2: 1, t3: 25_082 });
  });

  test("a register whose bytes change between two replies is no reading", () => {
    const espruino = new FakeEspruino();
    const bme280 = createBme280(espruino);
    let turn = 0;
    espruino.devices.set(0x76, {
      write: (bytes) => bme280.write(bytes),
      read: (length) =>
        bme280.read(length)?.map((byte) => (length === 8 ? byte ^ (turn++ % 200) : byte)),
    });
    start({ sensors: [{ part: "bme280" }] }, espruino);
    espruino.pass(1_100);
    assert.deepEqual(fieldsOf(espruino.frames[0]), { x1: 2 });
  });

  test("a shunt at the end of its scale, and a voltage beyond the part's, are no readings", () => {
    const espruino = new FakeEspruino();
    const [ina219, ina226] = [new InaDevice("ina219"), new InaDevice("ina226")];
    ina219.measured = [32_000, 2];
    ina226.measured = [0, 0x7fff];
    espruino.devices.set(0x40, ina219);
    espruino.devices.set(0x41, ina226);
    const shunt_uohm = 100_000;
    start(
      {
        sensors: [
          { part: "ina219", shunt_uohm },
          { part: "ina226", address: 0x41, shunt_uohm },
        ],
      },
      espruino,
    );
    espruino.pass(11_100);
    assert.deepEqual(fieldsOf(espruino.frames[1]), { x1: 3, x2: 3 });
  });
});

describe("pulses", () => {
  test("are counted by the interrupt's times, through bounce and disturbances", () => {
    const espruino = start({ pulses: [{ pin: "A5" }, { pin: "A6", active: "high" }] });
    assert.deepEqual(
      [...espruino.pinModes],
      [
        ["A5", "input_pullup"],
        ["A6", "input_pulldown"],
      ],
    );
    espruino.pass(1_000);
    assert.deepEqual(fieldsOf(espruino.frames[0]), { p1: 0, p2: 0 });
    espruino.pulse("A5", 40, 460);
    // A contact that bounces as it closes and as it opens.
    espruino.pulse("A5", 1, 1);
    espruino.pulse("A5", 38, 1);
    espruino.pulse("A5", 2, 457);
    // A disturbance.
    espruino.pulse("A5", 5, 495);
    espruino.edge("A6", true);
    espruino.pass(35);
    espruino.edge("A6", false);
    espruino.pass(8_465);
    assert.deepEqual(fieldsOf(espruino.frames[1]), { p1: 2, d1: 502, a1: 8_498, p2: 1, a2: 7_500 });
  });

  test("many while the program is busy: the edges carry their own times", () => {
    const espruino = start({ pulses: [{ pin: "A5", debounce_ms: 10 }] });
    for (let i = 0; i < 1_000; i++) espruino.pulse("A5", 15, 15);
    espruino.pass(10_000);
    assert.equal(fieldsOf(espruino.frames.at(-1))["p1"], 1_000);
    assert.equal(fieldsOf(espruino.frames.at(-1))["d1"], 30);
  });

  test("edges that the board could not keep are told, once", () => {
    const espruino = start({ pulses: [{ pin: "A5" }] });
    espruino.lostEdges = true;
    espruino.pass(21_000);
    const [one, two] = espruino.frames.map(fieldsOf);
    assert.equal(one?.["x0"], 5);
    assert.equal("x0" in (two ?? {}), false);
  });
});

describe("frames", () => {
  const PULSES = [{ pin: "A5" }];

  test("count from 1 on, by the head's own time, under one nonce a start", () => {
    const espruino = start({ pulses: PULSES, interval_s: 5 });
    espruino.pass(16_000);
    const frames = espruino.frames.map(parse);
    assert.deepEqual(
      frames.map(({ seq, uptimeMs }) => [seq, uptimeMs]),
      [
        [1, 1_000],
        [2, 5_000],
        [3, 10_000],
        [4, 15_000],
      ],
    );
    assert.equal(new Set(frames.map(({ boot }) => boot)).size, 1);
    start({ pulses: PULSES }, espruino);
    espruino.pass(1_000);
    const again = parse(espruino.frames.at(-1));
    assert.equal(again.seq, 1);
    assert.notEqual(again.boot, frames[0]?.boot);
    // Also where the hardware's random number is none.
    assert.deepEqual(
      [frames[0]?.boot.slice(0, 8), again.boot.slice(0, 8)],
      ["00000001", "00000002"],
    );
    assert.notEqual(again.boot.slice(8), frames[0]?.boot.slice(8));
  });

  test("one a second: a measurement that is under way is not disturbed by the next", () => {
    const espruino = new FakeEspruino();
    const climate = { temperature: 21_500, humidity: 4_550 };
    espruino.devices.set(0x44, new Sht31Device(espruino.timing, 1, () => climate));
    start({ sensors: [{ part: "sht3x" }], interval_s: 1 }, espruino);
    espruino.pass(5_500);
    const frames = espruino.frames.map(parse);
    assert.deepEqual(
      frames.map(({ seq, fields }) => [seq, fields.get("t1")]),
      [1, 2, 3, 4, 5].map((seq) => [seq, 21_499]),
    );
  });

  test("stand on lines of their own, with the CRC-32 of zlib", () => {
    const espruino = start({ pulses: PULSES });
    espruino.pass(1_000);
    const [text = ""] = espruino.written;
    assert.match(text, /^\r\n\$WP1,pico-1,[0-9a-f]{16},1,1000,p1:0\*[0-9a-f]{8}\r\n$/);
    const [checked = "", crc] = text.trim().split("*");
    assert.equal(crc, zlibCrc32(checked).toString(16).padStart(8, "0"));
  });

  test("with a key carry half an HMAC-SHA-256, of the board's own hash or ours", () => {
    for (const sha256 of [undefined, (bytes: Uint8Array) => hash(bytes)]) {
      const espruino = new FakeEspruino();
      let used = 0;
      if (sha256 !== undefined) {
        espruino.board.sha256 = (bytes) => {
          used++;
          return sha256(bytes);
        };
      }
      start({ pulses: PULSES, key: KEY }, espruino);
      espruino.pass(1_000);
      const [, body = "", mac] = /^(.*)!([0-9a-f]{32})\*/.exec(espruino.frames[0] ?? "") ?? [];
      const own = createHmac("sha256", decodeHex(KEY)).update(body).digest("hex");
      assert.equal(mac, own.slice(0, 32));
      assert.equal(used > 0, sha256 !== undefined);
      assert.equal(
        parseHeadFrame(encodeUtf8(espruino.frames[0] ?? ""), decodeHex(KEY)).keyed,
        true,
      );
    }
  });

  test("a year on, numbers are still whole and plain", () => {
    const espruino = start({ pulses: PULSES, interval_s: 60 });
    espruino.timing.moveTo(366 * 86_400_000);
    espruino.pass(0);
    const { uptimeMs } = parse(espruino.frames.at(-1));
    assert.equal(uptimeMs, 366 * 86_400_000);
  });
});

describe("console and watchdog", () => {
  test("log texts never reach the port; a line gives the console back, and frames stop", () => {
    const espruino = start({ pulses: [{ pin: "A5" }] });
    assert.equal(espruino.console, undefined);
    assert.equal(espruino.watchdogAuto, false);
    espruino.pass(1_000);
    espruino.hear("\x01\x03\x00\x00");
    espruino.hear("noise $WP-con");
    assert.equal(espruino.console, undefined);
    espruino.hear("sole\r\n");
    assert.equal(espruino.console, espruino.port);
    espruino.pass(60_000);
    assert.equal(espruino.frames.length, 1);
    // Nothing turns the watchdog off, and who writes another program ends this one.
    assert.equal(espruino.watchdogAuto, true);
  });

  test("a keyed head gives its console to nobody", () => {
    const espruino = start({ pulses: [{ pin: "A5" }], key: KEY });
    espruino.hear("$WP-console\r\n");
    assert.equal(espruino.console, undefined);
  });

  test("is fed as long as frames go out, and bites when they do not", () => {
    const espruino = start({ sensors: [{ part: "sht4x" }], interval_s: 2 });
    espruino.pass(60_000);
    assert.ok(espruino.timing.monotonicMs() - (espruino.fedMs ?? 0) <= 2_000);
    const write = espruino.port.write;
    espruino.port.write = () => {};
    espruino.pass(60_000);
    assert.ok(espruino.timing.monotonicMs() - (espruino.fedMs ?? 0) <= 2_000);
    espruino.port.write = () => {
      throw new Error("the port hangs");
    };
    for (let i = 0; i < 20; i++) {
      try {
        espruino.pass(2_000);
      } catch {
        // As on the board, where such an error ends the timer's work.
      }
    }
    assert.ok(espruino.timing.monotonicMs() - (espruino.fedMs ?? 0) > 8_000);
    espruino.port.write = write;
  });
});

test("wrong settings: it says what is wrong and touches nothing", () => {
  const good: HeadSettings = { head: "a", sensors: [{ part: "sht4x" }] };
  assert.equal(findFault(good), "");
  assert.equal(findFault({ head: "Pico_1-b", pulses: [{ pin: "D21", debounce_ms: 0 }] }), "");
  const wrong: readonly [RegExp, Partial<HeadSettings>][] = [
    [/^head/, { head: "" }],
    [/^head/, { head: "a,b" }],
    [/^head/, { head: "a".repeat(17) }],
    [/^baud/, { baud: 300 }],
    [/^interval_s/, { interval_s: 0 }],
    [/^interval_s/, { interval_s: 1.5 }],
    [/^key/, { key: KEY.slice(1) }],
    [/^key/, { key: KEY.toUpperCase() }],
    [/^neither/, { sensors: [] }],
    [/^at most/, { pulses: Array.from({ length: 9 }, () => ({ pin: "A5" })) }],
    [/part is one of/, { sensors: [{ part: "sht31" as "sht3x" }] }],
    [/address/, { sensors: [{ part: "sht4x", address: 0x78 }] }],
    [/needs shunt_uohm/, { sensors: [{ part: "ina226" }] }],
    [/a pin is called/, { pulses: [{ pin: "17!" }] }],
    [/debounce_ms/, { pulses: [{ pin: "A5", debounce_ms: 2_000 }] }],
    [/active/, { pulses: [{ pin: "A5", active: "up" as "low" }] }],
  ];
  for (const [pattern, members] of wrong) {
    const espruino = new FakeEspruino();
    const { port, i2c, board } = espruino;
    assert.match(startHead({ ...good, ...members, port, i2c }, board), pattern);
    espruino.pass(60_000);
    assert.deepEqual([espruino.written, espruino.console], [[], "untouched"]);
  }
  const { port, board } = new FakeEspruino();
  assert.match(startHead({ ...good, port }, board), /^i2c/);
});

function hash(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(nodeHash("sha256").update(bytes).digest());
}
