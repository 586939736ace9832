import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type EmonConfig, emon, parseEmonReading } from "../../../hardware/driver/emon.ts";
import { openLinuxPorts } from "../../../hardware/linux/linux-ports.ts";
import { encodeUtf8 } from "../../../shared/base/bytes.ts";
import type { Json } from "../../../shared/base/canonical-json.ts";
import { isCoded } from "../../../shared/base/error.ts";
import { createPushPorts } from "../../support/push-ports.ts";
import { randomNumbers } from "../../support/random-numbers.ts";
import { rejectsWith, throwsWith } from "../../support/sensor-doubles.ts";
import { requireSystemPart } from "../../support/system-part.ts";
import { createTtyPair, startLinePlayer } from "../../support/tty-pair.ts";

type Settings = Omit<EmonConfig, "kind" | "port">;

const LINE = "MSG:12,Vrms:246.81,P1:79,P2:-20,E1:1034,E2:7,I1:0.325,T1:21.56,pulse:1501";
const JSON_LINE = '{"MSG":12,"V1":246.81,"V2":240.02,"P1":79,"E1":1034,"t1":21.50,"pulse1":1}';
const ESP_LINE = "ct1:84,ct2:-3,ct3:0,ct4:0,vrms:24681,t1:215,t2:3000,pulse:7";
/** An emonPi's: 120 W, 0 W, 120 W, 243.5 V, 21.5 °C, …, 513 pulses. */
const PACKET = "OK 5 120 0 0 0 120 0 30 95 215 0 0 0 0 0 0 0 0 0 0 0 1 2 0 0 (-47)";

const ENERGY: Settings = { energy: ["E1"] };

describe("the forms of a line", () => {
  test("MSG: V, W, Wh, A and °C by name, the channel's power with its energy", () => {
    const settings = { energy: ["E1"], current: ["I1"], temperature: "T1" };
    assert.deepEqual(parseEmonReading(LINE, settings), {
      energy: "register",
      register: 1_034,
      identity: "E1",
      power: 79_000,
      voltage: [246_810],
      current: [325],
      temperature: 21_560,
    });
  });

  test("several channels are added up", () => {
    const both = parseEmonReading(LINE, { energy: ["E1", "E2"] });
    assert.equal(both?.register, 1_041);
    assert.equal(both?.power, 59_000);
    assert.equal(both?.identity, "E1+E2");
    const power = parseEmonReading(LINE, { power: ["P1", "P2"] });
    assert.equal(power?.energy, "power");
    assert.equal(power?.power, 59_000);
  });

  test("pulse inputs count by their constant, exactly", () => {
    const counted = parseEmonReading(LINE, { energy: ["pulse"], pulses_per_kwh: 1_600 });
    assert.equal(counted?.register, 938);
    assert.ok(!("power" in (counted ?? {})));
    assert.equal(counted?.identity, "pulse 1600/kWh");
  });

  test("JSON, with blanks or without", () => {
    for (const line of [JSON_LINE, JSON_LINE.replaceAll(":", " : ").replaceAll(",", ", ")]) {
      const reading = parseEmonReading(line, {
        ...ENERGY,
        voltage: ["V1", "V2"],
        temperature: "t1",
      });
      assert.deepEqual(reading?.voltage, [246_810, 240_020]);
      assert.equal(reading?.register, 1_034);
      assert.equal(reading?.temperature, 21_500);
    }
    assert.equal(parseEmonReading('{"power1":100}', { power: ["power1"] })?.power, 100_000);
  });

  test("emonESP: hundredths of a volt and tenths of a degree as integers", () => {
    const reading = parseEmonReading(ESP_LINE, { power: ["ct1", "ct2"], temperature: "t1" });
    assert.deepEqual(reading, {
      energy: "power",
      power: 81_000,
      voltage: [246_810],
      temperature: 21_500,
    });
    // No thermometer there: the device prints 300 °C.
    const without = parseEmonReading(ESP_LINE, { power: ["ct1"], temperature: "t2" });
    assert.ok(!("temperature" in (without ?? {})));
  });

  test("a packet of an emonPi, and one with a layout of its own", () => {
    const settings = { node: 5, power: ["power1"], temperature: "t1" };
    assert.deepEqual(parseEmonReading(PACKET, settings), {
      energy: "power",
      power: 120_000,
      voltage: [243_500],
      temperature: 21_500,
    });
    const pulses = { node: 5, energy: ["pulsecount"], pulses_per_kwh: 1_000 };
    assert.equal(parseEmonReading(PACKET, pulses)?.register, 513);
    const own: Settings = {
      node: 15,
      packet: [
        ["P1", "h", 0],
        ["E1", "L", 0],
        ["E2", "l", 1],
        ["x", "b", 0],
        ["y", "B", 0],
        ["z", "H", 3],
      ],
      energy: ["E1", "E2"],
    };
    const reading = parseEmonReading("OK 15 156 255 1 0 1 0 19 0 0 0 255 255 255 255", own);
    assert.equal(reading?.power, undefined);
    assert.equal(reading?.register, 65_537 + 1);
    assert.equal(
      parseEmonReading("OK 15 156 255 1 0 1 0 19 0 0 0 255 255 255 255", { ...own, power: ["P1"] })
        ?.power,
      -100_000,
    );
  });

  test("of other nodes, and what a device prints when it starts, is passed over", () => {
    assert.equal(parseEmonReading(PACKET, { node: 6, power: ["power1"] }), undefined);
    for (const line of [
      "datalog: 9.80",
      "emonPi2 V1.5.0",
      "> 5i g210",
      "RF on",
      "vCal:",
      "?6 1 2",
    ]) {
      assert.equal(parseEmonReading(line, ENERGY), undefined, line);
      assert.equal(parseEmonReading(line, { node: 5, power: ["power1"] }), undefined, line);
    }
  });
});

