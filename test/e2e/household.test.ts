// A real house: seven days by the minute, replayed through the meter, sealed, mined, and added up again from the
// chain. The energy of each day is that of the recording.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";

import { describeRecording } from "../../deploy/demo/recording.ts";
import { dayBounds } from "../../shared/time/civil-day.ts";
import {
  addMeter,
  configureGateway,
  dumpChain,
  readCsv,
  readOpened,
  readRecords,
  simulatedClock,
  startGateway,
  startMeter,
  verify,
} from "../support/e2e-house.ts";
import { makeTestFolder, waitFor } from "../support/process.ts";
import { requireSharedData, sharedDataPath } from "../support/project-root.ts";

const NAME = "uci_sceaux_minute_2007-01-01_7d.csv";
const METER = "352300017";
const ZONE = "Europe/Paris";
/** A simulated day in 1.5 s. */
const RATE = 57_600;
/** A register counts whole watt-hours, so a day is off by less than one at either end. */
const TOLERANCE_WH = 1;

/** Wh by date: one-minute mean powers in kW, added up. */
function sumRecording(): Map<string, number> {
  const sums = new Map<string, number>();
  for (const row of readCsv(readFileSync(sharedDataPath("household", NAME), "utf8"))) {
    const date = (row["timestamp"] ?? "").slice(0, 10);
    const wh = (Number(row["active_power_kw"]) * 1000) / 60;
    sums.set(date, (sums.get(date) ?? 0) + wh);
  }
  return sums;
}

test("a real week comes out of the chain with the energy that was recorded", async (t) => {
  if (!requireSharedData(t, "household", NAME)) return;
  const expected = sumRecording();
  const start = dayBounds(ZONE, "2007-01-01")?.from ?? 0;
  const folder = makeTestFolder();
  const data = path.join(folder, "gateway");
  configureGateway(data);
  const gateway = await startGateway(t, data, simulatedClock(start, RATE));
  const meterFolder = path.join(folder, "meter");
  const { source } = describeRecording(sharedDataPath("household", NAME), ZONE);
  await addMeter(gateway, meterFolder, {
    meter: METER,
    zone: ZONE,
    label: "a house in Sceaux",
    config: { sources: [source] },
  });
  const meter = startMeter(t, meterFolder, gateway.clock);
  /** Wh by date, as the utility opens it. */
  const openDays = async () => {
    const days = readOpened(await dumpChain(data, "--opened"));
    return new Map(days.map(({ day, wh }) => [day, (wh as number[]).reduce((a, b) => a + b, 0)]));
  };
  const sealed = await waitFor(
    "seven days in the chain",
    60_000,
    async () => {
      const days = await openDays();
      return [...expected.keys()].every((date) => days.has(date)) && days;
    },
    () => [...gateway.process.text, ...meter.text].join("\n"),
  );
  await meter.stop();
  for (const [date, wh] of expected) {
    const found = sealed.get(date) ?? Number.NaN;
    assert.ok(Math.abs(found - wh) <= TOLERANCE_WH, `${date}: ${found} Wh, recorded ${wh}`);
  }
  const days = readRecords(await dumpChain(data)).filter((record) => record.typ === "day");
  assert.deepEqual(
    days.map(({ seq }) => seq),
    days.map((_, i) => i + 1),
  );
  await verify("--data", data);
});
