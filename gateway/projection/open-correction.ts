/**
 * Opening a correction for the projection: line 2 → a packed reading and its reason, or the code that makes it unusable. The
 * order of the rules is that of openDay; that it repeats the registers of what it corrects is judged last.
 */
import { decodeUtf8 } from "../../shared/base/bytes.ts";
import { fail, isCoded } from "../../shared/base/error.ts";
import type { ErrorCode } from "../../shared/base/error-code.ts";
import type { RecipientKey } from "../../shared/crypto/key.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { type CorrectionContext, checkCorrection } from "../../shared/day/check-correction.ts";
import { computePt } from "../../shared/record/envelope.ts";
import { parsePlaintext } from "../../shared/record/plaintext.ts";
import type { ParsedRecord } from "../../shared/record/record.ts";
import { openLine2, parseLine2 } from "../../shared/record/sealed-box.ts";
import type { OpenContext } from "./open-day.ts";
import { packCorrection } from "./packed-day.ts";

export interface OpenedCorrection {
  readonly packed: Uint8Array;
  /** C */
  readonly reason: string;
  /** Why it does not count although it opened. */
  readonly code: ErrorCode | null;
}

/** Never throws for any line 2; its verdict is the result. */
export function openCorrection(
  suite: CryptoSuite,
  key: Pick<RecipientKey, "kid" | "secret">,
  record: ParsedRecord<"correction">,
  line2: string,
  context: OpenContext & Pick<CorrectionContext, "corrected">,
): OpenedCorrection | { readonly unusable: ErrorCode } {
  try {
    const parsed = parseLine2(line2);
    const sealedTo = parsed.recipients.map(({ kid }) => kid);
    if (sealedTo.join() !== context.recipients.join()) {
      fail("recipients", "line 2 is not sealed to exactly the recipients of its point");
    }
    const bytes = openLine2(suite, parsed, key, record.kid, "correction");
    if (computePt(suite, bytes) !== record.payload.pt) fail("pt", "the plaintext is not pt's");
    const correction = parsePlaintext("correction", decodeUtf8(bytes));
    checkCorrection(record.payload, correction, { meter: context.meter, corrected: undefined });
    const opened = { packed: packCorrection(correction), reason: correction.reason };
    try {
      checkCorrection(record.payload, correction, context);
      return { ...opened, code: null };
    } catch (error) {
      if (!isCoded(error)) throw error;
      return { ...opened, code: error.code };
    }
  } catch (error) {
    if (!isCoded(error)) throw error;
    return { unusable: error.code };
  }
}
