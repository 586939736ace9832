/**
 * A credit: what an issued bill would be with the readings that count now (records.md section 3, row credit).
 *
 * A bill never changes. Its credit takes back the lines in force until then, each with quantity and amount negated, and sets
 * the lines of the bill as computed anew: with the readings effective below the credit's position, and the tariffs, prices
 * and assignments that the bill itself rested on. So each line checks by itself, and the bill's total and those of all its
 * credits add up to the total of a fresh bill. The plaintext of a credit has the form of a bill's (bill-plaintext.ts).
 */
import { canonicalize, type Json } from "../base/canonical-json.ts";
import type { CryptoSuite } from "../crypto/suite.ts";
import { sumExactly } from "./amount.ts";
import { type BillInput, type ComputedBill, computeBill } from "./bill.ts";
import type { BillLine, BillPlaintext } from "./bill-plaintext.ts";
import type { IssuedBill } from "./recompute-bill.ts";

/** What a credit follows from. */
export interface CreditInput
  extends Pick<BillInput, "days" | "assignments" | "tariffs" | "prices"> {
  /** `days` are the readings effective below the credit; the other lists what stands below the bill. */
  readonly bill: IssuedBill & {
    /** H */
    readonly leaf: string;
  };
  /** Plaintexts of the bill's credits before this one, in log order. */
  readonly earlier: readonly CreditedBill[];
}

/** What of a credit's plaintext the next one needs. */
export interface CreditedBill extends LinesOf {
  readonly used: readonly (readonly [string, number])[];
}

interface LinesOf {
  readonly lines: readonly BillLine[];
}

/** Members of a credit's plaintext but for `v, meter, salt, pad`, and of its payload but for `v, seq, prev, ct, pt`. */
export interface ComputedCredit
  extends Pick<BillPlaintext, "no" | "opening" | "zone" | "from" | "to" | "offsets">,
    Omit<ComputedBill, "payload"> {
  readonly payload: { readonly bill: string; readonly days: string; readonly n: number };
  /** False: the readings are those of the bill or credit in force before, so the credit would say nothing. */
  readonly isChange: boolean;
}

/** Throws what computeBill throws: a credit may need a price that was not published when the bill was issued. */
export function computeCredit(
  suite: Pick<CryptoSuite, "sha256">,
  { bill, earlier, days, assignments, tariffs, prices }: CreditInput,
): ComputedCredit {
  const { payload: billed, plaintext } = bill;
  const { point, from, to } = billed;
  const { no, opening, zone, offsets } = plaintext;
  const evidence = { days, assignments, tariffs, ...(prices === undefined ? {} : { prices }) };
  const fresh = computeBill(suite, { ...evidence, point, from, to, zone, offsets });
  const { payload, currency, minor, used, slots, missing } = fresh;
  const lines = [...listInForce(plaintext, earlier).map(negateLine), ...fresh.lines];
  return {
    payload: { bill: bill.leaf, days: payload.days, n: payload.n },
    no: `${no}-c${earlier.length + 1}`,
    opening,
    zone,
    from,
    to,
    offsets,
    currency,
    minor,
    lines,
    total: sumExactly(lines.map(({ amount }) => amount)),
    used,
    slots,
    missing,
    isChange: !isSame((earlier.at(-1) ?? plaintext).used, used),
  };
}

/** The lines in force after a bill and these of its credits, in log order: those that are not negated ones. */
export function listInForce(bill: LinesOf, credits: readonly LinesOf[]): readonly BillLine[] {
  // A credit begins with as many negated lines as were in force before it.
  return credits.reduce<readonly BillLine[]>(
    (inForce, { lines }) => lines.slice(inForce.length),
    bill.lines,
  );
}

/**
 * Does an issued credit follow from the log? Names of differing members: of the plaintext those of ComputedCredit and
 * `meter`, of the payload `bill, days, n`. The bill and its earlier credits are taken as they are, so they are checked first.
 * Throws what computeCredit throws.
 */
export function recomputeCredit(
  suite: Pick<CryptoSuite, "sha256">,
  issued: { readonly payload: ComputedCredit["payload"]; readonly plaintext: BillPlaintext },
  input: CreditInput,
): readonly string[] {
  const { payload, isChange: _, ...expected } = computeCredit(suite, input);
  const { plaintext } = issued;
  const pairs: [string, unknown, unknown][] = [
    ["meter", plaintext.meter, input.bill.plaintext.meter],
  ];
  for (const name of Object.keys(expected) as (keyof typeof expected)[]) {
    pairs.push([name, plaintext[name], expected[name]]);
  }
  for (const name of ["bill", "days", "n"] as const) {
    pairs.push([name, issued.payload[name], payload[name]]);
  }
  return pairs.filter(([, said, right]) => !isSame(said, right)).map(([name]) => name);
}

/** Rounding half away from zero is symmetric, so the line still follows from its own quantity and rate. */
function negateLine({ code, label, qty, unit, nano, amount }: BillLine): BillLine {
  return { code, label, qty: 0 - qty, unit, nano, amount: 0 - amount };
}

function isSame(a: unknown, b: unknown): boolean {
  return canonicalize(a as Json) === canonicalize(b as Json);
}
