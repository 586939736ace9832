/** An event record → its row, and an alarm where a person should look at it or where it cannot be used. */
import type { RecipientKey } from "../../shared/crypto/key.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { isAlarming } from "../../shared/event/event-code.ts";
import type { EventPlaintext } from "../../shared/event/event-plaintext.ts";
import type { ParsedRecord } from "../../shared/record/record.ts";
import type { ProjectedRecord } from "../ledger/projected-block.ts";
import type { DeviceDirectory } from "./device-directory.ts";
import { meterText } from "./meter-text.ts";
import { openEvent } from "./open-event.ts";
import type { RowTables } from "./row-tables.ts";

/** `time`: of the block. */
export function projectEvent(
  { suite, utility }: { suite: CryptoSuite; utility: Pick<RecipientKey, "kid" | "secret"> },
  { rows, devices }: { readonly rows: RowTables; readonly devices: DeviceDirectory },
  projected: ProjectedRecord & { readonly record: ParsedRecord<"event"> },
  time: number,
): void {
  const { position, record } = projected;
  const facts = devices.get(record.kid);
  if (facts?.meter === undefined) {
    rows.addAlarm(position, time, "unknown-point", undefined);
    return;
  }
  const line2 = projected.line2();
  const context = { meter: meterText(facts.meter), recipients: facts.recipients };
  const opened =
    line2 === undefined
      ? { unusable: "line2-missing" as const }
      : openEvent(suite, utility, record, line2, context);
  if ("unusable" in opened) {
    rows.addAlarm(position, time, opened.unusable, facts.meter);
    return;
  }
  const { event } = opened;
  rows.addEvent(position, event);
  if (!isAlarming(event.code)) return;
  rows.addAlarm(position, time, event.code, facts.meter, describeChange(event));
}

/** What was before and what is after, for people. */
function describeChange({ before, after }: EventPlaintext): string | undefined {
  if (before === undefined) return after;
  return after === undefined ? before : `${before} → ${after}`;
}
