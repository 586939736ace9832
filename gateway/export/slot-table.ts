/** Slots of a period as CSV and as JSON, piece by piece: one piece a day record, so that nothing long is held or waited for. */
import { formatDecimal } from "../../shared/money/bill-text.ts";
import type { DayDetail, ReadModel, Spread } from "../projection/read-model-types.ts";
import { formatCells, formatCsv } from "./csv.ts";
import { formatLocal, formatUtc, listSlots, type Period, readDays } from "./slots.ts";

const PHASES = [0, 1, 2] as const;
const HEAD = [
  "meter_id",
  "zone",
  "local_start",
  "utc_start",
  "seconds",
  "energy_wh",
  "export_wh",
  "quality",
  ...PHASES.map((phase) => `day_voltage_l${phase + 1}_v`),
  ...PHASES.map((phase) => `day_current_l${phase + 1}_a`),
  "day_temperature_c",
  "day_humidity_pct",
  "state",
  "position",
  "unusable",
  "correction",
];

/**
 * One row a slot; `day_…` are means of the whole day, as sealed. Empty fields are unknown, never zero. A record that cannot be
 * used has one row that says so. `correction` is why the reading is another one than the meter first sealed.
 */
export function* slotsCsv(model: ReadModel, period: Period): Generator<string> {
  yield formatCsv([HEAD]);
  for (const day of readDays(model, period)) yield formatRows(day);
}

/** What all rows of a record share is written once. */
function formatRows(day: DayDetail): string {
  const meter = formatCells([day.meter, day.zone]);
  const conditions = formatCells([
    ...PHASES.map((phase) => mean(day.voltageMilliVolt?.[phase], 3)),
    ...PHASES.map((phase) => mean(day.currentMilliAmp?.[phase], 3)),
    mean(day.temperatureMilliCelsius, 3),
    mean(day.humidityCentiPercent, 2),
    day.state,
    day.position === undefined ? "" : String(day.position),
    day.unusable ?? "",
    day.reason ?? "",
  ]);
  if (day.unusable !== undefined) {
    const { fromSeconds, toSeconds, zone } = day;
    const whole = [formatLocal(fromSeconds, zone), formatUtc(fromSeconds)];
    return `${meter},${whole.join(",")},${toSeconds - fromSeconds},,,,${conditions}\r\n`;
  }
  // Times, numbers and a letter need no quotes.
  return listSlots(day)
    .map(
      ({ localStart, utcStart, seconds, wh, exportWh, quality }) =>
        `${meter},${localStart},${utcStart},${seconds},${wh ?? ""},${exportWh ?? ""},${quality},${conditions}\r\n`,
    )
    .join("");
}

function mean(spread: Spread | undefined, digits: number): string {
  return spread === undefined ? "" : formatDecimal(spread.mean, digits, 2);
}

/** The same as one JSON object: what is known of each day record, and its slots. A value that is unknown is absent. */
export function* slotsJson(model: ReadModel, period: Period): Generator<string> {
  const { chainId, origin } = model.overview().tip;
  yield `${JSON.stringify({ chain: chainId, origin, ...period }).slice(0, -1)},"days":[`;
  let before = "\n";
  for (const day of readDays(model, period)) {
    const { slotWh: _, slotExportWh: __, quality: ___, ...rest } = day;
    yield `${before}${JSON.stringify({ ...rest, slots: listSlots(day) })}`;
    before = ",\n";
  }
  yield "\n]}\n";
}
