/** What went otherwise than planned: what each credit counts otherwise and why, swapped meters, revoked keys. */
import type {
  BundleReport,
  ReadingChange,
  VerifiedCredit,
  VerifiedReading,
} from "../../../shared/bundle/bundle-report.ts";
import { describeCause, describeCode, describeSlots } from "../../../shared/bundle/bundle-words.ts";
import { countSlots } from "../../../shared/day/quality.ts";
import { sumExactly } from "../../../shared/money/amount.ts";
import { formatDecimal } from "../../../shared/money/bill-text.ts";
import { card, cell, formatDay, formatInstant, number, quiet, shortHash } from "./card.ts";
import { element, table } from "./element.ts";

/** A card for each credit. */
export function changeCards({ credits }: BundleReport): readonly HTMLElement[] {
  return credits.map((credit) => changeCard(credit));
}

function changeCard({ credit, changes }: VerifiedCredit): HTMLElement {
  const rows = changes.map(changeRow);
  const heads = ["Day", "#Before, kWh", "#Now, kWh", "Why"];
  return card(`Why ${credit.no}`, table("changes", heads, rows));
}

function changeRow(change: ReadingChange): HTMLElement {
  const { before, after } = change;
  return element(
    "tr",
    {},
    cell(formatDay((after ?? before)?.day.day ?? "")),
    number(...energy(before)),
    number(...energy(after)),
    cell(describeCause(change)),
  );
}

function energy(reading: VerifiedReading | undefined): readonly (HTMLElement | string)[] {
  if (reading === undefined) return [element("span", { class: "quiet" }, "nothing")];
  const { wh, quality } = reading.day;
  const kinds = element("div", { class: "quiet" }, describeSlots(countSlots([quality])));
  return [formatDecimal(sumExactly(wh), 3, 3), kinds];
}

/** One card for all swaps of the period; none where nothing was swapped. */
export function swapCard({ exchanges, revocations, bill }: BundleReport): readonly HTMLElement[] {
  const swaps = exchanges.map(({ at, signer, exchange, isMatching, ...devices }) => {
    const rows = [
      swapRow("Old", devices.old, "last", exchange.final),
      swapRow("New", devices.new, "first", exchange.first),
    ];
    const match = isMatching
      ? "Both are the registers of the days that are in this bundle."
      : "These are not the registers of the devices' days.";
    const unmetered = `${formatDecimal(exchange.unmetered, 3, 3)} kWh were not metered between them.`;
    return element(
      "div",
      { class: "swap" },
      quiet(
        `${formatInstant(at, bill.zone)}, because of ${describeCode(exchange.reason)}; signed by ${signer}.`,
      ),
      table("swaps", ["Device", "Key", "#Register, kWh"], rows),
      element("p", isMatching ? {} : { class: "warning" }, `${match} ${unmetered}`),
    );
  });
  const ended = revocations.map(({ kid, last, reason, signer }) =>
    element(
      "li",
      {},
      shortHash(kid),
      ` signs nothing more (${describeCode(reason)}, by ${signer}); what it signed after its record ${last} does not count.`,
    ),
  );
  if (swaps.length === 0 && ended.length === 0) return [];
  return [card("Meter swaps", ...swaps, element("ul", { class: "revoked" }, ...ended))];
}

function swapRow(name: string, kid: string, which: string, wh: number): HTMLElement {
  return element(
    "tr",
    {},
    cell(name),
    cell(shortHash(kid)),
    number(formatDecimal(wh, 3, 3), element("div", { class: "quiet" }, which)),
  );
}