describe("lines that are no readings", () => {
  const damaged: readonly [what: string, line: string, settings: Settings][] = [
    ["a line cut into another", `${LINE.slice(0, 20)}${LINE}`, ENERGY],
    ["a line cut in a name", `MSG:4,E${LINE}`, ENERGY],
    ["a letter in a number", LINE.replace("246", "2l6"), ENERGY],
    ["a name twice", LINE.replace("E2", "E1"), ENERGY],
    ["a channel missing", LINE.replace("E1", "E3"), ENERGY],
    ["an empty number", LINE.replace("E1:1034", "E1:"), ENERGY],
    ["net export", LINE.replace("E1:1034", "E1:-1034"), ENERGY],
    ["no number", LINE.replace("E1:1034", "E1:nan"), ENERGY],
    ["a voltage that none is", LINE.replace("246.81", "24681.1"), ENERGY],
    ["half an object", JSON_LINE.slice(0, -1), ENERGY],
    ["an object in an object", JSON_LINE.replace('"MSG":12', '"MSG":{"a":1}'), ENERGY],
    ["a float with an exponent", JSON_LINE.replace("1034", "1e34"), ENERGY],
    ["a packet too short", PACKET.replace(" 0 (", " ("), { node: 5, power: ["power1"] }],
    ["a byte above 255", PACKET.replace("215", "315"), { node: 5, power: ["power1"] }],
    ["a negative count", "OK 7 255 255", { node: 7, packet: [["E1", "h", 0]], energy: ["E1"] }],
  ];
  for (const [what, line, settings] of damaged) {
    test(`${what} is refused`, () => {
      throwsWith(() => parseEmonReading(line, settings), "sensor-range");
    });
  }

  test("an unused thermometer without a number does not matter", () => {
    assert.equal(parseEmonReading(LINE.replace("21.56", "nan"), ENERGY)?.register, 1_034);
  });
});

test("any damage to a line: a coded error, none of the device's, or integers", () => {
  const random = randomNumbers(12);
  const alphabet = '0123456789.-+eE ,:nainf"{}()VPETMSGOKct\ufffd';
  const forms: readonly [line: string, settings: Settings][] = [
    [LINE, { energy: ["E1", "E2"], current: ["I1"], temperature: "T1" }],
    [JSON_LINE, { energy: ["pulse1"], pulses_per_kwh: 800, voltage: ["V1", "V2"] }],
    [ESP_LINE, { power: ["ct1", "ct2"], temperature: "t1" }],
    [PACKET, { node: 5, power: ["power1", "power2"], temperature: "t1" }],
  ];
  const counts = { readings: 0, passed: 0, refused: 0 };
  for (let i = 0; i < 100_000; i++) {
    const [whole, settings] = forms[i % forms.length] ?? assert.fail();
    let line = whole;
    for (let n = random(3); n >= 0; n--) {
      const at = random(line.length);
      const what = random(3);
      const put = what === 0 ? "" : (alphabet[random(alphabet.length)] ?? "");
      line = line.slice(0, at) + put + line.slice(what === 1 ? at : at + 1);
    }
    try {
      const reading = parseEmonReading(line, settings);
      counts[reading === undefined ? "passed" : "readings"] += 1;
      for (const value of Object.values(reading ?? {}).flat()) {
        assert.ok(typeof value === "string" || Number.isSafeInteger(value), line);
      }
    } catch (error) {
      if (!isCoded(error, "sensor-range")) throw error;
      counts.refused += 1;
    }
  }
  assert.ok(Math.min(...Object.values(counts)) > 5_000, JSON.stringify(counts));
});

