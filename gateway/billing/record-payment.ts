/**
 * A payment as a record: sealed to the point's recipients, signed by the biller.
 *
 * In:  a point, an amount, when, by what reference, for which bill. Out: the record's leaf. The only effect is one record
 *      held by the ledger.
 */
import type { UnixSeconds } from "../../shared/base/units.ts";
import type { PaymentPayload } from "../../shared/record/payload.ts";
import type { BillingPoint } from "./billing-source.ts";
import { type SealingOptions, sealPlaintext } from "./seal-plaintext.ts";

/** `signer` is a member key with role `biller`. */
export interface PaymentOptions extends SealingOptions {
  /** Signs and holds the record durably; returns its leaf. Throws the chain rule that it would break. */
  readonly issue: (payload: Omit<PaymentPayload, "v" | "seq" | "prev">, line2: string) => string;
}

export interface PaymentOrder {
  readonly point: Pick<BillingPoint, "point" | "meter" | "recipients">;
  /** Leaf of the bill that is paid. */
  readonly bill?: string;
  readonly at: UnixSeconds;
  /** Minor units of the currency in which the point is billed. */
  readonly amount: number;
  readonly ref: string;
}

export function recordPayment(options: PaymentOptions, order: PaymentOrder): string {
  const { point, bill, at, amount, ref } = order;
  const body = { meter: point.meter, at, amount, ref };
  const { line2, ...sealed } = sealPlaintext(options, "payment", point.recipients, body);
  return options.issue(
    { ...sealed, point: point.point, ...(bill === undefined ? {} : { bill }) },
    line2,
  );
}
