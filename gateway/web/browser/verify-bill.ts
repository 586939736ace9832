/**
 * The offline verifier's page: a bundle in, the verdict and everything that it rests on out. The same code as the command
 * `verify-bill`, with the library suite. Texts of a bundle reach the page as text nodes only.
 */
import { isCoded } from "../../../shared/base/error.ts";
import type { BundleReport } from "../../../shared/bundle/bundle-report.ts";
import { verifyBundle } from "../../../shared/bundle/verify-bundle.ts";
import { nobleSuite } from "../../../shared/crypto/noble-suite.ts";
import { formatMinor } from "../../../shared/money/bill-text.ts";
import { billCard, shownBill, sumCard, totalOfAll } from "./bill-card.ts";
import { card } from "./card.ts";
import { changeCards, swapCard } from "./change-cards.ts";
import { clear, element, table } from "./element.ts";
import { readingsCard } from "./readings.ts";

const drop = byId("drop");
const verdict = byId("verdict");
const report = byId("report");

function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no ${id}`);
  return found;
}

const input = byId("file") as HTMLInputElement;
input.addEventListener("change", () => {
  const [file] = input.files ?? [];
  if (file !== undefined) void check(file);
});
for (const name of ["dragenter", "dragover"]) {
  drop.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
}
drop.addEventListener("dragleave", () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  const [file] = event.dataTransfer?.files ?? [];
  if (file !== undefined) void check(file);
});

async function check(file: File): Promise<void> {
  clear(report);
  showVerdict("", "Checking …", file.name);
  const text = await file.text();
  // The page shows that it works before the work begins.
  await new Promise((resolve) => setTimeout(resolve, 20));
  const known = (byId("chain") as HTMLInputElement).value.trim();
  try {
    const started = performance.now();
    const found = verifyBundle(nobleSuite, text, known === "" ? {} : { chain: known });
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    showReport(found, known !== "", seconds);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const code = isCoded(error) ? error.code : "failed";
    showVerdict("bad", "This bill is not right", `${message} (${code})`);
  }
}

function showVerdict(kind: "" | "bad", title: string, text: string): void {
  clear(verdict);
  const box = element(
    "div",
    { class: `verdict ${kind}` },
    element("h2", {}, title),
    element("p", {}, text),
  );
  verdict.append(box);
}

function showReport(found: BundleReport, isKnown: boolean, seconds: string): void {
  const { bill, credits } = found;
  const shown = shownBill(found);
  const amount = (value: number): string => `${formatMinor(value, bill.minor)} ${bill.currency}`;
  const checked = `Checked here in ${seconds} s.`;
  if (credits.length === 0) {
    showVerdict("", "This bill is right", `${bill.no}: ${amount(bill.total)}. ${checked}`);
  } else {
    const sums = `${shown.no}: ${amount(shown.total)}; with its bill ${amount(totalOfAll(found))} in all.`;
    showVerdict("", "This credit is right", `${sums} ${checked}`);
  }
  report.append(
    billCard(found),
    ...sumCard(found),
    ...changeCards(found),
    ...swapCard(found),
    checksCard(found, isKnown),
    readingsCard(found),
    recordsCard(found),
  );
}

function checksCard(found: BundleReport, isKnown: boolean): HTMLElement {
  const { records, days, gateways, size, chain } = found;
  const checks = [
    `${records.length} signatures hold: of the meter, of the biller, of the registrar.`,
    `${records.length} proofs lead from a record to the log of ${size} records that ${gateways.join(", ")} signed.`,
    `${days.length} readings are those that were signed, and between two records of a meter none is missing.`,
    `Each line of the sum follows from these readings and the tariff, computed again here.`,
    ...creditChecks(found),
    isKnown
      ? "The chain is the one that you know."
      : `The chain is ${chain}. Compare it with the one that you know: it is in your meter's join file and in every bill.`,
  ];
  const items = checks.map((text) =>
    element(
      "li",
      {},
      element("span", { class: "tick", "aria-hidden": "true" }, "✓"),
      element("span", {}, text),
    ),
  );
  return card("What was checked", element("ul", { class: "checks" }, ...items));
}

function creditChecks({ credits }: BundleReport): readonly string[] {
  if (credits.length === 0) return [];
  const names = credits.map(({ credit }) => credit.no).join(", ");
  return [
    `The bill and ${names} were each computed again, with the readings that counted when they were issued.`,
  ];
}

function recordsCard({ records, chain, origin }: BundleReport): HTMLElement {
  const rows = records.map(({ position, typ, signer, leaf, proofLength }) =>
    element(
      "tr",
      {},
      element("td", { class: "num" }, String(position)),
      element("td", {}, typ),
      element("td", { class: "hash" }, signer.length > 20 ? `${signer.slice(0, 12)}…` : signer),
      element("td", { class: "hash", title: leaf }, `${leaf.slice(0, 12)}…`),
      element("td", { class: "num" }, `✓ ${proofLength} hashes`),
    ),
  );
  const details = element(
    "details",
    {},
    element("summary", {}, `${records.length} records, each signed and included`),
    table("readings", ["#Position", "Type", "Signed by", "Leaf", "#Inclusion"], rows),
  );
  const facts = element(
    "dl",
    {},
    element("dt", {}, "Chain"),
    element("dd", { class: "hash" }, chain),
    element("dt", {}, "Log"),
    element("dd", {}, origin),
  );
  return card("Records", facts, details);
}
