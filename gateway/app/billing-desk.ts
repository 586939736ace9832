/**
 * Billing on the writer's thread: the month close after each block, and the bills that a person orders.
 *
 * The close of a large chain takes minutes, in which days have to be taken in and blocks mined, so it goes on in
 * slices. A kill in the middle loses nothing: what is due is found out from the chain again.
 */
import { unixNow } from "../../shared/base/clock.ts";
import type { ParsedRecord } from "../../shared/record/record.ts";
import { localDayOf, localMonthOf, monthBounds } from "../../shared/time/civil-day.ts";
import { decodeBillOrder } from "../billing/bill-order.ts";
import type { IssuedBillSummary } from "../billing/billing-source.ts";
import {
  type CloseOutcome,
  closeMonths,
  closePoints,
  type HeldBack,
} from "../billing/close-months.ts";
import type { BillingOptions } from "../billing/issue-bill.ts";
import type { GatewayEvent } from "./event-log.ts";
import type { OfficeOptions } from "./office.ts";
import { StoreBillingSource } from "./store-billing-source.ts";

export interface BillingDesk {
  /**
   * Begins to issue every bill that is due and complete, and every credit. Looks only when something can have become due
   * since the last look: a month has ended, a block brought a late day, a tariff, a correction or the like, or a day has gone
   * by over a bill that waits for its credit.
   */
  close(): void;
  /** Goes on with what `close` began, for about `ms` milliseconds, a point at least. Call often. */
  pump(ms: number): void;
  /** The records of a block that was appended. */
  noteRecords(records: readonly ParsedRecord[]): void;
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

/** Types that can make a bill or a credit due; a credit that is in a block makes room for the next one of its bill. */
const GROUNDS: ReadonlySet<ParsedRecord["typ"]> = new Set([
  "tariff",
  "price",
  "assign",
  "correction",
  "revoke",
  "credit",
]);

/** Whether a record can make a bill due: a day that began before `until`, or the ground for one. */
function mayMakeDue({ typ, payload }: ParsedRecord, until: number): boolean {
  if (typ === "day") return (payload as { readonly from: number }).from < until;
  return GROUNDS.has(typ);
}

/** @param realMs real time, monotonic, milliseconds */
export function createBillingDesk(
  office: OfficeOptions,
  onEvent: (event: GatewayEvent) => void,
  realMs: () => number,
): BillingDesk {
  const { ledger, suite, randomBytes, keys, clock, config } = office;
  const source = new StoreBillingSource(ledger, suite);
  const options: BillingOptions = {
    suite,
    randomBytes,
    signer: keys.signing.kid,
    ledger,
  };
  const announce = ({ issued }: CloseOutcome): void => {
    for (const bill of issued) {
      const { kind, meter, month, no } = bill;
      onEvent({ event: kind, meter, month, no, amount: formatAmount(bill) });
    }
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
  let date = "";
  /** The close under way. */
  let work: Generator<CloseOutcome, void> | undefined;
  let found: HeldBack[] = [];
  const begin = (): void => {
    const now = unixNow(clock);
    due = false;
    month = localMonthOf(config.time_zone, now);
    date = localDayOf(config.time_zone, now);
    found = [];
    work = closePoints(options, source, { now });
  };
  const end = (): void => {
    work = undefined;
    reportHeldBack(found);
    if (due) begin();
  };
  return {
    close: () => {
      const now = unixNow(clock);
      due ||= localMonthOf(config.time_zone, now) !== month;
      due ||= localDayOf(config.time_zone, now) !== date && source.hasOvertaken();
      if (due && work === undefined) begin();
    },
    pump: (ms) => {
      if (work === undefined) return;
      if (source.isUnsettled()) {
        // The block that brings the tariff or assignment is the next reason to look.
        work = undefined;
        due = true;
        return;
      }
      const until = realMs() + ms;
      do {
        const next = work.next();
        if (next.done) return end();
        announce(next.value);
        found.push(...next.value.heldBack);
      } while (realMs() < until);
    },
    noteRecords: (records) => {
      const { from } = monthBounds(
        config.time_zone,
        localMonthOf(config.time_zone, unixNow(clock)),
      );
      // Meters in zones west of here end their month later; a day of the month's first two days counts as late.
      due ||= records.some((record) => mayMakeDue(record, from + 2 * 86_400));
      if (records.some(({ typ }) => typ === "revoke")) source.forgetService();
    },
    order: (given) => {
      const outcome = closeMonths(options, source, decodeBillOrder(given, unixNow(clock)));
      announce(outcome);
      return { issued: outcome.issued, held_back: outcome.heldBack };
    },
  };
}
