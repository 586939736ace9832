import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import type { Driver } from "../../../hardware/driver/driver.ts";
import {
  createLayout,
  parseRpictLine,
  type RpictConfig,
  rpict,
} from "../../../hardware/driver/rpict.ts";
import { readColumns } from "../../../hardware/driver/rpict-columns.ts";
import { openLinuxPorts } from "../../../hardware/linux/linux-ports.ts";
import { decodeUtf8, encodeHex, encodeUtf8 } from "../../../shared/base/bytes.ts";
import type { Json } from "../../../shared/base/canonical-json.ts";
import { isCoded } from "../../../shared/base/error.ts";
import { requireSharedData, sharedDataPath } from "../../support/project-root.ts";
import { createPushPorts } from "../../support/push-ports.ts";
import { randomNumbers } from "../../support/random-numbers.ts";
import { rejectsWith, throwsWith } from "../../support/sensor-doubles.ts";
import { requireSystemPart } from "../../support/system-part.ts";
import { createTtyPair, startLinePlayer } from "../../support/tty-pair.ts";

/** An RPICT7V1 in a house: seven powers, seven currents, the voltage. */
const LINE =
  "11 180.5 20.2 450.8 1280.4 60.8 120.3 5.1 917.5 136.6 3138.1 9404.3 432.6 837.5 32.8 235.7";
const SEVEN = createLayout({ model: "RPICT7V1" }, "c");

type Settings = Omit<RpictConfig, "kind" | "port">;

async function open(config: Settings) {
  const bench = createPushPorts();
  const driver = await rpict.open({ kind: "rpict", port: "/dev/serial0", ...config }, bench.ports);
  return { ...bench, driver };
}

/** What a line that arrives after the first, cut one gives. */
async function readLine(config: Settings, line: string) {
  const { driver, say, shut } = await open(config);
  const reading = driver.read();
  await say("0.0 0.0\r\n");
  await say(`${line}\r\n`);
  const { raw, ...values } = await reading;
  await shut(driver);
  return { ...values, line: decodeUtf8(raw) };
}

describe("the columns of a line", () => {
  test("of the factory: the first channel with its current and the voltage", async () => {
    const { driver, say, settings, shut } = await open({ model: "RPICT7V1" });
    const reading = driver.read();
    await say(`.3 32.8 235.7\r\n${LINE}\r\n`);
    assert.deepEqual(await reading, {
      energy: "power",
      power: 180_500,
      voltage: [235_700],
      current: [918],
      takenMs: 0,
      raw: encodeUtf8(LINE),
    });
    assert.deepEqual(settings, [{ port: "/dev/serial0", baud: 38400, parity: "none" }]);
    await shut(driver);
  });

  test("power of several channels is added up, with up to three currents and voltages", async () => {
    const three = { power: ["RP2", "RP3", "RP4"] };
    const { power, current, voltage } = await readLine({ model: "RPICT7V1", ...three }, LINE);
    assert.equal(power, 20_200 + 450_800 + 1_280_400);
    assert.deepEqual(current, [137, 3_138, 9_404]);
    assert.deepEqual(voltage, [235_700]);
    const four = { power: ["RP1", "RP2", "RP3", "RP4"] };
    assert.ok(!("current" in (await readLine({ model: "RPICT7V1", ...four }, LINE))));
  });

  test("voltages of their own: the one with the channel's number", async () => {
    const line = "11 230.1 231.2 232.3 0.9 10 20 -30 0.0 100 200 300 1 0.98 0.97 -0.9 nan";
    const reading = await readLine(
      { model: "RPICT4V3", power: ["Realpower2", "Realpower3"] },
      line,
    );
    assert.equal(reading.power, -10_000);
    assert.deepEqual(reading.voltage, [231_200, 232_300]);
    assert.deepEqual(reading.current, [200, 300]);
  });

  test("a board without voltage estimates; its thermometer may be missing", async () => {
    const reading = await readLine({ model: "RPICT3T1" }, "11 100.5 0 0 21.25");
    assert.equal(reading.energy, "estimate");
    assert.equal(reading.power, 100_500);
    assert.equal(reading.temperature, 21_250);
    for (const missing of ["-127.00", "nan"]) {
      const cold = await readLine({ model: "RPICT3T1" }, `11 100.5 0 0 ${missing}`);
      assert.ok(!("temperature" in cold));
    }
    assert.equal((await readLine({ model: "RPICT8" }, "11 1 2 3 4 5 6 7 8")).energy, "estimate");
  });

  test("own columns, amperes among them, with commas and -0.0", async () => {
    const columns = ["Node", "P1", "I1", "V1", "T1"];
    const reading = await readLine({ columns }, "1,-0.0,5,-0.0,20,");
    assert.ok(Object.is(reading.power, 0));
    assert.deepEqual(reading.voltage, [0]);
    assert.deepEqual(reading.current, [5]);
    const amps = {
      "#": { unit_of_measurement: "#" },
    };
    throwsWith(() => readColumns(amps, "c"), "schema");
    const mapped = {
      Id: { type: "integer", unit_of_measurement: "#" },
      Mains: { type: "float", unit_of_measurement: "W", device_class: "power" },
      Ct: { type: "float", unit_of_measurement: "A" },
      Freq: { type: "float", unit_of_measurement: "Hz" },
    } as const;
    const own = await readLine({ columns: mapped, current: ["Ct"] }, "1 -200.5 0.870 49.9");
    assert.equal(own.power, -200_500);
    assert.deepEqual(own.current, [870]);
  });

  test("only lines of the node, where one is given", async () => {
    const { driver, say, pass, shut } = await open({ model: "RPICT3T1", node: 12 });
    const reading = driver.read();
    await say("\n11 1 2 3 4\r\n12 5 6 7 8\r\n11 1 2 3 4\r\n");
    assert.equal((await reading).power, 5_000);
    await pass(16_000);
    await say("11 1 2 3 4\r\n");
    await rejectsWith(driver.read(), "sensor-timeout");
    await shut(driver);
  });
});

