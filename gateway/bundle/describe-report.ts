/** The report of `verify-bill` as text: what was asked for, what changed and why, what was swapped, what is missing. */
import type {
  BundleReport,
  ReadingChange,
  VerifiedExchange,
} from "../../shared/bundle/bundle-report.ts";
import {
  describeCause,
  describeCode,
  describeEnergy,
  describeOrigin,
  describeSlots,
  describeUnopened,
} from "../../shared/bundle/bundle-words.ts";
import type { SlotCounts } from "../../shared/day/quality.ts";
import { sumExactly } from "../../shared/money/amount.ts";
import type { BillLine, BillPlaintext } from "../../shared/money/bill-plaintext.ts";
import {
  formatDecimal,
  formatMinor,
  formatQuantity,
  formatRate,
} from "../../shared/money/bill-text.ts";
import { listInForce } from "../../shared/money/credit.ts";

/** `chain`: the one that the reader knows. */
export function describeReport(report: BundleReport, chain: string | undefined): string {
  const { bill, credits, days, records } = report;
  const shown = credits.at(-1)?.credit ?? bill;
  const what = credits.length === 0 ? "bill" : "credit";
  const wh = sumExactly(days.map(({ day }) => sumExactly(day.wh)));
  return [
    `The ${what} ${shown.no} is right.`,
    "",
    `  meter ${bill.meter}, ${formatDate(bill.from, bill.zone)} to ${formatDate(bill.to, bill.zone)} (${bill.zone})`,
    ...listLines(report, shown),
    ...listSums(report),
    "",
    ...credits.flatMap(({ credit, changes }) => [
      `  ${credit.no} counts otherwise:`,
      ...changes.flatMap(describeChange),
      "",
    ]),
    ...listExchanges(report),
    ...listCorrected(report),
    ...report.unopened.map(
      (one) => `  ${formatDate(one.from, bill.zone)}  ${describeUnopened(one)}`,
    ),
    `  ${days.length} readings count, each signed, ${formatDecimal(wh, 3)} kWh`,
    `  ${shown.slots.total} slots: ${describeAllSlots(shown.slots)}`,
    ...shown.missing.map(
      ([from, to]) =>
        `  missing from ${formatDate(from, bill.zone)} to ${formatDate(to, bill.zone)}`,
    ),
    `  ${records.length} signatures and proofs of inclusion hold, under a checkpoint of ${report.size} records`,
    `  signed by ${report.gateways.join(", ")} for ${report.origin}`,
    `  chain ${report.chain}${chain === undefined ? "  (compare it with the one that you know)" : ", as expected"}`,
  ].join("\n");
}

function listLines({ bill, credits }: BundleReport, shown: BillPlaintext): readonly string[] {
  const { lines, minor, currency, total } = shown;
  const width = Math.max(...lines.map(({ label }) => label.length), 5);
  const rate = (line: BillLine): string => `${formatQuantity(line, minor)} at ${formatRate(line)}`;
  const rateWidth = Math.max(...lines.map((line) => rate(line).length), 0);
  const row = (label: string, text: string, amount: number): string =>
    `  ${label.padEnd(width)}  ${text.padStart(rateWidth)}  ${formatMinor(amount, minor).padStart(10)}`;
  const describe = (line: BillLine): string => row(line.label, rate(line), line.amount);
  const sum = `${row("Total", "", total)} ${currency}`;
  if (credits.length === 0) return [...lines.map(describe), sum];
  const earlier = credits.slice(0, -1).map(({ credit }) => credit);
  const before = listInForce(bill, earlier).length;
  return [
    "  taken back:",
    ...lines.slice(0, before).map(describe),
    "  set anew:",
    ...lines.slice(before).map(describe),
    sum,
  ];
}

/** The bill and its credits, and what is asked for in all. */
function listSums({ bill, credits }: BundleReport): readonly string[] {
  if (credits.length === 0) return [];
  const issued = [bill, ...credits.map(({ credit }) => credit)];
  const { minor, currency } = bill;
  const width = Math.max(...issued.map(({ no }) => no.length));
  const row = (name: string, amount: number): string =>
    `  ${name.padEnd(width)}  ${formatMinor(amount, minor).padStart(14)} ${currency}`;
  const sum = sumExactly(issued.map(({ total }) => total));
  return ["", ...issued.map(({ no, total }) => row(no, total)), row("In all", sum)];
}

function describeChange({ before, after, ...change }: ReadingChange): readonly string[] {
  const date = (after ?? before)?.day.day ?? "";
  const from = before === undefined ? "nothing" : describeEnergy(before);
  const to = after === undefined ? "nothing" : describeEnergy(after);
  const both = { ...change, ...(before && { before }), ...(after && { after }) };
  return [`    ${date}  ${from} -> ${to}`, `                ${describeCause(both)}`];
}

function listExchanges({ exchanges, bill }: BundleReport): readonly string[] {
  return exchanges.flatMap(({ at, exchange, signer, ...devices }) => [
    `  meter swapped ${formatDate(at, bill.zone)}: ${describeCode(exchange.reason)}, signed by ${signer}`,
    `    old ${devices.old.slice(0, 8)}… ended at ${formatDecimal(exchange.final, 3, 3)} kWh, new ${devices.new.slice(0, 8)}… began at ${formatDecimal(exchange.first, 3, 3)} kWh, ${formatDecimal(exchange.unmetered, 3, 3)} kWh not metered`,
    `    ${describeMatch(devices)}`,
  ]);
}

function describeMatch({ isMatching }: Pick<VerifiedExchange, "isMatching">): string {
  return isMatching
    ? "these are the registers of the days that are in the bundle"
    : "these are NOT the registers of the devices' days";
}

function listCorrected({ days }: BundleReport): readonly string[] {
  return days
    .filter(({ typ }) => typ === "correction")
    .map(
      (reading) => `  ${reading.day.day}  ${describeEnergy(reading)}, ${describeOrigin(reading)}`,
    );
}

function describeAllSlots(slots: SlotCounts): string {
  return slots.missing === 0 ? `${describeSlots(slots)}, none missing` : describeSlots(slots);
}

function formatDate(instant: number, zone: string): string {
  return new Intl.DateTimeFormat("en-CA", {
    timeZone: zone,
    dateStyle: "short",
    timeStyle: "short",
    hourCycle: "h23",
  })
    .format(new Date(instant * 1000))
    .replace(", ", " ");
}
