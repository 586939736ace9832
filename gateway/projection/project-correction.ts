/** A correction record → its row, which rows count now, and an alarm where it cannot be used. */
import { registersToRepeat } from "../../shared/day/check-correction.ts";
import type { ParsedRecord } from "../../shared/record/record.ts";
import type { Span } from "../../shared/time/civil-day.ts";
import type { ProjectedRecord } from "../ledger/projected-block.ts";
import { firstDate } from "./first-date.ts";
import { meterText } from "./meter-text.ts";
import { openCorrection } from "./open-correction.ts";
import { readDayHead } from "./packed-day.ts";
import type { ProjectorOptions, Tables } from "./projector-tables.ts";

/** `time`: of the block. */
export function projectCorrection(
  { suite, utility }: ProjectorOptions,
  tables: Tables,
  projected: ProjectedRecord & { readonly record: ParsedRecord<"correction"> },
  time: number,
): void {
  const { rows, days, devices, marks, overtaken } = tables;
  const { position, record } = projected;
  const { point, from, to, of } = record.payload;
  const place = devices.ofPoint(point, position);
  if (place?.meter === undefined) {
    rows.addAlarm(position, time, "unknown-point", undefined);
    return;
  }
  const { meter, zone, recipients } = place;
  devices.forgetMeter(meter);
  const line2 = projected.line2();
  const context = {
    meter: meterText(meter),
    recipients,
    corrected:
      of === undefined ? ("fill" as const) : findRegisters(tables, meter, of, { from, to }),
  };
  const opened =
    line2 === undefined
      ? { unusable: "line2-missing" as const }
      : openCorrection(suite, utility, record, line2, context);
  const isOpen = "packed" in opened;
  const code = isOpen ? opened.code : opened.unusable;
  const body = isOpen ? opened.packed : null;
  const date = body === null ? firstDate(zone, from) : readDayHead(body).date;
  const reason = isOpen ? opened.reason : "";
  days.addBeside({ date, meter, pos: position, code, body, reason });
  rows.addCorrection(position, meter, date);
  marks.settle(meter, { from, to });
  overtaken.touch(meter, { from, to });
  if (code !== null) rows.addAlarm(position, time, code, meter);
  // No registrar stands behind it: whoever holds the key may be rewriting what was billed.
  else if (devices.get(record.kid) !== undefined) {
    rows.addAlarm(position, time, "meter-correction", meter, reason);
  }
}

/** The registers that a correction of `leaf` must repeat. */
function findRegisters({ readings }: Tables, meter: number, leaf: string, span: Span) {
  const near = readings.overlapping(meter, span);
  return registersToRepeat(leaf, (asked) => {
    const found = near.find((reading) => reading.leaf === asked);
    if (found === undefined) return undefined;
    const { typ, of, isUsable, row } = found;
    const plaintext = row.body === null ? undefined : readDayHead(row.body);
    return { typ, isUsable, plaintext, ...(of === undefined ? {} : { of }) };
  });
}
