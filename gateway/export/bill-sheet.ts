/**
 * A bill as it is printed: every text that stands on the sheet, exact and without a locale. in: the bill and its chain →
 * out: texts, which bill-pdf.ts only places.
 */

import type { LineUnit } from "../../shared/money/bill-plaintext.ts";
import {
  formatDecimal,
  formatMinor,
  formatQuantity,
  formatRate,
} from "../../shared/money/bill-text.ts";
import { localDayOf } from "../../shared/time/civil-day.ts";
import type { BillDetail, ReadModel } from "../projection/read-model-types.ts";
import { safeFileName } from "./file-name.ts";
import { formatLocal } from "./slots.ts";

export interface BillSheet {
  readonly title: string;
  readonly no: string;
  readonly origin: string;
  /** What the sheet says at its head, in order. */
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly currency: string;
  readonly lines: readonly {
    readonly label: string;
    readonly quantity: string;
    readonly rate: string;
    readonly amount: string;
    /** Below the line: how it was rounded. */
    readonly how?: string;
  }[];
  readonly total: string;
  readonly rounding: string;
  readonly payment: string;
  readonly completeness: string;
  readonly missing: readonly string[];
  readonly proof: readonly (readonly [name: string, value: string])[];
  readonly verify: string;
  /** For the document's own date. */
  readonly issuedAtSeconds: number;
}

/** Stretches without a reading that are listed one by one. */
const MAX_MISSING = 12;

export function bundleName(no: string): string {
  return `${safeFileName(no)}.bundle.json`;
}

/** Undefined when this reader has no bill of this number. */
export function makeBillSheet(model: ReadModel, no: string): BillSheet | undefined {
  const bill = model.bill(no);
  if (bill === undefined) return undefined;
  const { tip } = model.overview();
  const { currency, minorDigits, zone } = bill;
  const money = (amount: number): string => formatMinor(amount, minorDigits);
  const first = localDayOf(zone, bill.fromSeconds);
  const last = localDayOf(zone, bill.toSeconds - 1);
  return {
    title: bill.kind === "credit" ? "Credit" : "Bill",
    no,
    origin: tip.origin,
    facts: [
      ["Number", no],
      ...(bill.billNo === undefined ? [] : [["Of bill", bill.billNo] as const]),
      ["Meter", bill.meter],
      ["Period", `${first} to ${last}, both included (${zone})`],
      ["Issued", localDayOf(zone, bill.issuedAtSeconds)],
      ["Energy", `${formatDecimal(bill.wh, 3)} kWh`],
      ["Tariff", bill.tariffs.map(({ id, version }) => `${id} v${version}`).join(", ")],
    ],
    currency,
    lines: bill.lines.map((line, i) => {
      // The read model hands on the unit as it was sealed, which the bill's decoder has checked.
      const sealed = { ...line, amount: line.amountMinor, unit: line.unit as LineUnit };
      return {
        // A credit takes back what was in force before it sets what is.
        label: i < bill.takenBack ? `Taken back: ${line.label}` : line.label,
        quantity: formatQuantity(sealed, minorDigits),
        rate: formatRate(sealed),
        amount: money(line.amountMinor),
      };
    }),
    total: money(bill.totalMinor),
    rounding: `Each line is exact and rounded once, to ${money(1)} ${currency}, half away from zero. The total is the sum of the lines.`,
    payment: describePayment(model, bill, money),
    completeness: describeSlots(bill),
    missing: listMissing(bill),
    proof: [
      ["Chain", tip.chainId],
      ["Record", bill.leaf],
      [
        "Place",
        bill.position === undefined
          ? "not in a block yet"
          : `record ${bill.position}, block ${bill.height ?? "?"}${bill.state === "final" ? ", final" : ""}`,
      ],
    ],
    verify: `To check this bill without trusting anybody: get ${bundleName(no)} from the portal, open verify-bill.html in a browser (it needs no network) and drop the file on it, or run "verify-bill ${bundleName(no)}". It shows each reading's signature, its place in the chain and each line of the sum. Compare the chain and the record above with what it shows.`,
    issuedAtSeconds: bill.issuedAtSeconds,
  };
}

function describePayment(
  model: ReadModel,
  bill: BillDetail,
  money: (amount: number) => string,
): string {
  if (bill.kind === "credit") {
    return `With this credit, bill ${bill.billNo ?? ""} and its credits come to ${money(bill.inForceMinor)} ${bill.currency}.`;
  }
  const payments = model
    .account(bill.meter)
    .entries.filter(({ kind, billNo }) => kind === "payment" && billNo === bill.no);
  const credited = describeCredits(bill, money);
  const list = payments.map(
    ({ atSeconds, amountMinor, text }) =>
      `${money(-amountMinor)} ${bill.currency} on ${localDayOf(bill.zone, atSeconds)}${text === "" ? "" : ` (${text})`}`,
  );
  if (bill.paidAtSeconds !== undefined) {
    const how = list.length === 0 ? "" : `: ${list.join(", ")}`;
    const back =
      bill.dueMinor < 0 ? ` To be given back: ${money(-bill.dueMinor)} ${bill.currency}.` : "";
    return `${credited}Paid on ${localDayOf(bill.zone, bill.paidAtSeconds)}${how}.${back}`;
  }
  const due = `To be paid: ${money(bill.dueMinor)} ${bill.currency}.`;
  return list.length === 0
    ? `${credited}${due}`
    : `${credited}Paid so far: ${list.join(", ")}. ${due}`;
}

/** Nothing for a bill that stands as it was issued. */
function describeCredits(bill: BillDetail, money: (amount: number) => string): string {
  if (bill.credits.length === 0) return "";
  const list = bill.credits.map(({ no, totalMinor }) => `${no}: ${money(totalMinor)}`);
  return `Credits, because other readings count now: ${list.join(", ")}. Bill and credits together: ${money(bill.inForceMinor)} ${bill.currency}. `;
}

function describeSlots({ slots, complete }: BillDetail): string {
  const parts = [
    [slots.partial, "measured in part"],
    [slots.recovered, "recovered from the register"],
    [slots.substituted, "substituted by a signed correction"],
    [slots.gap, "without a reading"],
    [slots.missing, "missing"],
  ] as const;
  const others = parts.filter(([n]) => n > 0).map(([n, words]) => `, ${n} ${words}`);
  const head = complete ? "Complete" : "Not complete, what is missing costs nothing here";
  return `${head}: ${slots.measured} of ${slots.total} slots measured${others.join("")}.`;
}

function listMissing({ missing, zone }: BillDetail): string[] {
  const shown = missing
    .slice(0, MAX_MISSING)
    .map(
      ({ fromSeconds, toSeconds }) =>
        `${formatLocal(fromSeconds, zone)} to ${formatLocal(toSeconds, zone)}`,
    );
  const more = missing.length - shown.length;
  return more > 0 ? [...shown, `and ${more} more, all of them in the bundle`] : shown;
}
