/**
 * Four years of a real house at driver level: a PZEM that plays the recording is read by the unchanged driver over the
 * simulated line; sampler, journal and day close make days of it. Each day has the energy that was recorded, each hour
 * that was not recorded is a gap, and the counter's three wraps are seen through.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { isCoded } from "../../shared/base/error.ts";
import { MeterBench } from "../support/meter-bench.ts";
import { requireSharedData, sharedDataPath } from "../support/project-root.ts";
import { openDevice } from "../support/recording.ts";

const FILE = ["household", "uci_sceaux_hourly_2006-2010.csv"] as const;
/** The house's clock knows no summer time. */
const ZONE = "Etc/GMT-1";
const HOUR_MS = 3_600_000;
/** Often enough that half an hour of silence is one. */
const READ_EVERY_MS = 900_000;
const BEGIN = Date.parse("2006-12-16T17:00:00+01:00");
const END = Date.parse("2010-11-26T22:00:00+01:00");

/** By date: what was recorded, and a letter an hour: `M`, `m` in part, `G` not at all. */
function readRecording(): Map<string, { wh: number; hours: string }> {
  const days = new Map<string, { wh: number; hours: string }>();
  for (const line of readFileSync(sharedDataPath(...FILE), "utf8")
    .trim()
    .split("\n")
    .slice(1)) {
    const [at = "", kwh = "", , , quality = ""] = line.split(",");
    const day = days.get(at.slice(0, 10)) ?? { wh: 0, hours: "" };
    const letter = quality === "" ? "M" : quality === "partial" ? "m" : "G";
    days.set(at.slice(0, 10), { wh: day.wh + Number(kwh) * 1000, hours: day.hours + letter });
  }
  return days;
}

test("four years through the driver: every day's energy, every outage a gap", async (t) => {
  if (!requireSharedData(t, ...FILE)) return;
  const source = await openDevice({
    file: sharedDataPath(...FILE),
    step: 3600,
    zone: "+01:00",
    time: { column: "timestamp" },
    energy: { column: "energy_kwh", unit: "kWh" },
    voltage: { column: "voltage_v", unit: "V" },
    current: { column: "current_a", unit: "A" },
    quality: { column: "quality", partial: ["partial"], missing: ["missing"] },
  });
  const bench = new MeterBench({ zone: ZONE, step: 3600, maxGapMs: READ_EVERY_MS });
  for (let at = BEGIN; at <= END; at += READ_EVERY_MS) {
    try {
      const { parts, ...sample } = await source.read(at);
      const energies = parts.flatMap(({ part, counter: sensor, energy, register, registerSpan }) =>
        energy === "register" && register !== undefined
          ? [{ part, sensor, energy, register, ...(registerSpan && { registerSpan }) }]
          : [],
      );
      bench.sampler.add({ ...sample, monotonicMs: at, energies });
    } catch (error) {
      assert.ok(isCoded(error, "sensor-timeout"), String(error));
    }
    bench.sampler.advance(at);
    if (at % (24 * HOUR_MS) !== 0) continue;
    bench.close();
  }
  await source.close();
  bench.sampler.advance(END, 0);
  bench.close();
  const recorded = readRecording();
  const days = bench.days();
  assert.equal(days.length, [...recorded.keys()].length - 1, "the last day has not ended");
  let worst = 0;
  const wraps = days.flatMap(({ events }) =>
    events.filter(([, code]) => code === "counter-wrap"),
  ).length;
  for (const { day, wh, quality } of days) {
    const expected = recorded.get(day);
    assert.ok(expected, day);
    assert.equal(quality, expected.hours, day);
    const sum = wh.reduce((total, one) => total + one, 0);
    // To 0.1 %, but a counter knows whole watt-hours only.
    const most = Math.max(1, expected.wh / 1000);
    worst = Math.max(worst, Math.abs(sum - expected.wh));
    assert.ok(Math.abs(sum - expected.wh) <= most, `${day}: ${sum} Wh, recorded ${expected.wh}`);
  }
  t.diagnostic(
    `${days.length} days, at most ${worst.toFixed(1)} Wh off, ${wraps} wraps of the counter`,
  );
  assert.equal(wraps, 3);
  bench.check();
});
