/** Opening an exchange of a meter for the projection: line 2 → its plaintext, or the code that makes it unusable. */
import { decodeUtf8 } from "../../shared/base/bytes.ts";
import { fail, isCoded } from "../../shared/base/error.ts";
import type { ErrorCode } from "../../shared/base/error-code.ts";
import type { RecipientKey } from "../../shared/crypto/key.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import type { ExchangePlaintext } from "../../shared/day/exchange-plaintext.ts";
import { computePt } from "../../shared/record/envelope.ts";
import { parsePlaintext } from "../../shared/record/plaintext.ts";
import type { ParsedRecord } from "../../shared/record/record.ts";
import { openLine2, parseLine2 } from "../../shared/record/sealed-box.ts";
import type { OpenContext } from "./open-day.ts";

/** Never throws for any line 2; its verdict is the result. The order of the rules is that of openDay. */
export function openExchange(
  suite: CryptoSuite,
  key: Pick<RecipientKey, "kid" | "secret">,
  record: ParsedRecord<"exchange">,
  line2: string,
  context: OpenContext,
): { readonly exchange: ExchangePlaintext } | { readonly unusable: ErrorCode } {
  try {
    const parsed = parseLine2(line2);
    const sealedTo = parsed.recipients.map(({ kid }) => kid);
    if (sealedTo.join() !== context.recipients.join()) {
      fail("recipients", "line 2 is not sealed to exactly the recipients of its point");
    }
    const bytes = openLine2(suite, parsed, key, record.kid, "exchange");
    if (computePt(suite, bytes) !== record.payload.pt) fail("pt", "the plaintext is not pt's");
    const exchange = parsePlaintext("exchange", decodeUtf8(bytes));
    if (exchange.meter !== context.meter) fail("day-meter", "the exchange names another meter");
    return { exchange };
  } catch (error) {
    if (!isCoded(error)) throw error;
    return { unusable: error.code };
  }
}
