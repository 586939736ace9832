/**
 * The opened event record (records.md section 4): something that happened to a meter, told and signed by the meter
 * itself, with what was before and what is after where there is such a thing.
 *
 * In:  JSON of unknown shape. Out: the typed event, or `schema` naming the path. `checkEvent` is the local rule: an
 *      event that breaks it stays in the log as unusable.
 */
import { code, type Decoded, instant, object, text } from "../base/decoder.ts";
import { fail } from "../base/error.ts";
import type { UnixSeconds } from "../base/units.ts";
import { plaintextFields } from "../day/day-plaintext.ts";

export const decodeEventPlaintext = object(
  { ...plaintextFields, at: instant, code },
  { before: text, after: text },
);

/** `at` in unix seconds; `code` one of event-code.ts or a newer one; `before`, `after` text for people. */
export type EventPlaintext = Decoded<typeof decodeEventPlaintext>;

/** Throws `event-meter` or `event-at`. `meter`: nine digits, whose point the signing key occupies. */
export function checkEvent(
  payload: { readonly at: UnixSeconds },
  event: EventPlaintext,
  { meter }: { readonly meter: string },
): void {
  if (event.meter !== meter) fail("event-meter", "the event names another meter");
  if (event.at !== payload.at) fail("event-at", "the event's instant is not that of line 1");
}
