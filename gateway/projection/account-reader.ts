/**
 * A meter's account: what was billed, credited and paid, and what is open, in the order in which it happened.
 *
 * In:  bill, credit and payment rows. Out: entries with the balance after each, by currency. A payment counts in the currency of the
 *      bill that it names, else of the newest bill before it.
 */
import type { Db, Statement } from "../ledger/database.ts";
import type { AccountEntry, MeterAccount } from "./account-types.ts";
import type { ShownBill } from "./row-tables.ts";

interface PaymentRow {
  readonly pos: number;
  readonly at: number;
  readonly amount: number;
  readonly ref: string;
  readonly bill: string | null;
}

export class AccountReader {
  readonly #bills: Statement<[number], { pos: number; at: number; body: string }>;
  readonly #credits: Statement<[number], { pos: number; bill: number; at: number; body: string }>;
  readonly #payments: Statement<[number], PaymentRow>;
  readonly #paidFor: Statement<[string], { at: number; amount: number }>;
  readonly #leafAt: (position: number) => string;

  /** @param leafAt H of the record at a position */
  constructor(db: Db, leafAt: (position: number) => string) {
    this.#leafAt = leafAt;
    this.#bills = db.prepare(
      "SELECT pos, at, body FROM bill WHERE meter = ? ORDER BY from_s DESC, pos",
    );
    this.#credits = db.prepare(
      "SELECT pos, bill, at, body FROM credit WHERE meter = ? ORDER BY pos",
    );
    this.#payments = db.prepare(
      "SELECT pos, at, amount, ref, bill FROM payment WHERE meter = ? ORDER BY at, pos",
    );
    this.#paidFor = db.prepare("SELECT at, amount FROM payment WHERE bill = ? ORDER BY pos");
  }

  /** When the payments for a bill reached what it comes to with its credits, and their sum; `at` is absent while they have not. */
  paid(leaf: string, total: number): { readonly at?: number; readonly sum: number } {
    let sum = 0;
    let reached: number | undefined;
    for (const { at, amount } of this.#paidFor.iterate(leaf)) {
      sum += amount;
      if (sum >= total) reached ??= at;
    }
    return reached === undefined ? { sum } : { at: reached, sum };
  }

  account(meter: number): MeterAccount {
    const bills = this.#bills.all(meter).map(({ pos, at, body }) => {
      const { no, total, currency, minor } = JSON.parse(body) as ShownBill;
      return { position: pos, at, no, total, currency, minor, leaf: this.#leafAt(pos) };
    });
    const byLeaf = new Map(bills.map((bill) => [bill.leaf, bill]));
    const entries: Omit<AccountEntry, "balanceMinor">[] = bills.map((bill) => ({
      kind: "bill",
      position: bill.position,
      atSeconds: bill.at,
      text: bill.no,
      currency: bill.currency,
      minorDigits: bill.minor,
      amountMinor: bill.total,
    }));
    const byPosition = new Map(bills.map((bill) => [bill.position, bill]));
    for (const { pos, bill, at, body } of this.#credits.iterate(meter)) {
      const { no, total, currency, minor } = JSON.parse(body) as ShownBill;
      const billNo = byPosition.get(bill)?.no;
      entries.push({
        kind: "credit",
        position: pos,
        atSeconds: at,
        text: no,
        currency,
        minorDigits: minor,
        amountMinor: total,
        ...(billNo === undefined ? {} : { billNo }),
      });
    }
    for (const { pos, at, amount, ref, bill } of this.#payments.iterate(meter)) {
      const named = bill === null ? undefined : byLeaf.get(bill);
      const money = named ?? bills.find((one) => one.position < pos);
      if (money === undefined) continue;
      entries.push({
        kind: "payment",
        position: pos,
        atSeconds: at,
        text: ref,
        currency: money.currency,
        minorDigits: money.minor,
        amountMinor: -amount,
        ...(named === undefined ? {} : { billNo: named.no }),
      });
    }
    entries.sort((a, b) => a.atSeconds - b.atSeconds || a.position - b.position);
    const balances = new Map<string, number>();
    const listed = entries.map((entry): AccountEntry => {
      const balanceMinor = (balances.get(entry.currency) ?? 0) + entry.amountMinor;
      balances.set(entry.currency, balanceMinor);
      return { ...entry, balanceMinor };
    });
    return { entries: listed };
  }
}
