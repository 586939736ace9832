/** The bill of a bundle, or its last credit: every line, and what all of them together ask for. */
import type { BundleReport } from "../../../shared/bundle/bundle-report.ts";
import { describeSlots } from "../../../shared/bundle/bundle-words.ts";
import { sumExactly } from "../../../shared/money/amount.ts";
import type { BillLine, BillPlaintext } from "../../../shared/money/bill-plaintext.ts";
import { formatMinor, formatQuantity, formatRate } from "../../../shared/money/bill-text.ts";
import { listInForce } from "../../../shared/money/credit.ts";
import { card, cell, formatInstant, number, quiet } from "./card.ts";
import { element, table } from "./element.ts";

/** What the bundle is of. */
export function shownBill({ bill, credits }: BundleReport): BillPlaintext {
  return credits.at(-1)?.credit ?? bill;
}

/** The bill and its credits together, in minor units. */
export function totalOfAll({ bill, credits }: BundleReport): number {
  return sumExactly([bill.total, ...credits.map(({ credit }) => credit.total)]);
}

export function billCard(report: BundleReport): HTMLElement {
  const { bill, credits } = report;
  const shown = shownBill(report);
  const isCredit = credits.length > 0;
  const period = `${formatInstant(bill.from, bill.zone)} to ${formatInstant(bill.to, bill.zone)}`;
  const rounding = "Every line is exact and rounded once, half away from zero.";
  const why = isCredit ? [quiet(explainCredit(bill.no))] : [];
  return card(
    `${isCredit ? "Credit" : "Bill"} ${shown.no}`,
    quiet(`Meter ${bill.meter}, ${period} (${bill.zone})`),
    ...why,
    linesTable(report, shown),
    quiet(`${describeComplete(shown)} ${rounding}`),
    ...missingList(shown),
  );
}

/** The bill and its credits in a row, each with what it adds. */
export function sumCard(report: BundleReport): readonly HTMLElement[] {
  const { bill, credits } = report;
  if (credits.length === 0) return [];
  const issued = [bill, ...credits.map(({ credit }) => credit)];
  const rows = issued.map((one, i) =>
    element(
      "tr",
      {},
      cell(one.no),
      cell(i === 0 ? "the bill, which never changes" : describeComplete(one)),
      number(formatMinor(one.total, bill.minor)),
    ),
  );
  const foot = [cell("In all"), cell(), number(formatMinor(totalOfAll(report), bill.minor))];
  return [
    card("What is asked for", table("sums", ["Number", "Slots", `#${bill.currency}`], rows, foot)),
  ];
}

function linesTable({ bill, credits }: BundleReport, shown: BillPlaintext): HTMLElement {
  const rows = shown.lines.map((line) => lineRow(line, shown.minor));
  if (credits.length > 0) {
    const earlier = credits.slice(0, -1).map(({ credit }) => credit);
    const before = listInForce(bill, earlier).length;
    rows.splice(before, 0, headRow("Set anew"));
    rows.unshift(headRow("Taken back"));
  }
  return table("bill", ["Line", "#Quantity", "#Rate", `#${shown.currency}`], rows, [
    cell("Total"),
    cell(),
    cell(),
    number(formatMinor(shown.total, shown.minor)),
  ]);
}

function headRow(text: string): HTMLElement {
  const head = element("th", { scope: "rowgroup", colspan: "4", class: "part" }, text);
  return element("tr", {}, head);
}

function lineRow(line: BillLine, minor: number): HTMLElement {
  return element(
    "tr",
    {},
    cell(line.label),
    number(formatQuantity(line, minor)),
    number(formatRate(line)),
    number(formatMinor(line.amount, minor)),
  );
}

function explainCredit(no: string): string {
  return `An issued bill never changes. This credit takes back the lines in force for ${no} and sets them as they are with the readings that count now.`;
}

function describeComplete({ slots }: BillPlaintext): string {
  const kinds = describeSlots({ ...slots, missing: 0 });
  return slots.missing === 0
    ? `Complete: ${slots.total} slots, ${kinds}.`
    : `Not complete: ${slots.missing} of ${slots.total} slots are missing; ${kinds === "" ? "no reading" : kinds}.`;
}

function missingList({ missing, zone }: BillPlaintext): readonly HTMLElement[] {
  if (missing.length === 0) return [];
  const items = missing.map(([from, to]) =>
    element("li", {}, `No reading from ${formatInstant(from, zone)} to ${formatInstant(to, zone)}`),
  );
  return [element("ul", { class: "missing" }, ...items)];
}
