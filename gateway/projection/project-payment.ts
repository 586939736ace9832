/** A payment record → its row, or an alarm where it cannot be read. */
import { decodeUtf8 } from "../../shared/base/bytes.ts";
import { fail, isCoded } from "../../shared/base/error.ts";
import type { ErrorCode } from "../../shared/base/error-code.ts";
import type { RecipientKey } from "../../shared/crypto/key.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import type { PaymentPlaintext } from "../../shared/money/payment-plaintext.ts";
import { computePt } from "../../shared/record/envelope.ts";
import { parsePlaintext } from "../../shared/record/plaintext.ts";
import type { ParsedRecord } from "../../shared/record/record.ts";
import { openLine2, parseLine2 } from "../../shared/record/sealed-box.ts";
import type { ProjectedRecord } from "../ledger/projected-block.ts";
import type { RowTables } from "./row-tables.ts";

interface PaymentOptions {
  readonly suite: CryptoSuite;
  readonly utility: Pick<RecipientKey, "kid" | "secret">;
}

/** `time`: of the block. */
export function projectPayment(
  options: PaymentOptions,
  rows: RowTables,
  projected: ProjectedRecord & { readonly record: ParsedRecord<"payment"> },
  time: number,
): void {
  const { position, record } = projected;
  const { point, bill } = record.payload;
  const meter = rows.meterOf(point);
  const opened = openPayment(options, record, projected.line2(), meter);
  if (typeof opened === "string") rows.addAlarm(position, time, opened, meter);
  else rows.addPayment(position, opened, bill);
}

/** The plaintext, or the code that keeps it from counting. Never throws for any line 2. */
function openPayment(
  { suite, utility }: PaymentOptions,
  record: ParsedRecord<"payment">,
  line2: string | undefined,
  meter: number | undefined,
): PaymentPlaintext | ErrorCode {
  if (line2 === undefined) return "line2-missing";
  try {
    const bytes = openLine2(suite, parseLine2(line2), utility, record.kid, "payment");
    if (computePt(suite, bytes) !== record.payload.pt) fail("pt", "the plaintext is not pt's");
    const payment = parsePlaintext("payment", decodeUtf8(bytes));
    if (Number(payment.meter) !== meter) fail("day-meter", "the payment names another meter");
    return payment;
  } catch (error) {
    if (!isCoded(error)) throw error;
    return error.code;
  }
}
