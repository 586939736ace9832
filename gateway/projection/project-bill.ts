/** Bills and their credits → their rows and the cost of each of their days, or an alarm where they cannot be read. */
import type { ParsedRecord } from "../../shared/record/record.ts";
import { localMonthOf } from "../../shared/time/civil-day.ts";
import type { ProjectedRecord } from "../ledger/projected-block.ts";
import { openBill } from "./open-bill.ts";
import type { ProjectorOptions, Tables } from "./projector-tables.ts";

/** `time`: of the block. */
export function projectBill(
  { suite, utility }: ProjectorOptions,
  { rows, statements, overtaken }: Tables,
  projected: ProjectedRecord & { readonly record: ParsedRecord<"bill"> },
  time: number,
): void {
  const { position, record } = projected;
  const { point } = record.payload;
  const line2 = projected.line2();
  const opened =
    line2 === undefined
      ? { unusable: "line2-missing" as const }
      : openBill(suite, utility, record, line2);
  if ("unusable" in opened) {
    rows.addAlarm(position, time, opened.unusable, rows.meterOf(point));
    return;
  }
  const { pad: _, salt: __, ...bill } = opened.bill;
  const month = Number(localMonthOf(bill.zone, bill.from).replace("-", ""));
  rows.addBill(position, time, month, bill);
  statements.addBill(position, point, bill);
  overtaken.touch(Number(bill.meter), bill);
}

/** `time`: of the block. */
export function projectCredit(
  { suite, utility }: ProjectorOptions,
  { rows, statements, overtaken }: Tables,
  projected: ProjectedRecord & { readonly record: ParsedRecord<"credit"> },
  time: number,
): void {
  const { position, record } = projected;
  const billed = rows.billOf(record.payload.bill);
  if (billed === undefined) {
    // The bill itself could not be read, which has raised an alarm.
    rows.addAlarm(position, time, "bill-none", undefined);
    return;
  }
  const line2 = projected.line2();
  const opened =
    line2 === undefined
      ? { unusable: "line2-missing" as const }
      : openBill(suite, utility, record, line2);
  if ("unusable" in opened) {
    rows.addAlarm(position, time, opened.unusable, billed.meter);
    return;
  }
  const { pad: _, salt: __, ...credit } = opened.bill;
  rows.addCredit(position, time, billed.pos, credit);
  statements.addBill(position, billed.point, credit, billed.pos);
  overtaken.touch(billed.meter, credit);
}
