/**
 * Billing on the writer's thread: the month close after each block, and the bills that a person orders.
 */
import { unixNow } from "../../shared/base/clock.ts";
import type { SealedBlock } from "../../shared/chain/block.ts";
import { localMonthOf, monthBounds } from "../../shared/time/civil-day.ts";
import { decodeBillOrder } from "../billing/bill-order.ts";
import type { IssuedBillSummary } from "../billing/billing-source.ts";
import { type CloseOrder, closeMonths, type HeldBack } from "../billing/close-months.ts";
import type { BillingOptions } from "../billing/issue-bill.ts";
import { readTyp } from "./announcement.ts";
import type { GatewayEvent } from "./event-log.ts";
import type { OfficeOptions } from "./office.ts";
import { StoreBillingSource } from "./store-billing-source.ts";

export interface BillingDesk {
  /**
   * Issues every bill that is due and complete. Looks only when something can have become due since the last
   * look: a month has ended, or a block brought a late day, a tariff or an assignment.
   */
  close(): void;
  /** A block was appended. */
  noteBlock(block: SealedBlock): void;
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

/** Whether a record can make a bill due: a day that began before `until`, or the ground for one. */
function mayMakeDue(line1: string, until: number): boolean {
  const typ = readTyp(line1);
  if (typ === "tariff" || typ === "assign") return true;
  if (typ !== "day") return false;
  const payload = line1.split(".", 2)[1] ?? "";
  const from = /"from":(\d+)/.exec(Buffer.from(payload, "base64url").toString("latin1"));
  return Number(from?.[1]) < until;
}

export function createBillingDesk(
  office: OfficeOptions,
  onEvent: (event: GatewayEvent) => void,
): BillingDesk {
  const { ledger, suite, randomBytes, keys, clock, config } = office;
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
  /** Of the last look: what keeps bills back that no further day can mend. */
  let heldBack = new Set<string>();
  const reportHeldBack = (all: readonly HeldBack[]): void => {
    const present = new Set<string>();
    for (const { meter, month, code, message } of all) {
      if (code === "bill-incomplete") continue;
      const key = `${meter} ${month} ${code}`;
      present.add(key);
      if (!heldBack.has(key)) onEvent({ event: "alarm", code, meter, month, detail: message });
    }
    heldBack = present;
  };
  // What was due before this start is due still.
  let due = true;
  let month = "";
  return {
    close: () => {
      const now = unixNow(clock);
      const present = localMonthOf(config.time_zone, now);
      if (!due && present === month) return;
      due = false;
      month = present;
      reportHeldBack(run({ now }).heldBack);
    },
    noteBlock: ({ records }) => {
      const { from } = monthBounds(
        config.time_zone,
        localMonthOf(config.time_zone, unixNow(clock)),
      );
      // Meters in zones west of here end their month later; a day of the month's first two days counts as late.
      due ||= records.some((line1) => mayMakeDue(line1, from + 2 * 86_400));
    },
    order: (given) => {
      const { issued, heldBack } = run(decodeBillOrder(given, unixNow(clock)));
      return { issued, held_back: heldBack };
    },
  };
}
