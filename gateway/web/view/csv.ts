/** A meter's days as CSV (RFC 4180), with the columns of the paper's table 3 first. */
import type { DaySummary, Spread } from "../../projection/read-model-types.ts";
import { formatNano } from "./number.ts";

const HEAD = [
  "meter_id",
  "location",
  "timestamp",
  "energy_kwh",
  "current_a",
  "voltage_v",
  "temperature_c",
  "humidity_pct",
  "zone",
  "slots",
  "slots_measured",
  "slots_gap",
  "unusable",
  "state",
  "position",
  "leaf",
];

/** One row a record. Empty fields are unknown, never zero. `place` is "lat,lon" as sealed. */
export function daysCsv(days: readonly DaySummary[], place: string | undefined): string {
  const rows = days.map((day) => [
    day.meter,
    place ?? "",
    day.date,
    day.unusable === undefined ? decimal(day.wh, 3) : "",
    mean(day.currentMilliAmp?.[0], 3),
    mean(day.voltageMilliVolt?.[0], 3),
    mean(day.temperatureMilliCelsius, 3),
    mean(day.humidityCentiPercent, 2),
    day.zone,
    String(day.slots.total),
    String(day.slots.measured),
    String(day.slots.gap + day.slots.missing),
    day.unusable ?? "",
    day.state,
    day.position === undefined ? "" : String(day.position),
    day.leaf,
  ]);
  return [HEAD, ...rows].map((row) => `${row.map(field).join(",")}\r\n`).join("");
}

function mean(spread: Spread | undefined, digits: number): string {
  return spread === undefined ? "" : decimal(spread.mean, digits);
}

/** An integer in 10^-digits units as a decimal with at least two decimals, without rounding. */
function decimal(value: number, digits: number): string {
  return formatNano(value * 10 ** (9 - digits)).replace("\u2212", "-");
}

function field(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
