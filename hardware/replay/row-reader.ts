/**
 * One row of a recording: the fields of a CSV line in, a `Row` out, by the configured columns and units.
 *
 * Energy is exact: texts become integers of a millionth of a Wh (or of a W, times the seconds of the row), and
 * what is left below a whole Wh is carried into the next row. The running sum is the recorded sum rounded to
 * the nearest Wh, at every row. A row without energy, or marked as missing, is a gap: no row.
 */

import { parseDecimal } from "../../shared/base/decimal.ts";
import { fail } from "../../shared/base/error.ts";
import type { MilliWatt, UnixSeconds, WattHour } from "../../shared/base/units.ts";
import type { Row } from "../source.ts";
import type { CsvLine } from "./csv-lines.ts";
import { createLocalClock } from "./local-time.ts";
import type { ReplayConfig } from "./replay-config.ts";
import { createTimestampReader } from "./timestamp.ts";

/** Decimal places that bring a unit to the integer that is kept of it. */
const PLACES = { kWh: 9, Wh: 6, kW: 9, W: 6, V: 3, mV: 0, A: 3, mA: 0, "°C": 3, "%": 2 } as const;
/** Kept energy units (µWh, or µW·s) in a Wh. */
const MICRO_WH = 1_000_000;
const MICRO_WATT_SECONDS = 3_600_000_000;

interface Quantity {
  readonly columns: readonly number[];
  readonly places: number;
}

export interface RowReader {
  /** Throws `replay-row`, `replay-time`, `replay-order`. */
  read(line: CsvLine): Row | undefined;
}

/** `header`: the column names. Throws `replay-column`, `zone`, and `schema` for an unknown time format. */
export function createRowReader(
  config: ReplayConfig,
  zone: string,
  header: readonly string[],
): RowReader {
  const { where, quality, decimal = "." } = config;
  const columnOf = (name: string): number => {
    const i = header.indexOf(name);
    if (i < 0) fail("replay-column", `the recording has no column ${name}`, { column: name });
    return i;
  };
  const quantityOf = (
    measured: { column: readonly string[]; unit: keyof typeof PLACES } | undefined,
  ): Quantity | undefined =>
    measured && { columns: measured.column.map(columnOf), places: PLACES[measured.unit] };

  const energy = quantityOf(config.energy ?? config.power);
  const voltage = quantityOf(config.voltage);
  const current = quantityOf(config.current);
  const temperature = quantityOf(config.temperature);
  const humidity = quantityOf(config.humidity);
  const timeColumns = config.time.column.map(columnOf);
  const whereColumn = where && columnOf(where.column);
  const qualityColumn = quality && columnOf(quality.column);
  const partialMarks = quality?.partial ?? ["partial"];
  const missingMarks = quality?.missing ?? ["missing"];
  const absent = new Set(["", ...(config.absent ?? [])]);
  const readPeriod = createPeriodReader(config, zone);
  const carry = createCarry(config.power === undefined ? MICRO_WH : MICRO_WATT_SECONDS);
  let previous: { readonly from: UnixSeconds; readonly to: UnixSeconds } | undefined;

  const readQuantity = ({ line, fields }: CsvLine, quantity: Quantity | undefined) => {
    let sum = 0;
    for (const column of quantity?.columns ?? []) {
      const text = (fields[column] ?? "").trim();
      if (absent.has(text)) return undefined;
      const value = parseDecimal(text, quantity?.places ?? 0, decimal);
      if (value === undefined) refuseRow(line, header[column] ?? "", text);
      sum += value;
    }
    return quantity && sum;
  };

  return {
    read(csv) {
      const { line, fields } = csv;
      if (fields.length !== header.length) {
        fail("replay-row", `line ${line} has ${fields.length} fields, not ${header.length}`, {
          line,
        });
      }
      if (whereColumn !== undefined && fields[whereColumn] !== where?.value) return undefined;
      const stamp = timeColumns.map((column) => (fields[column] ?? "").trim()).join(" ");
      const period = readPeriod(stamp, line, previous?.from);
      if (previous !== undefined && period.from < previous.to) {
        fail("replay-order", `line ${line} (${stamp}) is not after the row before it`, { line });
      }
      previous = period;
      const mark = qualityColumn === undefined ? "" : (fields[qualityColumn] ?? "");
      const recorded = readQuantity(csv, energy);
      if (recorded === undefined || missingMarks.includes(mark)) return undefined;
      if (recorded < 0) refuseRow(line, "energy", String(recorded));
      const seconds = period.to - period.from;
      return {
        ...period,
        ...carry(config.power === undefined ? recorded : recorded * seconds, seconds),
        partial: partialMarks.includes(mark),
        line,
        ...present("voltage", readQuantity(csv, voltage)),
        ...present("current", readQuantity(csv, current)),
        ...present("temperature", readQuantity(csv, temperature)),
        ...present("humidity", readQuantity(csv, humidity)),
      };
    },
  };
}

function present<K extends string>(name: K, value: number | undefined): { [_ in K]?: number } {
  return value === undefined ? {} : ({ [name]: value } as { [_ in K]: number });
}

function refuseRow(line: number, column: string, text: string): never {
  const shown = text.slice(0, 40);
  fail("replay-row", `line ${line}: ${column} is "${shown}"`, { line, column, text: shown });
}

/** Turns kept units of energy into whole Wh; the rest goes to the next call. Starts at half: nearest Wh. */
function createCarry(
  unitsAWh: number,
): (units: number, seconds: number) => { readonly wh: WattHour; readonly power: MilliWatt } {
  let rest = unitsAWh / 2;
  return (units, seconds) => {
    const sum = rest + units;
    const wh = Math.floor(sum / unitsAWh);
    rest = sum - wh * unitsAWh;
    return { wh, power: Math.round((units / unitsAWh / seconds) * 3_600_000) };
  };
}

type PeriodReader = (
  stamp: string,
  line: number,
  previous: UnixSeconds | undefined,
) => { readonly from: UnixSeconds; readonly to: UnixSeconds };

function createPeriodReader(config: ReplayConfig, zone: string): PeriodReader {
  const { step } = config;
  const clock = createLocalClock(config.zone ?? zone);
  const read = createTimestampReader(config.time.format ?? "iso");
  const shift = config.stamp === "end" ? -step : 0;
  return (stamp, line, previous = Number.NEGATIVE_INFINITY) => {
    const time = read(stamp);
    if (time === undefined) {
      const shown = stamp.slice(0, 40);
      fail("replay-time", `line ${line}: "${shown}" is no time of the configured format`, { line });
    }
    if (step === 0) {
      const naive = time.kind === "naive" ? time.seconds : undefined;
      const day = naive === undefined ? undefined : clock.dayOf(naive);
      if (day === undefined) {
        fail("replay-time", `line ${line}: ${stamp} is no day of the recording's zone`, { line });
      }
      return { from: day.from, to: day.to };
    }
    // What the previous row began at, as a stamp: the other end if rows are stamped with their end.
    const instant =
      time.kind === "instant" ? time.seconds : clock.instantOf(time.seconds, previous - shift);
    if (instant === undefined) {
      fail(
        "replay-time",
        `line ${line}: ${stamp} does not exist in the recording's zone; if its clock knows no summer time, give a fixed offset such as +01:00`,
        { line },
      );
    }
    return { from: instant + shift, to: instant + shift + step };
  };
}
