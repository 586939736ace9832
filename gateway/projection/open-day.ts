/**
 * Opening a day and judging it by the local rules (records.md section 3): line 2 → a packed day, or the code that
 * makes it unusable. A pure function, so that intake's workers, the ledger and a rebuild reach the same verdict.
 *
 * In order: form of line 2, recipients, opening, `pt`, plaintext, the rules of checkDay that look at one day only. That a
 * register goes on where the day before ended is judged by the projector, which alone sees both.
 */

import { decodeUtf8 } from "../../shared/base/bytes.ts";
import { fail, isCoded } from "../../shared/base/error.ts";
import type { ErrorCode } from "../../shared/base/error-code.ts";
import type { RecipientKey } from "../../shared/crypto/key.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { checkDay } from "../../shared/day/check-day.ts";
import type { DayReader } from "../../shared/day/day-bytes.ts";
import { computePt } from "../../shared/record/envelope.ts";
import { parsePlaintext, requireDayPadding } from "../../shared/record/plaintext.ts";
import type { ParsedRecord } from "../../shared/record/record.ts";
import { openLine2, type ParsedLine2, parseLine2 } from "../../shared/record/sealed-box.ts";
import type { Opened } from "../ledger/candidate.ts";
import { packDay } from "./packed-day.ts";

export interface OpenContext {
  /** Nine digits: the meter whose point the signing key occupies. */
  readonly meter: string;
  /** kids of the point's `to`, sorted. */
  readonly recipients: readonly string[];
}

/** Never throws for any line 2; its verdict is the result. `parsed` is line 2 taken apart, if that was done. */
export function openDay(
  suite: CryptoSuite,
  key: Pick<RecipientKey, "kid" | "secret">,
  record: ParsedRecord<"day">,
  line2: string,
  context: OpenContext,
  parsed?: ParsedLine2,
): Opened {
  try {
    return judge(suite, key, record, parsed ?? parseLine2(line2), context);
  } catch (error) {
    if (!isCoded(error)) throw error;
    return { unusable: error.code satisfies ErrorCode };
  }
}

function judge(
  suite: CryptoSuite,
  key: Pick<RecipientKey, "kid" | "secret">,
  record: ParsedRecord<"day">,
  parsed: ParsedLine2,
  context: OpenContext,
): Opened {
  const sealedTo = parsed.recipients.map(({ kid }) => kid);
  if (sealedTo.join() !== context.recipients.join()) {
    fail("recipients", "line 2 is not sealed to exactly the recipients of its point");
  }
  const plaintext = openLine2(suite, parsed, key, record.kid, "day");
  if (computePt(suite, plaintext) !== record.payload.pt) fail("pt", "the plaintext is not pt's");
  return { packed: packPlaintext(plaintext, record.payload, context.meter) };
}

/**
 * The rules that look at the plaintext, and then its packed form. Throws the code of the first rule broken.
 * With a `reader` a day of the usual form is read faster, and its text is never made.
 */
export function packPlaintext(
  plaintext: Uint8Array,
  period: { readonly from: number; readonly to: number },
  meter: string,
  reader?: DayReader,
): Uint8Array {
  let day = reader?.read(plaintext);
  if (day === undefined) day = parsePlaintext("day", decodeUtf8(plaintext));
  else requireDayPadding(plaintext.length, day);
  checkDay(period, day, { meter });
  return packDay(day);
}
