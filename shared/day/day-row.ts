/**
 * A day as one row of the paper's table 3: meter, location, timestamp, energy, current, voltage, temperature,
 * humidity. For people and spreadsheets; computed from the opened day, never stored or signed.
 */
import type { UnixSeconds } from "../base/units.ts";
import { localDayOf, offsetAt } from "../time/civil-day.ts";
import type { DayPlaintext } from "./day-plaintext.ts";

/** Column names of the table, in order. */
export const DAY_ROW_COLUMNS = [
  "meter_id",
  "location",
  "timestamp",
  "energy_kwh",
  "current_a",
  "voltage_v",
  "temperature_c",
  "humidity_pct",
] as const;

/** Texts as printed; what was not measured is absent. */
export type DayRow = { readonly [K in (typeof DAY_ROW_COLUMNS)[number]]?: string };

/** kWh, A, V, °C and % with two decimals; current and voltage are means of the first phase. */
export function formatDayRow(day: DayPlaintext): DayRow {
  const wh = day.wh.reduce((sum, value) => sum + value, 0);
  const current = day.current?.[0]?.[0];
  const voltage = day.voltage?.[0]?.[0];
  const temperature = day.temperature?.[0];
  const humidity = day.humidity?.[0];
  return {
    meter_id: day.meter,
    ...(day.location === undefined ? {} : { location: day.location.map(formatDegrees).join(",") }),
    timestamp: formatLocalTime(day.zone, day.from),
    energy_kwh: formatHundredths(wh, 10),
    ...(current === undefined ? {} : { current_a: formatHundredths(current, 10) }),
    ...(voltage === undefined ? {} : { voltage_v: formatHundredths(voltage, 10) }),
    ...(temperature === undefined ? {} : { temperature_c: formatHundredths(temperature, 10) }),
    ...(humidity === undefined ? {} : { humidity_pct: formatHundredths(humidity, 1) }),
  };
}

/** An integer in `perHundredth` units a hundredth, with two decimals, half away from zero. */
function formatHundredths(value: number, perHundredth: number): string {
  const hundredths = Math.floor((2 * Math.abs(value) + perHundredth) / (2 * perHundredth));
  const sign = value < 0 && hundredths > 0 ? "-" : "";
  return `${sign}${Math.floor(hundredths / 100)}.${String(hundredths % 100).padStart(2, "0")}`;
}

/** Ten-millionths of a degree as decimal degrees, without trailing zeros. */
function formatDegrees(value: number): string {
  const size = Math.abs(value);
  const fraction = String(size % 10_000_000)
    .padStart(7, "0")
    .replace(/0+$/, "");
  const whole = `${value < 0 ? "-" : ""}${Math.floor(size / 10_000_000)}`;
  return fraction === "" ? whole : `${whole}.${fraction}`;
}

function formatLocalTime(zone: string, instant: UnixSeconds): string {
  const second = (((instant + offsetAt(zone, instant)) % 86_400) + 86_400) % 86_400;
  const parts = [Math.floor(second / 3600), Math.floor(second / 60) % 60, second % 60];
  return `${localDayOf(zone, instant)} ${parts.map((part) => String(part).padStart(2, "0")).join(":")}`;
}
