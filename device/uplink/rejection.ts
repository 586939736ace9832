/** What to report of a message that changed nothing: it does not verify, or the card is full and it will come again. */
import { isCoded } from "../../shared/base/error.ts";
import { isStorageFull } from "../journal/journal.ts";
import type { MeterEvent } from "../meter-event.ts";

export function describeRejection(channel: string, error: unknown): MeterEvent {
  const reason = error instanceof Error ? error.message : String(error);
  if (isStorageFull(error)) {
    return { event: "alarm", code: "storage", detail: `a ${channel} message waits: ${reason}` };
  }
  return { event: "rejected", channel, code: isCoded(error) ? error.code : "internal", reason };
}
