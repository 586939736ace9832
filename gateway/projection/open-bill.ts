/** Opening a bill for the projection: line 2 → its plaintext, or the code that keeps it from being shown. */
import { decodeUtf8 } from "../../shared/base/bytes.ts";
import { fail, isCoded } from "../../shared/base/error.ts";
import type { ErrorCode } from "../../shared/base/error-code.ts";
import type { RecipientKey } from "../../shared/crypto/key.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import type { BillPlaintext } from "../../shared/money/bill-plaintext.ts";
import { computePt } from "../../shared/record/envelope.ts";
import { parsePlaintext } from "../../shared/record/plaintext.ts";
import type { ParsedRecord } from "../../shared/record/record.ts";
import { openLine2, parseLine2 } from "../../shared/record/sealed-box.ts";

/** Never throws for any line 2; its verdict is the result. */
export function openBill(
  suite: CryptoSuite,
  key: Pick<RecipientKey, "kid" | "secret">,
  record: ParsedRecord<"bill">,
  line2: string,
): { readonly bill: BillPlaintext } | { readonly unusable: ErrorCode } {
  try {
    const plaintext = openLine2(suite, parseLine2(line2), key, record.kid, "bill");
    if (computePt(suite, plaintext) !== record.payload.pt) fail("pt", "the plaintext is not pt's");
    return { bill: parsePlaintext("bill", decodeUtf8(plaintext)) };
  } catch (error) {
    if (!isCoded(error)) throw error;
    return { unusable: error.code };
  }
}
