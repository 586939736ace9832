import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import type { JsonObject } from "../../../shared/base/canonical-json.ts";
import { isCoded } from "../../../shared/base/error.ts";
import { listRows, openRows, sumWh, writeRecording } from "../../support/recording.ts";
import { rejectsWith } from "../../support/sensor-doubles.ts";

const HOURLY = {
  step: 3600,
  zone: "+01:00",
  time: { column: "t" },
  energy: { column: "kwh", unit: "kWh" },
} satisfies JsonObject;
const START = 1_704_063_600;

describe("rows of a recording", () => {
  test("energy is exact and fractions of a Wh are carried", async (t) => {
    const hours = Array.from(
      { length: 24 },
      (_, hour) => `2024-01-01T${String(hour).padStart(2, "0")}:00,0.0003`,
    );
    const file = writeRecording(t, `t,kwh\n${hours.join("\n")}\n`);
    const rows = await listRows(await openRows({ ...HOURLY, file }));
    // 24 × 0.3 Wh = 7.2 Wh; each running sum is the nearest Wh: 0.3, 0.6, 0.9, 1.2, 1.5 …
    assert.deepEqual(
      rows.slice(0, 6).map(({ wh }) => wh),
      [0, 1, 0, 0, 1, 0],
    );
    assert.equal(sumWh(rows), 7);
    assert.deepEqual(rows[0], {
      from: START,
      to: START + 3600,
      wh: 0,
      power: 300,
      partial: false,
      line: 2,
    });
  });

  test("from an instant on, the rows are the same as in the whole recording", async (t) => {
    const lines = Array.from(
      { length: 20 },
      (_, i) => `2024-01-01T${String(i).padStart(2, "0")}:00,0.00${i + 1}7`,
    );
    const source = await openRows({
      ...HOURLY,
      file: writeRecording(t, `t,kwh\n${lines.join("\n")}`),
    });
    const all = await listRows(source);
    assert.deepEqual(await listRows(source, START + 7 * 3600), all.slice(7));
  });

  test("gaps stay gaps: no row where no energy was recorded", async (t) => {
    const file = writeRecording(
      t,
      [
        "t,kwh,volt,q",
        "2024-01-01T00:00,0.5,230.1,",
        "2024-01-01T01:00,,231.0,",
        "2024-01-01T02:00,0.4,,missing",
        "2024-01-01T03:00,0.1,?,partial",
        "2024-01-01T07:00,0.2,229.9,",
      ].join("\r\n"),
    );
    const source = await openRows({
      ...HOURLY,
      file,
      voltage: { column: "volt", unit: "V" },
      quality: { column: "q" },
      absent: ["?"],
    });
    const rows = await listRows(source);
    assert.deepEqual(
      rows.map(({ from, wh, partial, voltage, line }) => [
        (from - START) / 3600,
        wh,
        partial,
        voltage,
        line,
      ]),
      [
        [0, 500, false, 230_100, 2],
        [3, 100, true, undefined, 5],
        [7, 200, false, 229_900, 6],
      ],
    );
    assert.ok(!("voltage" in (rows[1] ?? {})));
  });

  test("power, several columns, semicolons, decimal commas, end stamps, one meter of several", async (t) => {
    const file = writeRecording(
      t,
      [
        "\uFEFFDate;Time;id;a;b;temp;rh",
        "16/12/2006;17:01:00;7;1,5;0,5;21,29;46,13",
        "16/12/2006;17:01:00;8;9;9;0;0",
        '16/12/2006;17:02:00;7;1,0;0,25;-1,5;"46"',
      ].join("\n"),
    );
    const source = await openRows({
      file,
      step: 60,
      stamp: "end",
      zone: "+01:00",
      delimiter: ";",
      decimal: ",",
      time: { column: ["Date", "Time"], format: "DD/MM/YYYY hh:mm:ss" },
      power: { column: ["a", "b"], unit: "kW" },
      temperature: { column: "temp", unit: "°C" },
      humidity: { column: "rh", unit: "%" },
      where: { column: "id", value: "7" },
    });
    assert.equal(source.energy, "integrated");
    const rows = await listRows(source);
    assert.deepEqual(
      rows.map(({ wh, power, temperature, humidity }) => [wh, power, temperature, humidity]),
      [
        [33, 2_000_000, 21_290, 4_613],
        [21, 1_250_000, -1_500, 4_600],
      ],
    );
    assert.equal(rows[0]?.from, Date.parse("2006-12-16T16:00:00Z") / 1000);
  });

  test("quoted fields and whole-day rows in the meter's zone, also across a clock change", async (t) => {
    const file = writeRecording(
      t,
      'where,t,kwh\n"37.42,-122.08 ""home""",2024-03-30 00:00:00,10.47\n"x",2024-03-31,27.48\n',
    );
    const source = await openRows({ ...HOURLY, zone: "Europe/Paris", step: 0, file });
    assert.equal(source.step, 0);
    const rows = await listRows(source);
    assert.deepEqual(
      rows.map(({ wh }) => wh),
      [10_470, 27_480],
    );
    assert.deepEqual(
      rows.map(({ from, to }) => (to - from) / 3600),
      [24, 23],
    );
  });

  test("the repeated hour of autumn is two hours", async (t) => {
    const hours = ["01", "02", "02", "03"].map((hour) => `2024-10-27T${hour}:00,1`);
    const file = writeRecording(t, `t,kwh\n${hours.join("\n")}`);
    const rows = await listRows(await openRows({ ...HOURLY, zone: "Europe/Paris", file }));
    assert.deepEqual(
      rows.map(({ from }) => (from - (rows[0]?.from ?? 0)) / 3600),
      [0, 1, 2, 3],
    );
  });
});

