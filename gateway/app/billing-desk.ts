/**
 * Billing on the writer's thread: the month close after each block, and the bills that a person orders.
 */
import { unixNow } from "../../shared/base/clock.ts";
import { decodeBillOrder } from "../billing/bill-order.ts";
import type { IssuedBillSummary } from "../billing/billing-source.ts";
import { type CloseOrder, closeMonths, type HeldBack } from "../billing/close-months.ts";
import type { BillingOptions } from "../billing/issue-bill.ts";
import type { GatewayEvent } from "./event-log.ts";
import type { OfficeOptions } from "./office.ts";
import { StoreBillingSource } from "./store-billing-source.ts";

export interface BillingDesk {
  /** Issues every bill that is due and complete; does nothing when there is none. */
  close(): void;
  /** Carries out an order of unknown shape. Throws `usage` or `calendar`. */
  order(options: Readonly<Record<string, unknown>>): {
    readonly issued: readonly IssuedBillSummary[];
    readonly held_back: readonly HeldBack[];
  };
}

/** An amount in minor units as people write it. */
function formatAmount({ total, minor, currency }: IssuedBillSummary): string {
  const sign = total < 0 ? "-" : "";
  const digits = String(Math.abs(total)).padStart(minor + 1, "0");
  const whole = digits.slice(0, digits.length - minor);
  return `${sign}${whole}${minor === 0 ? "" : `.${digits.slice(-minor)}`} ${currency}`;
}

export function createBillingDesk(
  office: OfficeOptions,
  onEvent: (event: GatewayEvent) => void,
): BillingDesk {
  const { ledger, suite, randomBytes, keys, clock } = office;
  const source = new StoreBillingSource(ledger, suite);
  const options: BillingOptions = {
    suite,
    randomBytes,
    signer: keys.signing.kid,
    ledger: {
      issue: (typ, { v: _version, ...payload }, line2) => ledger.issue(typ, payload, line2),
    },
  };
  const run = (order: CloseOrder) => {
    const outcome = closeMonths(options, source, order);
    for (const bill of outcome.issued) {
      const { meter, month, no } = bill;
      onEvent({ event: "bill", meter, month, no, amount: formatAmount(bill) });
    }
    return outcome;
  };
  return {
    close: () => {
      run({ now: unixNow(clock) });
    },
    order: (given) => {
      const { issued, heldBack } = run(decodeBillOrder(given, unixNow(clock)));
      return { issued, held_back: heldBack };
    },
  };
}
