// deploy/demo/recording.ts: a CSV's header becomes a replay source; what cannot be understood is named.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";

import { OptionError } from "../../../deploy/demo/options.ts";
import { describeRecording } from "../../../deploy/demo/recording.ts";
import { decodeSources } from "../../../hardware/source-config.ts";
import type { Json } from "../../../shared/base/canonical-json.ts";
import { makeTestFolder } from "../../support/process.ts";
import { projectRoot, requireSharedData, sharedDataPath } from "../../support/project-root.ts";

function makeCsv(...lines: readonly string[]): string {
  const file = path.join(makeTestFolder(), "recording.csv");
  writeFileSync(file, `${lines.join("\n")}\n`);
  return file;
}

test("the paper's rows are whole days", () => {
  const file = path.join(projectRoot(), "deploy", "paper-rows.csv");
  const { source, firstDate } = describeRecording(file, "Europe/Berlin");
  assert.equal(firstDate, "2024-01-01");
  assert.deepEqual(source, {
    kind: "replay",
    file,
    step: 0,
    time: { column: "timestamp" },
    energy: { column: "energy_kwh", unit: "kWh" },
    voltage: { column: "voltage_v", unit: "V" },
    current: { column: "current_a", unit: "A" },
    temperature: { column: "temperature_c", unit: "°C" },
    humidity: { column: "humidity_pct", unit: "%" },
  });
});

const REAL: readonly (readonly [file: string, step: number, date: string, zone?: string])[] = [
  ["uci_sceaux_minute_2007-01-01_7d.csv", 60, "2007-01-01"],
  ["uci_sceaux_hourly_2006-2010.csv", 3600, "2006-12-16", "+01:00"],
  ["uci_appliances_10min_2016-02_03.csv", 600, "2016-02-01", "+01:00"],
];
for (const [name, step, date, zone] of REAL) {
  test(`the real recording ${name} is understood, and accepted by the meter`, (t) => {
    if (!requireSharedData(t, "household", name)) return;
    const { source, firstDate } = describeRecording(
      sharedDataPath("household", name),
      "Europe/Paris",
    );
    assert.equal(source["step"], step);
    assert.equal(source["zone"], zone);
    assert.equal(firstDate, date);
    assert.equal(decodeSources([source as unknown as Json]).length, 1);
  });
}

test("a cell in quotes may hold a comma", () => {
  const file = makeCsv(
    "place,timestamp,energy_wh",
    '"1,2",2024-03-01T00:00,5',
    '"1,2",2024-03-01T00:15,6',
  );
  assert.equal(describeRecording(file, "Europe/Berlin").source["step"], 900);
});

const refused: readonly (readonly [what: string, lines: readonly string[], message: RegExp])[] = [
  ["no time", ["when,energy_kwh", "x,1", "y,2"], /timestamp/],
  ["no energy", ["timestamp,voltage_v", "2024-01-01,230", "2024-01-02,230"], /energy_kwh/],
  ["an odd step", ["timestamp,energy_wh", "2024-01-01T00:00,1", "2024-01-01T00:07,1"], /420 s/],
  ["one row", ["timestamp,energy_wh", "2024-01-01T00:00,1"], /NaN/],
];
for (const [what, lines, message] of refused) {
  test(`refused: ${what}`, () => {
    const file = makeCsv(...lines);
    assert.throws(
      () => describeRecording(file, "Europe/Berlin"),
      (error) => error instanceof OptionError && message.test(error.message),
    );
  });
}

test("refused: a file that is not there", () => {
  assert.throws(() => describeRecording("/nowhere/a.csv", "Europe/Berlin"), /cannot be read/);
});