describe("lines that are no readings", () => {
  const damaged: readonly [what: string, line: string][] = [
    ["a field too few", LINE.slice(0, LINE.lastIndexOf(" "))],
    ["a field too many", `${LINE} 0.0`],
    ["two lines in one", `${LINE}${LINE}`],
    ["a letter", LINE.replace("917.5", "9l7.5")],
    ["two points", LINE.replace("917.5", "9.7.5")],
    ["a byte that is not ASCII", LINE.replace("917.5", "91\xb7.5")],
    ["no number for the power", LINE.replace("180.5", "nan")],
    ["an infinite power", LINE.replace("180.5", "inf")],
    ["overflow of an unused column", LINE.replace("20.2", "ovf")],
    ["more than any transformer", LINE.replace("180.5", "1805000.1")],
    ["a negative voltage", LINE.replace("235.7", "-235.7")],
    ["a node that is none", LINE.replace("11 ", "1.1.1 ")],
    ["a banner", "RPICT7V1 v2.0"],
  ];
  for (const [what, line] of damaged) {
    test(`${what} is refused`, async () => {
      throwsWith(() => parseRpictLine(line, SEVEN), "sensor-range");
      const { driver, say, pass, shut } = await open({ model: "RPICT7V1" });
      const reading = driver.read();
      const refused = rejectsWith(reading, "sensor-range");
      await say(Buffer.from(`\n${line}\n`, "latin1"));
      await pass(15_500);
      await refused;
      await shut(driver);
    });
  }

  test("one damaged line does not matter when a good one was there or comes", async () => {
    const { driver, say, pass, shut } = await open({ model: "RPICT7V1" });
    const reading = driver.read();
    await say(`\n${LINE}\n`);
    assert.equal((await reading).power, 180_500);
    await pass(5_000);
    await say("11 180.5\n");
    const again = await driver.read();
    assert.equal(again.power, 180_500);
    assert.equal(again.takenMs, 0);
    await say(`${LINE.replace("180.5", "190.5")}\n`);
    const next = await driver.read();
    assert.equal(next.power, 190_500);
    assert.equal(next.takenMs, 5_000);
    await shut(driver);
  });

  test("silence, and an unplugged board", async () => {
    const { driver, pass, unplug, plug, say, shut } = await open({ model: "RPICT7V1" });
    const reading = driver.read();
    const silent = rejectsWith(reading, "sensor-timeout");
    await pass(15_500);
    await silent;
    await unplug();
    await pass(500);
    await rejectsWith(driver.read(), "sensor-gone");
    plug();
    await pass(1_000);
    const back = driver.read();
    await say(`${LINE}\n${LINE}\n`);
    assert.equal((await back).power, 180_500);
    await shut(driver);
  });
});

