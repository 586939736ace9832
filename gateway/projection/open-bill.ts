/** Opening a bill or a credit for the projection: line 2 → its plaintext, or the code that keeps it from being shown. */
import { decodeUtf8 } from "../../shared/base/bytes.ts";
import { fail, isCoded } from "../../shared/base/error.ts";
import type { ErrorCode } from "../../shared/base/error-code.ts";
import type { RecipientKey } from "../../shared/crypto/key.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { MAX_PERIOD_S } from "../../shared/money/bill.ts";
import type { BillPlaintext } from "../../shared/money/bill-plaintext.ts";
import { computePt } from "../../shared/record/envelope.ts";
import { parsePlaintext } from "../../shared/record/plaintext.ts";
import type { ParsedRecord } from "../../shared/record/record.ts";
import { openLine2, parseLine2 } from "../../shared/record/sealed-box.ts";
import { localDayOf } from "../../shared/time/civil-day.ts";

/** Never throws for any line 2; its verdict is the result. */
export function openBill(
  suite: CryptoSuite,
  key: Pick<RecipientKey, "kid" | "secret">,
  record: ParsedRecord<"bill"> | ParsedRecord<"credit">,
  line2: string,
): { readonly bill: BillPlaintext } | { readonly unusable: ErrorCode } {
  try {
    const plaintext = openLine2(suite, parseLine2(line2), key, record.kid, record.typ);
    if (computePt(suite, plaintext) !== record.payload.pt) fail("pt", "the plaintext is not pt's");
    const bill = parsePlaintext(record.typ, decodeUtf8(plaintext));
    requireCalendar(bill);
    return { bill };
  } catch (error) {
    if (!isCoded(error)) throw error;
    return { unusable: error.code };
  }
}

/** What is shown of a bill goes by local days and months. Throws `bill-period`, `zone` or `calendar`. */
function requireCalendar({ zone, from, to }: BillPlaintext): void {
  if (from >= to || to - from > MAX_PERIOD_S) fail("bill-period", "no bill has such a period");
  localDayOf(zone, from);
  localDayOf(zone, to);
}