describe("a driver", () => {
  async function open(config: Settings) {
    const bench = createPushPorts();
    const driver = await emon.open({ kind: "emon", port: "/dev/ttyAMA0", ...config }, bench.ports);
    return { ...bench, driver };
  }

  test("drops the first, cut line, keeps the bytes, and stands still for three periods", async () => {
    const { driver, say, pass, settings, shut } = await open(ENERGY);
    const reading = driver.read();
    await say(`E1:1034\r\n${LINE}\r\n`);
    const { raw, takenMs, register } = await reading;
    assert.deepEqual(raw, encodeUtf8(LINE));
    assert.equal(takenMs, 0);
    assert.equal(register, 1_034);
    await pass(29_900);
    assert.equal((await driver.read()).register, 1_034);
    await pass(200);
    await rejectsWith(driver.read(), "sensor-timeout");
    await say(`${LINE.replace("E1:1034", "E1:3")}\r\n`);
    assert.equal((await driver.read()).register, 3);
    assert.deepEqual(settings, [{ port: "/dev/ttyAMA0", baud: 115200, parity: "none" }]);
    await shut(driver);
  });

  test("packets come at 38400", async () => {
    const { driver, say, settings, shut } = await open({ node: 5, power: ["power1"] });
    const probe = driver.probe();
    await say(`\n${PACKET}\r\n`);
    const [text] = await Promise.all([probe, shut({ close: async () => {} })]);
    assert.equal(text, "OpenEnergyMonitor device: 120.0 W, 243.5 V");
    assert.equal(settings[0]?.baud, 38400);
  });
});

describe("the configuration", () => {
  const config = { kind: "emon", port: "/dev/ttyAMA0" };

  test("names channels of energy or of power; a pulse constant goes with pulses", () => {
    const wrong: Json[] = [
      {},
      { energy: ["pulse1"] },
      { energy: ["E1"], pulses_per_kwh: 1000 },
      { energy: ["E1", "pulse1"], pulses_per_kwh: 1000 },
      { power: ["power1"], packet: [["power1", "h", 0]] },
      { power: ["power1"], node: 5, packet: [["power1", "q", 0]] },
      { power: [] },
    ];
    for (const members of wrong) {
      throwsWith(() => emon.decode({ ...config, ...(members as object) }, "c"), "schema");
    }
  });

  test("candidates decode, and again", () => {
    const found = emon.candidates({ kind: "serial", port: "x" });
    assert.equal(found.length, 3);
    for (const candidate of found) {
      assert.deepEqual(emon.decode(candidate as unknown as Json, "c"), candidate);
    }
  });
});

test("a real serial line with an independent player: dribbled, glued, cut, at a wrong speed", async (t) => {
  if (!requireSystemPart(t, "socat", "pymodbus")) return;
  const pair = await createTtyPair(t);
  const ports = openLinuxPorts();
  t.after(() => ports.close());
  const config: EmonConfig = { kind: "emon", port: pair.near, energy: ["E1"] };
  const driver = await emon.open(config, ports);
  t.after(() => driver.close());
  const untilRegister = async (register: number): Promise<void> => {
    for (let i = 0; (await driver.read()).register !== register; i++) {
      assert.ok(i < 600, `${register} Wh never came`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const player = startLinePlayer(t, pair.far);
  const first = untilRegister(5);
  await player.play({ text: "", pause: 0.3 }, { text: "MSG:1,E1:5", pause: 0.05 });
  await first;
  const glued = Buffer.from("MSG:2,E1:6\r\nMSG:3,E1:7\r\nMSG:4,E", "latin1").toString("hex");
  await player.play({ hex: glued }, { text: "MSG:5,E1:9" }, { hex: "00fc8e00fe0a" }, { text: "?" });
  await untilRegister(7);
  await player.play({ text: "MSG:6,E1:10" });
  await untilRegister(10);
  await player.end();
});