test("any damage to a line: a coded error, or integers", () => {
  const random = randomNumbers(11);
  const alphabet = "0123456789.-+eE ,nainfovf\t\ufffd";
  let readings = 0;
  for (let i = 0; i < 100_000; i++) {
    let line = LINE;
    for (let n = random(3); n >= 0; n--) {
      const at = random(line.length);
      const what = random(3);
      const put = what === 0 ? "" : (alphabet[random(alphabet.length)] ?? "");
      line = line.slice(0, at) + put + line.slice(what === 1 ? at : at + 1);
    }
    try {
      const reading = parseRpictLine(line, SEVEN);
      for (const value of Object.values(reading ?? {}).flat()) {
        assert.ok(typeof value === "string" || Number.isSafeInteger(value), line);
      }
      readings += 1;
    } catch (error) {
      if (!isCoded(error, "sensor-range")) throw error;
    }
  }
  assert.ok(readings > 10_000 && readings < 90_000, `${readings} readings`);
});

describe("the configuration", () => {
  const config = { kind: "rpict", port: "/dev/serial0" };

  test("a model or columns, one of both", () => {
    throwsWith(() => rpict.decode(config, "c"), "schema");
    const both = { ...config, model: "RPICT8", columns: ["NodeID", "P1"] };
    throwsWith(() => rpict.decode(both, "c"), "schema");
  });

  test("is the same after it was decoded, and decodes again", () => {
    for (const columns of [
      ["NodeID", "P1"],
      { NodeID: { unit_of_measurement: "#" }, W: { unit_of_measurement: "W" } },
    ]) {
      const decoded = rpict.decode({ ...config, columns }, "c");
      assert.deepEqual(rpict.decode(decoded as unknown as Json, "c"), { ...config, columns });
    }
  });

  test("refuses columns that are not there or measure something else", () => {
    const wrong: Json[] = [
      { columns: ["NodeID"] },
      { columns: ["P1", "P2"] },
      { columns: ["NodeID", "P1", "P1"] },
      { columns: ["NodeID", "Irms1"] },
      { columns: { NodeID: { unit_of_measurement: "#" }, P1: { factor: 2 } } },
      { model: "RPICT7V1", power: ["RP8"] },
      { model: "RPICT7V1", power: ["Irms1"] },
      { model: "RPICT7V1", voltage: ["RP1"] },
      { model: "RPICT7V1", temperature: "Vrms" },
      { model: "RPICT9" },
    ];
    for (const members of wrong) {
      throwsWith(() => rpict.decode({ ...config, ...(members as object) }, "c"), "schema");
    }
  });

  test("candidates: each model, at once told apart by its columns", async () => {
    const found = rpict.candidates({ kind: "serial", port: "x" });
    assert.deepEqual(
      found.map(({ model }) => model),
      ["RPICT7V1", "RPICT3V1", "RPICT4V3", "RPICT8", "RPICT3T1"],
    );
    const { driver, say, shut } = await open({ model: "RPICT7V1" });
    const probe = driver.probe();
    await say(`\n${LINE}\n`);
    assert.equal(
      await Promise.race([probe, shut(driver).then(() => probe)]),
      "RPICT7V1 with 16 columns: 180.5 W, 235.7 V",
    );
    const other = await open({ model: "RPICT3T1" });
    const wrong = rejectsWith(other.driver.probe(), "sensor-range");
    await other.say(`\n${LINE}\n`);
    await other.pass(7_750);
    await wrong;
  });
});

