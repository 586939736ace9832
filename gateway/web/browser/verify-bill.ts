/**
 * The offline verifier's page: a bundle in, the verdict and everything that it rests on out. The same code as the command
 * `verify-bill`, with the library suite. Texts of a bundle reach the page as text nodes only.
 */
import { isCoded } from "../../../shared/base/error.ts";
import type { BundleReport } from "../../../shared/bundle/bundle-report.ts";
import { verifyBundle } from "../../../shared/bundle/verify-bundle.ts";
import { nobleSuite } from "../../../shared/crypto/noble-suite.ts";
import { formatMinor, formatQuantity, formatRate } from "../../../shared/money/bill-text.ts";
import { type Content, clear, element, table } from "./element.ts";
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
  const { bill } = found;
  const total = `${formatMinor(bill.total, bill.minor)} ${bill.currency}`;
  showVerdict("", "This bill is right", `${bill.no}: ${total}. Checked here in ${seconds} s.`);
  report.append(
    billCard(found),
    checksCard(found, isKnown),
    readingsCard(found),
    recordsCard(found),
  );
}

function billCard({ bill }: BundleReport): HTMLElement {
  const rows = bill.lines.map((line) =>
    element(
      "tr",
      {},
      element("td", {}, line.label),
      element("td", { class: "num" }, formatQuantity(line, bill.minor)),
      element("td", { class: "num" }, formatRate(line)),
      element("td", { class: "num" }, formatMinor(line.amount, bill.minor)),
    ),
  );
  const { slots } = bill;
  const complete =
    slots.missing === 0
      ? `Complete: ${slots.total} of ${slots.total} slots are there.`
      : `Not complete: ${slots.missing} of ${slots.total} slots are missing.`;
  const kinds = (["measured", "partial", "recovered", "substituted", "gap"] as const)
    .filter((kind) => slots[kind] > 0)
    .map((kind) => `${slots[kind]} ${kind}`)
    .join(", ");
  const period = `${formatInstant(bill.from, bill.zone)} to ${formatInstant(bill.to, bill.zone)}`;
  return card(
    `Bill ${bill.no}`,
    element("p", { class: "quiet" }, `Meter ${bill.meter}, ${period} (${bill.zone})`),
    table("bill", ["Line", "#Quantity", "#Rate", `#${bill.currency}`], rows, [
      element("td", {}, "Total"),
      element("td", {}),
      element("td", {}),
      element("td", { class: "num" }, formatMinor(bill.total, bill.minor)),
    ]),
    element(
      "p",
      { class: "quiet" },
      `${complete} ${kinds}. Every line is exact and rounded once, half away from zero.`,
    ),
  );
}

function checksCard(found: BundleReport, isKnown: boolean): HTMLElement {
  const { records, days, gateways, size, chain } = found;
  const checks = [
    `${records.length} signatures hold: of the meter, of the biller, of the registrar.`,
    `${records.length} proofs lead from a record to the log of ${size} records that ${gateways.join(", ")} signed.`,
    `${days.length} days of readings are those that the meter signed, and none is missing between them.`,
    `Each line of the sum follows from these readings and the tariff, computed again here.`,
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

function card(title: string, ...content: Content[]): HTMLElement {
  return element("section", { class: "card" }, element("h2", {}, title), ...content);
}

function formatInstant(instant: number, zone: string): string {
  const style = {
    timeZone: zone,
    dateStyle: "medium",
    timeStyle: "short",
    hourCycle: "h23",
  } as const;
  return new Intl.DateTimeFormat("en-GB", style).format(new Date(instant * 1000));
}