describe("what is wrong with a recording is said with its line", () => {
  const refuses = async (
    t: TestContext,
    lines: readonly string[],
    code: "replay-row" | "replay-time" | "replay-order",
    line: number,
    more: JsonObject = {},
  ): Promise<void> => {
    const file = writeRecording(t, lines.join("\n"));
    const source = await openRows({ ...HOURLY, ...more, file });
    await assert.rejects(listRows(source), (error) => {
      assert.ok(isCoded(error, code), String(error));
      assert.equal(error.detail["line"], line);
      return true;
    });
  };
  const GOOD = "2024-01-01T00:00,0.5";

  test("malformed rows", async (t) => {
    await refuses(t, ["t,kwh", GOOD, "2024-01-01T01:00"], "replay-row", 3);
    await refuses(t, ["t,kwh", GOOD, "2024-01-01T01:00,1,2"], "replay-row", 3);
    await refuses(t, ["t,kwh", GOOD, "2024-01-01T01:00,1e3"], "replay-row", 3);
    await refuses(t, ["t,kwh", GOOD, "", "2024-01-01T01:00,-0.1"], "replay-row", 4);
    await refuses(t, ["t,kwh", GOOD, '2024-01-01T01:00,"0.1'], "replay-row", 3);
    await refuses(t, ["t,kwh", GOOD, '2024-01-01T01:00,"0.1"x'], "replay-row", 3);
    await refuses(t, ["t,kwh", GOOD, "x".repeat(200_000)], "replay-row", 3);
  });

  test("times that do not exist or go back", async (t) => {
    await refuses(t, ["t,kwh", GOOD, "yesterday,1"], "replay-time", 3);
    await refuses(t, ["t,kwh", GOOD, "2024-02-30T00:00,1"], "replay-time", 3);
    await refuses(t, ["t,kwh", "2024-03-31T02:00,1"], "replay-time", 2, { zone: "Europe/Paris" });
    await refuses(t, ["t,kwh", GOOD, GOOD], "replay-order", 3);
    await refuses(t, ["t,kwh", GOOD, "2024-01-01T00:30,1"], "replay-order", 3);
    await refuses(t, ["t,kwh", GOOD, "2023-12-31T23:00,1"], "replay-order", 3);
    const apia = { zone: "Pacific/Apia", step: 0 };
    await refuses(t, ["t,kwh", "2011-12-30,1"], "replay-time", 2, apia);
  });

  test("the rows before the malformed one were delivered", async (t) => {
    const file = writeRecording(t, ["t,kwh", GOOD, "broken,1"].join("\n"));
    const source = await openRows({ ...HOURLY, file });
    const seen: number[] = [];
    await rejectsWith(
      (async () => {
        for await (const row of source.rows()) seen.push(row.wh);
      })(),
      "replay-time",
    );
    assert.deepEqual(seen, [500]);
  });

  test("missing files, empty files and missing columns are errors at opening", async (t) => {
    await rejectsWith(openRows({ ...HOURLY, file: "/nowhere/at/all.csv" }), "replay-file");
    await rejectsWith(openRows({ ...HOURLY, file: writeRecording(t, "") }), "replay-file");
    const file = writeRecording(t, "time,kwh\n");
    await rejectsWith(openRows({ ...HOURLY, file }), "replay-column");
    const good = writeRecording(t, "t,kwh\n");
    await rejectsWith(openRows({ ...HOURLY, file: good, zone: "Mars/Base" }), "zone");
    assert.deepEqual(await listRows(await openRows({ ...HOURLY, file: good })), []);
  });
});