describe("published lines and mappings", () => {
  interface Recorded {
    readonly device: string;
    readonly line: string;
    readonly fields: { readonly [name: string]: number };
  }

  test("decode to their stated values", (t) => {
    if (!requireSharedData(t, "serial", "rpict", "rpict_lines.json")) return;
    const folder = sharedDataPath("serial", "rpict");
    const { lines } = JSON.parse(readFileSync(`${folder}/rpict_lines.json`, "utf8")) as {
      lines: Recorded[];
    };
    assert.ok(lines.length > 0);
    for (const { device, line, fields } of lines) {
      const file = `${folder}/${device}.mapping.json`;
      const columns = existsSync(file)
        ? (JSON.parse(readFileSync(file, "utf8")) as Json)
        : undefined;
      const names = Object.keys(fields);
      assert.deepEqual(
        readColumns(columns ?? names, "c").map(({ name }) => name),
        names,
      );
      for (const name of names) compareColumn(line, columns ?? names, name, fields[name] ?? 0);
    }
  });

  test("the mapping files are the models", (t) => {
    if (!requireSharedData(t, "serial", "rpict")) return;
    const folder = sharedDataPath("serial", "rpict");
    const files = readdirSync(folder).filter((name) => name.endsWith(".mapping.json"));
    assert.ok(files.length > 0);
    for (const file of files) {
      const mapping = JSON.parse(readFileSync(`${folder}/${file}`, "utf8")) as Json;
      const model = file.replace(".mapping.json", "");
      const columns = readColumns(mapping, file);
      const known = rpict.candidates({ kind: "serial", port: "x" }).find((c) => c.model === model);
      if (known !== undefined) assert.deepEqual(createLayout(known, file).columns, columns, file);
      // The mapping is a configuration as it is.
      rpict.decode({ kind: "rpict", port: "x", columns: mapping }, file);
    }
  });

  /** One column of the line, through whichever quantity it is. */
  function compareColumn(line: string, columns: Json, name: string, value: number): void {
    const unit = readColumns(columns, "c").find((column) => column.name === name)?.unit;
    const read = (settings: object) =>
      parseRpictLine(line, createLayout({ columns: columns as string[], ...settings }, "c"));
    if (unit === "W") assert.equal(read({ power: [name] })?.power, Math.round(value * 1000));
    if (unit === "V") {
      assert.deepEqual(read({ voltage: [name] })?.voltage, [Math.round(value * 1000)]);
    }
    if (unit === "mA") assert.deepEqual(read({ current: [name] })?.current, [Math.round(value)]);
  }
});

describe("on a real serial line", () => {
  test("dribbled, glued, cut and flipped lines of an independent player, and unplugging", async (t) => {
    if (!requireSystemPart(t, "socat", "pymodbus")) return;
    const pair = await createTtyPair(t);
    const ports = openLinuxPorts();
    t.after(() => ports.close());
    const config = { kind: "rpict", port: pair.near, model: "RPICT3T1", period_s: 2 } as const;
    const driver: Driver = await rpict.open(config, ports);
    t.after(() => driver.close());
    const player = startLinePlayer(t, pair.far);
    // The line is opened by the first read; what is said before that is nobody's.
    const first = untilPower(driver, 1_500, DAMAGED);
    await player.play({ text: "", pause: 0.3 }, { text: "11 1.5 2 3 20", pause: 0.05 });
    await first;
    const glued = encodeHex(encodeUtf8("11 2.5 2 3 20\r\n11 3.5 2 3 20\r\n"));
    await player.play({ hex: glued }, { text: "11 4.5 2 3 2\x00" }, { text: "2 3 20" });
    await untilPower(driver, 3_500, DAMAGED);
    await player.play({ hex: "8f03ff00e01c" }, { text: "" }, { text: "11 5.5 2 3 20" });
    await untilPower(driver, 5_500, DAMAGED);
    await player.end();
    await pair.unplug();
    await rejectsWith(untilPower(driver, -1, DAMAGED), "sensor-gone");
    await pair.plug();
    const again = startLinePlayer(t, pair.far);
    let heard = false;
    const telling = (async () => {
      while (!heard) await again.play({ text: "11 6.5 2 3 20", pause: 0.01 });
    })();
    await untilPower(driver, 6_500, [...DAMAGED, "sensor-gone"]);
    heard = true;
    await telling;
  });

  /** What a busy machine may see of damaged lines, when the last good one is too old. */
  const DAMAGED = ["sensor-range", "sensor-timeout"];

  /** Reads until that power shows; throws what a read throws, but `ignored`. */
  async function untilPower(
    driver: Driver,
    power: number,
    ignored: readonly string[],
  ): Promise<void> {
    for (let i = 0; i < 600; i++) {
      try {
        if ((await driver.read()).power === power) return;
      } catch (error) {
        if (!isCoded(error) || !ignored.includes(error.code)) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.fail(`${power} mW never came`);
  }
});
