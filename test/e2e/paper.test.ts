// Paper check: the rows of the paper's table 3 go the whole way, from a recording through a sealed day, a real
// broker, admission and a mined block, and come out of the decoded dump, of SQLite and of the page in a real
// browser as the paper prints them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";

import { chromium } from "playwright-core";

import { describeRecording } from "../../deploy/demo/recording.ts";
import { openReadOnly } from "../../gateway/ledger/database.ts";
import { createReadModel } from "../../gateway/projection/read-model.ts";
import type { DaySummary } from "../../gateway/projection/read-model-types.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import {
  addMeter,
  configureGateway,
  dumpChain,
  readCsv,
  simulatedClock,
  startGateway,
  startMeter,
  verify,
} from "../support/e2e-house.ts";
import { makeTestFolder, waitFor } from "../support/process.ts";
import { projectRoot } from "../support/project-root.ts";
import { findProgram, requireSystemPart } from "../support/system-part.ts";

const METER = "352522395";
const ZONE = "America/Los_Angeles";
/** 2024-01-01T00:00:00 there. */
const MIDNIGHT_S = 1_704_096_000;
/** A simulated day in 1.5 s. */
const RATE = 57_600;

const file = path.join(projectRoot(), "deploy", "paper-rows.csv");
const ROWS = readCsv(readFileSync(file, "utf8"));

/** Table 3 as the paper prints it; the project's own CSV is checked against it. */
const PRINTED = [
  ["2024-01-01", "10.47", "47.88", "194.90", "3.72", "28.52"],
  ["2024-01-02", "27.48", "54.14", "177.22", "8.01", "68.25"],
  ["2024-01-03", "27.43", "73.83", "48.31", "26.54", "65.90"],
  ["2024-01-04", "18.19", "21.16", "25.34", "23.18", "69.37"],
] as const;
const NAMES = ["energy_kwh", "current_a", "voltage_v", "temperature_c", "humidity_pct"] as const;

/** The meter's days of table 3 as the read model finds them in the store. */
function readDays(data: string): readonly DaySummary[] {
  const db = openReadOnly(path.join(data, "gateway.db"));
  try {
    const readModel = createReadModel(db, { suite: nodeSuite });
    return readModel.days(METER, "2024-01-01", "2024-01-04");
  } finally {
    db.close();
  }
}

/** An integer in thousandths (or hundredths) with the two decimals that the paper prints. */
const print = (value: number | undefined, divisor: number): string =>
  ((value ?? Number.NaN) / divisor).toFixed(2);

test("the project's own CSV holds table 3 as printed", () => {
  assert.deepEqual(
    ROWS.map((row) => [
      (row["timestamp"] ?? "").slice(0, 10),
      ...NAMES.map((name) => row[name] ?? ""),
    ]),
    PRINTED,
  );
  for (const row of ROWS) {
    assert.equal(row["meter_id"], METER);
    assert.equal(row["location"], "37.4217636,-122.084614");
  }
});

test("table 3 comes out of dump, SQLite and page as printed", async (t) => {
  if (!requireSystemPart(t, "chromium")) return;
  const folder = makeTestFolder();
  const data = path.join(folder, "gateway");
  configureGateway(data);
  const gateway = await startGateway(t, data, simulatedClock(MIDNIGHT_S, RATE));
  const meterFolder = path.join(folder, "meter");
  await addMeter(gateway, meterFolder, {
    meter: METER,
    zone: ZONE,
    location: "37.4217636,-122.084614",
    label: "the paper's meter",
    config: { sources: [describeRecording(file, ZONE).source] },
  });
  const meter = startMeter(t, meterFolder, gateway.clock);
  const days = await waitFor(
    "the four days to be final",
    60_000,
    () => {
      const found = readDays(data);
      return found.length === 4 && found.every(({ state }) => state === "final") && found;
    },
    () => [...gateway.process.text, ...meter.text].join("\n"),
  );
  await meter.stop();

  await t.test("SQLite", () => {
    const found = days.map((day) => [
      day.date,
      print(day.wh, 1000),
      print(day.currentMilliAmp?.[0]?.mean, 1000),
      print(day.voltageMilliVolt?.[0]?.mean, 1000),
      print(day.temperatureMilliCelsius?.mean, 1000),
      print(day.humidityCentiPercent?.mean, 100),
    ]);
    assert.deepEqual(found, PRINTED);
  });

  await t.test("decoded dump", async () => {
    const rows = readCsv(await dumpChain(data, "--csv"));
    for (const [date, ...printed] of PRINTED) {
      const row = rows.find((candidate) => candidate["timestamp"]?.startsWith(date));
      assert.ok(row, `no row for ${date}`);
      assert.equal(row["meter_id"], METER);
      assert.equal(row["location"], "37.4217636,-122.084614");
      assert.deepEqual(
        NAMES.map((name) => row[name]),
        printed,
      );
    }
  });

  await t.test("page", async () => {
    const executablePath = findProgram("chromium", "chromium-browser") ?? "chromium";
    const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
    try {
      const page = await browser.newPage();
      await page.goto(`${gateway.portal}meters/${METER}?month=2024-01`);
      for (const summary of await page.locator("details.behind summary").all()) {
        await summary.click();
      }
      const rows = await page.locator("table tr").allInnerTexts();
      for (const [date, ...printed] of PRINTED) {
        const shown = rows.find((row) => printed.every((value) => row.includes(value)));
        assert.ok(shown, `${date}: ${printed.join(" ")} is not in ${JSON.stringify(rows)}`);
      }
    } finally {
      await browser.close();
    }
  });

  await t.test("the chain verifies", async () => {
    await verify("--data", data);
  });
});
