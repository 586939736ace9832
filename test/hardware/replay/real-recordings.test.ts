import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import type { Row } from "../../../hardware/source.ts";
import type { JsonObject } from "../../../shared/base/canonical-json.ts";
import { isCoded } from "../../../shared/base/error.ts";
import { requireSharedData, sharedDataPath } from "../../support/project-root.ts";
import { listRows, openDevice, openRows, sumWh } from "../../support/recording.ts";

const HOURLY_NAME = ["household", "uci_sceaux_hourly_2006-2010.csv"] as const;
const MINUTE_NAME = ["household", "uci_sceaux_minute_2007-01-01_7d.csv"] as const;
const TEN_MINUTE_NAME = ["household", "uci_appliances_10min_2016-02_03.csv"] as const;
const TABLE_3_NAME = ["paper", "table3.csv"] as const;
/** The house's clock knows no summer time. */
const ZONE = "+01:00";
const OFFSET = 3600;

const hourly = (): JsonObject => ({
  file: sharedDataPath(...HOURLY_NAME),
  step: 3600,
  zone: ZONE,
  time: { column: "timestamp" },
  energy: { column: "energy_kwh", unit: "kWh" },
  voltage: { column: "voltage_v", unit: "V" },
  current: { column: "current_a", unit: "A" },
  quality: { column: "quality", partial: ["partial"], missing: ["missing"] },
});

const minute = (): JsonObject => ({
  file: sharedDataPath(...MINUTE_NAME),
  step: 60,
  zone: ZONE,
  time: { column: "timestamp" },
  power: { column: "active_power_kw", unit: "kW" },
  voltage: { column: "voltage_v", unit: "V" },
  current: { column: "current_a", unit: "A" },
});

/** Sum of a column in ten-thousandths, by whole days of the timestamp, read independently of the project. */
function sumByDay(file: string, column: number): Map<string, bigint> {
  const sums = new Map<string, bigint>();
  for (const line of readFileSync(file, "utf8").split("\n").slice(1)) {
    const fields = line.split(",");
    const day = (fields[0] ?? "").slice(0, 10);
    const [whole = "0", decimals = ""] = (fields[column] || "0").split(".");
    sums.set(day, (sums.get(day) ?? 0n) + BigInt(whole + decimals.padEnd(4, "0")));
  }
  return sums;
}

function dayOf(row: Row): string {
  return new Date((row.from + OFFSET) * 1000).toISOString().slice(0, 10);
}

describe("the real house by the hour, 2006 to 2010", () => {
  test("every row, the partial ones, the outages, and the recorded sums to the Wh", async (t) => {
    if (!requireSharedData(t, ...HOURLY_NAME)) return;
    const rows = await listRows(await openRows(hourly()));
    assert.equal(rows.length, 34_589 - 421);
    assert.equal(rows.filter(({ partial }) => partial).length, 26);
    const year = rows.filter((row) => dayOf(row).startsWith("2008"));
    assert.equal(sumWh(year), 9_414_887);
    const outages: number[] = [];
    rows.forEach((row, i) => {
      const gap = (row.from - (rows[i - 1]?.to ?? row.from)) / 3600;
      if (gap >= 14) outages.push(gap);
    });
    assert.deepEqual([Math.min(...outages), Math.max(...outages), outages.length], [14, 119, 7]);
    const sums = sumByDay(sharedDataPath(...HOURLY_NAME), 1);
    const byDay = new Map<string, number>();
    for (const row of rows) byDay.set(dayOf(row), (byDay.get(dayOf(row)) ?? 0) + row.wh);
    let total = 0n;
    for (const [day, tenThousandths] of sums) {
      total += tenThousandths;
      const recorded = Number(tenThousandths) / 10;
      assert.ok(Math.abs((byDay.get(day) ?? 0) - recorded) <= 1, day);
    }
    assert.equal(sumWh(rows), Number((total + 5n) / 10n));
  });

  test("its clock without summer time is noticed when a zone with one is configured", async (t) => {
    if (!requireSharedData(t, ...HOURLY_NAME)) return;
    const source = await openRows({ ...hourly(), zone: "Europe/Paris" });
    await assert.rejects(listRows(source), (error) => {
      assert.ok(isCoded(error, "replay-time"));
      assert.match(error.message, /line 2363: 2007-03-25T02:00 .*fixed offset/);
      return true;
    });
  });

  test("played as a device through the first outage: silence, then the register goes on", async (t) => {
    if (!requireSharedData(t, ...HOURLY_NAME)) return;
    const source = await openDevice(hourly());
    // 2007-04-27 to 05-01: an outage from 28 April 01:00 on.
    const start = Date.parse("2007-04-27T00:00:00+01:00");
    const registers: (number | undefined)[] = [];
    for (let quarter = 0; quarter <= 5 * 96; quarter++) {
      const sample = await source.read(start + quarter * 900_000).catch((error: unknown) => {
        assert.ok(isCoded(error, "sensor-timeout"), String(error));
        return undefined;
      });
      registers.push(sample?.register);
    }
    await source.close();
    const known = registers.filter((register) => register !== undefined);
    assert.equal(registers[96 + 2] !== undefined, true);
    assert.equal(registers[96 + 3], undefined);
    assert.ok(registers.length - known.length > 200);
    const recorded = (await listRows(await openRows(hourly()))).filter(
      ({ from, to }) => from * 1000 >= start && to * 1000 <= start + 5 * 86_400_000,
    );
    assert.equal((known[known.length - 1] ?? 0) - (known[0] ?? 0), sumWh(recorded));
  });
});

