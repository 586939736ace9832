/**
 * One bill: computed, sealed to the point's recipients, handed to the ledger as a record.
 *
 * In:  a point, its records, a period. Out: the bill's leaf and what it says.
 */
import { encodeBase64url, encodeUtf8 } from "../../shared/base/bytes.ts";
import type { RandomBytes } from "../../shared/base/clock.ts";
import { fail } from "../../shared/base/error.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { type BillInput, computeBill } from "../../shared/money/bill.ts";
import { computeCt, computePt } from "../../shared/record/envelope.ts";
import { padPlaintext } from "../../shared/record/plaintext.ts";
import { sealLine2 } from "../../shared/record/sealed-box.ts";
import { listOffsets, localMonthOf, type Span } from "../../shared/time/civil-day.ts";
import type { BillingLedger, BillingPoint, IssuedBillSummary } from "./billing-source.ts";
import { formatBillNumber } from "./due-period.ts";

export interface BillingOptions {
  readonly suite: CryptoSuite;
  readonly randomBytes: RandomBytes;
  /** kid of the member key with role `biller`. */
  readonly signer: string;
  readonly ledger: BillingLedger;
}

export interface BillOrder extends Omit<BillInput, "point" | "offsets"> {
  readonly point: BillingPoint;
  /** Periods of the point's earlier bills; they give the number. */
  readonly issued: readonly Span[];
  /** Explicit order to issue a bill that has missing slots. */
  readonly allowIncomplete: boolean;
}

/**
 * Issues one bill. The only effect is one record held by the ledger.
 * Throws `bill-incomplete`, and what computeBill throws; nothing is issued then.
 */
export function issueBill(options: BillingOptions, order: BillOrder): IssuedBillSummary {
  const { suite, randomBytes, signer, ledger } = options;
  const { point, zone, from, to } = order;
  const offsets = listOffsets(zone, from, to);
  const computed = computeBill(suite, { ...order, point: point.point, offsets });
  const { payload, currency, minor, lines, total, used, slots, missing } = computed;
  if (missing.length > 0 && !order.allowIncomplete) {
    fail("bill-incomplete", `${slots.missing} slots are missing`, {
      missing: slots.missing,
      from: missing[0]?.[0] ?? from,
    });
  }
  const no = formatBillNumber(point.meter, zone, from, order.issued);
  const text = padPlaintext(
    {
      v: 1,
      meter: point.meter,
      salt: encodeBase64url(randomBytes(32)),
      no,
      opening: point.opening,
      zone,
      from,
      to,
      offsets,
      currency,
      minor,
      lines,
      total,
      used,
      slots: { ...slots },
      missing,
    },
    0,
  );
  const plaintext = encodeUtf8(text);
  const { recipients } = point;
  const line2 = sealLine2(suite, { typ: "bill", plaintext, signer, recipients, randomBytes });
  const sealed = { v: 1 as const, ct: computeCt(suite, line2), pt: computePt(suite, plaintext) };
  const leaf = ledger.issue(
    "bill",
    { ...sealed, ...payload, tariffs: [...payload.tariffs] },
    line2,
  );
  const { meter } = point;
  const month = localMonthOf(zone, from);
  return { leaf, no, meter, month, from, to, currency, minor, total, missing: slots.missing };
}
