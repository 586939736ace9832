import assert from "node:assert/strict";
import { test } from "node:test";
import type { DayPlaintext } from "../../../shared/day/day-plaintext.ts";
import { formatDayRow } from "../../../shared/day/day-row.ts";

const DAY: DayPlaintext = {
  v: 1,
  meter: "352522395",
  salt: "A".repeat(43),
  pad: "",
  day: "2024-01-01",
  zone: "America/Los_Angeles",
  tz: "2024a",
  from: 1_704_096_000,
  to: 1_704_182_400,
  step: 0,
  wh: [10_470],
  quality: "M",
  register: [0, 10_470],
  location: [374_217_636, -1_220_846_140],
  current: [[47_880, 47_880, 47_880]],
  voltage: [[194_900, 194_900, 194_900]],
  temperature: [3_720, 3_720, 3_720],
  humidity: [2_852, 2_852, 2_852],
  events: [],
  clock: [],
  fw: "A".repeat(43),
};

test("the paper's first row, as printed", () => {
  assert.deepEqual(formatDayRow(DAY), {
    meter_id: "352522395",
    location: "37.4217636,-122.084614",
    timestamp: "2024-01-01 00:00:00",
    energy_kwh: "10.47",
    current_a: "47.88",
    voltage_v: "194.90",
    temperature_c: "3.72",
    humidity_pct: "28.52",
  });
});

test("rounding is half away from zero, and what was not measured is absent", () => {
  const { current: _, voltage: __, location: ___, ...rest } = DAY;
  const cold = {
    ...rest,
    temperature: [-5, -5, -5] as const,
    humidity: [5, 5, 5] as const,
    wh: [4, 1],
  };
  const { current_a, location, temperature_c, humidity_pct, energy_kwh } = formatDayRow(cold);
  assert.deepEqual([current_a, location], [undefined, undefined]);
  assert.deepEqual([temperature_c, humidity_pct, energy_kwh], ["-0.01", "0.05", "0.01"]);
  assert.equal(formatDayRow({ ...DAY, temperature: [-4, -4, -4] }).temperature_c, "0.00");
  assert.equal(formatDayRow({ ...DAY, location: [0, -500_000_000] }).location, "0,-50");
  const noon = formatDayRow({ ...DAY, from: DAY.from + 43_200 + 61 });
  assert.equal(noon.timestamp, "2024-01-01 12:01:01");
});