describe("the real house of four years, played as a device", () => {
  test("read every half hour, each day's register differences are the recorded energy to 0.1 %", async (t) => {
    if (!requireSharedData(t, ...HOURLY_NAME)) return;
    const source = await openDevice(hourly());
    const start = Date.parse("2006-12-16T17:00:00+01:00");
    const end = Date.parse("2010-11-26T22:00:00+01:00");
    const byDay = new Map<string, number>();
    let previous: number | undefined;
    let silent = 0;
    for (let at = start; at <= end; at += 1_800_000) {
      const sample = await source.read(at).catch((error: unknown) => {
        assert.ok(isCoded(error, "sensor-timeout"), String(error));
        silent++;
        return undefined;
      });
      const register: number = sample?.register ?? previous ?? 0;
      const registerSpan = sample?.registerSpan ?? 0;
      // The register starts again at 0 several times in these years.
      const delta = register - (previous ?? register);
      const day = new Date(at + OFFSET * 1000 - 1).toISOString().slice(0, 10);
      byDay.set(day, (byDay.get(day) ?? 0) + (delta < 0 ? delta + registerSpan : delta));
      previous = register;
    }
    await source.close();
    assert.ok(silent > 2 * 421 - 20 && silent < 2 * 421 + 30, String(silent));
    for (const [day, tenThousandths] of sumByDay(sharedDataPath(...HOURLY_NAME), 1)) {
      const recorded = Number(tenThousandths) / 10;
      const played = byDay.get(day) ?? 0;
      assert.ok(Math.abs(played - recorded) <= 1 + recorded / 1000, `${day}: ${played}`);
    }
  });
});

describe("the real house by the minute, a week of 2007", () => {
  test("played as a device, each day's register difference is the recorded energy to the Wh", async (t) => {
    if (!requireSharedData(t, ...MINUTE_NAME)) return;
    const source = await openDevice(minute());
    const start = Date.parse("2007-01-01T00:00:00+01:00");
    const watts = sumByDay(sharedDataPath(...MINUTE_NAME), 1);
    let previous = (await source.read(start)).register ?? 0;
    let day = 0;
    for (const tenThousandths of [...watts.values()].filter((sum) => sum > 0n)) {
      day++;
      for (let at = 1; at <= 1440; at += 1) {
        const sample = await source.read(start + ((day - 1) * 1440 + at) * 60_000);
        if (at < 1440) continue;
        const delta = (sample.register ?? 0) - previous;
        previous = sample.register ?? 0;
        // kW × 10,000 summed over minutes: Wh = sum / 10 / 60.
        assert.ok(Math.abs(delta - Number(tenThousandths) / 600) <= 1, `day ${day}: ${delta}`);
      }
    }
    assert.equal(day, 7);
    await source.close();
  });
});

describe("other kinds of recording", () => {
  test("ten-minute Wh of another house with its climate, two columns added up", async (t) => {
    if (!requireSharedData(t, ...TEN_MINUTE_NAME)) return;
    const source = await openRows({
      file: sharedDataPath(...TEN_MINUTE_NAME),
      step: 600,
      zone: ZONE,
      time: { column: "timestamp" },
      energy: { column: ["appliances_wh", "lights_wh"], unit: "Wh" },
      temperature: { column: "t_living_c", unit: "°C" },
      humidity: { column: "rh_living_pct", unit: "%" },
    });
    const rows = await listRows(source);
    assert.equal(rows.length, 60 * 144);
    const file = sharedDataPath(...TEN_MINUTE_NAME);
    let total = 0n;
    for (const column of [1, 2]) for (const sum of sumByDay(file, column).values()) total += sum;
    assert.equal(sumWh(rows), Number(total / 10_000n));
    const { wh, temperature, humidity } = rows[0] ?? assert.fail();
    assert.deepEqual([wh, temperature, humidity], [60, 21_290, 4_613]);
  });

  test("the paper's table 3: whole days as printed", async (t) => {
    if (!requireSharedData(t, ...TABLE_3_NAME)) return;
    const source = await openRows(
      {
        file: sharedDataPath(...TABLE_3_NAME),
        step: 0,
        time: { column: "timestamp" },
        where: { column: "meter_id", value: "352522395" },
        energy: { column: "energy_kwh", unit: "kWh" },
        current: { column: "current_a", unit: "A" },
        voltage: { column: "voltage_v", unit: "V" },
        temperature: { column: "temperature_c", unit: "°C" },
        humidity: { column: "humidity_pct", unit: "%" },
      },
      "America/Los_Angeles",
    );
    const rows = await listRows(source);
    assert.deepEqual(
      rows.map((r) => [r.wh, r.current, r.voltage, r.temperature, r.humidity, r.to - r.from]),
      [
        [10_470, 47_880, 194_900, 3_720, 2_852, 86_400],
        [27_480, 54_140, 177_220, 8_010, 6_825, 86_400],
        [27_430, 73_830, 48_310, 26_540, 6_590, 86_400],
        [18_190, 21_160, 25_340, 23_180, 6_937, 86_400],
      ],
    );
    assert.equal(rows[0]?.from, Date.parse("2024-01-01T08:00:00Z") / 1000);
  });
});
