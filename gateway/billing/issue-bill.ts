/**
 * One bill: computed, sealed to the point's recipients, handed to the ledger as a record.
 *
 * In:  a point, its records, a period. Out: the bill's leaf and what it says.
 */
import { fail } from "../../shared/base/error.ts";
import { type BillInput, computeBill } from "../../shared/money/bill.ts";
import { listOffsets, localMonthOf, type Span } from "../../shared/time/civil-day.ts";
import type { BillingLedger, BillingPoint, IssuedBillSummary } from "./billing-source.ts";
import { formatBillNumber } from "./due-period.ts";
import { type SealingOptions, sealPlaintext } from "./seal-plaintext.ts";

/** `signer` is a member key with role `biller`. */
export interface BillingOptions extends SealingOptions {
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
  const { suite, ledger } = options;
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
  const { meter, opening, recipients } = point;
  const { line2, ...sealed } = sealPlaintext(options, "bill", recipients, {
    meter,
    no,
    opening,
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
  });
  const tariffs = [...payload.tariffs];
  const leaf = ledger.issue("bill", { ...sealed, ...payload, tariffs }, line2);
  const month = localMonthOf(zone, from);
  const missed = slots.missing;
  return {
    kind: "bill",
    leaf,
    no,
    meter,
    month,
    from,
    to,
    currency,
    minor,
    total,
    missing: missed,
  };
}
