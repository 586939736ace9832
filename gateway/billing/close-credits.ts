/**
 * Credits of a point's bills: issued where the readings that count are others now than the bill, or its last credit, says. Late
 * days, corrections, fills and revocations all show in that one way.
 *
 * In:  a source, a point, the present time. Out: the credits issued, and what kept others back.
 * Idempotent: what is overtaken is found out from the store, and a credit that waits for its block is waited for.
 */

import type { JsonObject } from "../../shared/base/canonical-json.ts";
import { fail, isCoded } from "../../shared/base/error.ts";
import { computeCredit } from "../../shared/money/credit.ts";
import { localMonthOf } from "../../shared/time/civil-day.ts";
import type {
  BillingPoint,
  BillingSource,
  IssuedBillSummary,
  OvertakenBill,
} from "./billing-source.ts";
import type { CloseOrder, CloseOutcome, HeldBack } from "./close-months.ts";
import type { BillingOptions } from "./issue-bill.ts";
import { sealPlaintext } from "./seal-plaintext.ts";

/**
 * A bill that still misses slots is credited so long after the last change: days of an outage come one after the other, and
 * one credit for all of them is better than one for each.
 */
const SETTLE_S = 86_400;

/** The only effects are the credit records held by the ledger. */
export function closeCredits(
  options: BillingOptions,
  source: BillingSource,
  order: CloseOrder,
  point: BillingPoint,
): CloseOutcome {
  const issued: IssuedBillSummary[] = [];
  const heldBack: HeldBack[] = [];
  for (const overtaken of source.overtaken(point)) {
    const { from, to } = overtaken.payload;
    const month = localMonthOf(overtaken.plaintext.zone, from);
    if (order.month !== undefined && order.month !== month) continue;
    try {
      issued.push(creditBill(options, source, order, point, overtaken));
    } catch (error) {
      if (!isCoded(error)) throw error;
      const { code, message } = error;
      heldBack.push({ from, to, meter: point.meter, month, code, message });
    }
  }
  return { issued, heldBack };
}

function creditBill(
  options: BillingOptions,
  source: BillingSource,
  order: CloseOrder,
  point: BillingPoint,
  overtaken: OvertakenBill,
): IssuedBillSummary {
  const { suite, ledger } = options;
  const { position, payload, plaintext, leaf, earlier, changedAt, isHeld } = overtaken;
  const { from, to } = payload;
  if (isHeld) fail("bill-incomplete", "a credit of this bill waits for the next block");
  // A reading that is held will stand before a credit issued now, which could not have used it.
  if (source.hasHeldReadings(point.point, payload)) {
    fail(
      "bill-incomplete",
      "a reading of this meter waits for the next block; order again after it",
    );
  }
  const isKnown = (record: { readonly position: number }): boolean => record.position < position;
  const {
    payload: computed,
    isChange,
    ...credit
  } = computeCredit(suite, {
    bill: { payload, plaintext, leaf },
    earlier,
    days: source
      .days(point.point, payload)
      .map((day) => source.openDay(day.leaf))
      .filter((day) => day !== undefined),
    assignments: source.assignments(point.point).filter(isKnown),
    tariffs: source.tariffs().filter(isKnown),
    prices: source.prices(payload).filter(isKnown),
  });
  if (!isChange) fail("credit-nothing", "the readings are those that were billed");
  const { missing } = credit.slots;
  if (missing > 0 && order.incomplete !== true && order.now - changedAt < SETTLE_S) {
    fail("bill-incomplete", `${missing} slots are still missing`, { missing });
  }
  const body = { ...credit, meter: point.meter } as unknown as JsonObject;
  const { line2, ...sealed } = sealPlaintext(options, "credit", point.recipients, body);
  return {
    kind: "credit",
    leaf: ledger.issue("credit", { ...sealed, ...computed }, line2),
    no: credit.no,
    meter: point.meter,
    month: localMonthOf(credit.zone, from),
    from,
    to,
    currency: credit.currency,
    minor: credit.minor,
    total: credit.total,
    missing,
  };
}
