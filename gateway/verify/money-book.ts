/**
 * The money of a dump: every opened bill and credit is computed again from what the log held below it.
 *
 * In:  tariffs, prices, assignments and bills of the log, opened bills and credits in log order with the readings that count
 *      below each. Out: nothing, or `bill-differs`, `credit-differs` and what computing throws.
 */
import { fail } from "../../shared/base/error.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import type { BillableDay } from "../../shared/money/bill.ts";
import type { BillPlaintext } from "../../shared/money/bill-plaintext.ts";
import { recomputeCredit } from "../../shared/money/credit.ts";
import type { PaymentPlaintext } from "../../shared/money/payment-plaintext.ts";
import type { LoggedPrice } from "../../shared/money/price-series.ts";
import { type BillEvidence, recomputeBill } from "../../shared/money/recompute-bill.ts";
import type { LoggedAssignment, LoggedTariff } from "../../shared/money/tariff-timeline.ts";
import type { BillPayload, CreditPayload, PaymentPayload } from "../../shared/record/payload.ts";
import type { ParsedRecord } from "../../shared/record/record.ts";

/** A bill that was opened and is right, with the credits of it that are. */
export interface KnownBill {
  readonly leaf: string;
  readonly position: number;
  readonly payload: BillPayload;
  readonly plaintext: BillPlaintext;
  readonly credits: BillPlaintext[];
}

export class MoneyBook {
  readonly #suite: CryptoSuite;
  readonly #tariffs: LoggedTariff[] = [];
  readonly #prices: LoggedPrice[] = [];
  /** By point. */
  readonly #assignments = new Map<string, LoggedAssignment[]>();
  readonly #bills = new Map<string, KnownBill>();
  /** Meter of each point that a right bill opened: its `opening` proves the digits. */
  readonly #meters = new Map<string, string>();

  constructor(suite: CryptoSuite) {
    this.#suite = suite;
  }

  addTariff({ leaf, payload: { id, ver, body } }: ParsedRecord<"tariff">, position: number): void {
    this.#tariffs.push({ leaf, position, id, ver, body });
  }

  addPrice({ leaf, payload }: ParsedRecord<"price">, position: number): void {
    const { id, from, step, nano } = payload;
    this.#prices.push({ leaf, position, id, from, step, nano });
  }

  addAssign({ payload }: ParsedRecord<"assign">, position: number): void {
    const { point, tariff, from, to } = payload;
    const assignment = { position, tariff, from, ...(to === undefined ? {} : { to }) };
    const others = this.#assignments.get(point);
    if (others === undefined) this.#assignments.set(point, [assignment]);
    else others.push(assignment);
  }

  /** The bill with this leaf, if it was opened. */
  bill(leaf: string): KnownBill | undefined {
    return this.#bills.get(leaf);
  }

  /** A payment may come before the first bill; later its meter must be the one whose bills the point has. Throws `day-meter`. */
  checkPayment({ point }: PaymentPayload, { meter }: PaymentPlaintext): void {
    const known = this.#meters.get(point);
    if (known !== undefined && known !== meter) {
      fail("day-meter", "the payment is of another meter than the bills of its point");
    }
  }

  /** Throws `bill-differs`, and what computeBill throws. */
  checkBill(bill: Omit<KnownBill, "credits">, days: readonly BillableDay[]): void {
    const { payload, position } = bill;
    const evidence = this.#evidence(payload.point, position, days);
    const differing = recomputeBill(this.#suite, bill, evidence);
    if (differing.length > 0) {
      fail("bill-differs", `the bill does not follow from the log: ${differing.join(", ")}`);
    }
    this.#bills.set(bill.leaf, { ...bill, credits: [] });
    this.#meters.set(payload.point, bill.plaintext.meter);
  }

  /** Of a bill that was checked. Throws `credit-differs`, and what computeBill throws. */
  checkCredit(
    bill: KnownBill,
    payload: CreditPayload,
    plaintext: BillPlaintext,
    days: readonly BillableDay[],
  ): void {
    const differing = recomputeCredit(
      this.#suite,
      { payload, plaintext },
      {
        bill,
        earlier: bill.credits,
        ...this.#evidence(bill.payload.point, bill.position, days),
      },
    );
    if (differing.length > 0) {
      fail("credit-differs", `the credit does not follow from the log: ${differing.join(", ")}`);
    }
    bill.credits.push(plaintext);
  }

  #evidence(point: string, position: number, days: readonly BillableDay[]): BillEvidence {
    const isBefore = (record: { readonly position: number }) => record.position < position;
    return {
      days,
      assignments: (this.#assignments.get(point) ?? []).filter(isBefore),
      tariffs: this.#tariffs.filter(isBefore),
      prices: this.#prices.filter(isBefore),
    };
  }
}
