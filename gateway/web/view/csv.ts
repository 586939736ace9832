/** Rows of the portal as CSV (RFC 4180): a meter's days, the paper's table 3 first, and its daily statements. */
import { formatCsv } from "../../export/csv.ts";
import type { DayStatement, DaySummary, Spread } from "../../projection/read-model-types.ts";
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
  "correction",
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
    day.reason ?? "",
  ]);
  return formatCsv([HEAD, ...rows]);
}

const STATEMENT_HEAD = [
  "meter_id",
  "date",
  "energy_kwh",
  "currency",
  "amount",
  "amount_exact",
  "provisional",
  "bill",
  "position",
];

/** One row a day. `amount` is rounded for display, `amount_exact` is not. */
export function statementsCsv(days: readonly DayStatement[]): string {
  const rows = days.map((day) => [
    day.meter,
    day.date,
    decimal(day.wh, 3),
    day.currency,
    fixed(BigInt(day.amountMinor), day.minorDigits),
    fixed(BigInt(day.exactPico), 12),
    day.provisional ? "yes" : "no",
    day.billNo ?? "",
    String(day.position),
  ]);
  return formatCsv([STATEMENT_HEAD, ...rows]);
}

function mean(spread: Spread | undefined, digits: number): string {
  return spread === undefined ? "" : decimal(spread.mean, digits);
}

/** An integer in 10^-digits units as a decimal with at least two decimals, without rounding. */
function decimal(value: number, digits: number): string {
  return formatNano(value * 10 ** (9 - digits)).replace("\u2212", "-");
}

/** An integer in 10^-digits units with all its decimals. */
function fixed(value: bigint, digits: number): string {
  const sign = value < 0n ? "-" : "";
  const text = (value < 0n ? -value : value).toString().padStart(digits + 1, "0");
  const whole = text.slice(0, text.length - digits);
  return `${sign}${whole}${digits === 0 ? "" : `.${text.slice(-digits)}`}`;
}
