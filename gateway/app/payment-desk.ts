/** Payments as orders: which bill or meter, how much, from texts of unknown shape to a record. */
import type { Json } from "../../shared/base/canonical-json.ts";
import { unixNow } from "../../shared/base/clock.ts";
import { parseDecimal } from "../../shared/base/decimal.ts";
import {
  type Decoded,
  instant,
  literal,
  object,
  pattern,
  text,
} from "../../shared/base/decoder.ts";
import { fail } from "../../shared/base/error.ts";
import { parseRecord } from "../../shared/record/record.ts";
import { recordPayment } from "../billing/record-payment.ts";
import type { ShownBill } from "../projection/row-tables.ts";
import { findPoint, type OfficeOptions } from "./office.ts";
import { StoreBillingSource } from "./store-billing-source.ts";

const decodeOrder = object(
  { amount: text, ref: text },
  { no: text, meter: pattern(/^\d{9}$/, "nine digits"), at: instant, again: literal(1) },
);

/**
 * Throws `schema`, `bill-none`, `unknown-meter`, `usage` for an amount, `payment-known` for one whose meter, amount and reference are in
 * the chain already unless `again` says that it came twice, or the chain rule broken. Returns the leaf.
 */
export function orderPayment(office: OfficeOptions, given: Json): string {
  const order = decodeOrder(given, "arguments");
  const { ledger, suite, randomBytes, keys, clock } = office;
  const found = order.no === undefined ? findNewestBill(office, order) : findBill(office, order.no);
  const { meter, currency, minor } = found.bill;
  const amount = parseDecimal(order.amount, minor, ".");
  const decimals = order.amount.split(".")[1] ?? "";
  if (amount === undefined || amount === 0 || /[1-9]/.test(decimals.slice(minor))) {
    fail("usage", `an amount in ${currency} has at most ${minor} decimals and is not zero`);
  }
  if (order.again === undefined) requireNew(office, meter, amount, order.ref);
  const id = findPoint(office, meter);
  const point = new StoreBillingSource(ledger, suite).point(id);
  if (point === undefined) fail("unknown-meter", `meter ${meter} is not enrolled here`);
  return recordPayment(
    {
      suite,
      randomBytes,
      signer: keys.signing.kid,
      issue: (payload, line2) => ledger.issue("payment", payload, line2),
    },
    {
      point,
      at: order.at ?? unixNow(clock),
      amount,
      ref: order.ref,
      ...(order.no === undefined ? {} : { bill: found.leaf }),
    },
  );
}

/** The same order given twice must not pay twice. */
function requireNew({ ledger }: OfficeOptions, meter: string, amount: number, ref: string): void {
  const at = ledger.db
    .prepare<[number, number, string], number>(
      "SELECT at FROM payment WHERE meter = ? AND amount = ? AND ref = ?",
    )
    .pluck()
    .get(Number(meter), amount, ref);
  if (at === undefined) return;
  const date = new Date(at * 1000).toISOString().slice(0, 10);
  const what = `a payment of this amount under this reference, of ${date}, is in the chain`;
  fail("payment-known", `${what}; --again records a second one`, { meter });
}

interface FoundBill {
  readonly leaf: string;
  readonly bill: Pick<ShownBill, "meter" | "currency" | "minor">;
}

function findBill(office: OfficeOptions, no: string): FoundBill {
  const row = office.ledger.db
    .prepare<[string], { pos: number; body: string }>("SELECT pos, body FROM bill WHERE no = ?")
    .get(no);
  if (row !== undefined) return readBill(office, row);
  const credited = office.ledger.db
    .prepare<[string], string>(
      "SELECT b.no FROM credit c JOIN bill b ON b.pos = c.bill WHERE c.no = ?",
    )
    .pluck()
    .get(no);
  const what = credited === undefined ? `no bill ${no} is in the chain` : `${no} is a credit`;
  fail("bill-none", credited === undefined ? what : `${what}: name its bill ${credited}`, { no });
}

/** A payment on account is in the currency of the meter's newest bill. */
function findNewestBill(office: OfficeOptions, { meter }: Decoded<typeof decodeOrder>): FoundBill {
  if (meter === undefined) fail("schema", "arguments: expected no or meter", { path: "meter" });
  const row = office.ledger.db
    .prepare<[number], { pos: number; body: string }>(
      "SELECT pos, body FROM bill WHERE meter = ? ORDER BY from_s DESC, pos LIMIT 1",
    )
    .get(Number(meter));
  if (row === undefined) fail("bill-none", `meter ${meter} has no bill yet`, { meter });
  return readBill(office, row);
}

function readBill(
  { ledger, suite }: OfficeOptions,
  row: { readonly pos: number; readonly body: string },
): FoundBill {
  const { leaf } = parseRecord(suite, ledger.line1(row.pos) ?? "");
  return { leaf, bill: JSON.parse(row.body) as ShownBill };
}
