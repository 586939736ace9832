/** One block: what is in it, who sealed it, how much work it took, why it is valid. */

import { encodeBase64url, encodeHex } from "../../../shared/base/bytes.ts";
import type { BlockDetail, RecordSummary } from "../../projection/chain-view-types.ts";
import { hexOf, workHash } from "../view/hash.ts";
import { type Html, html } from "../view/html.ts";
import { type Page, pageHead } from "../view/layout.ts";
import { count, formatMeterId, formatNumber } from "../view/number.ts";
import {
  bytesDisclosure,
  emptyState,
  pager,
  shortHash,
  stat,
  statStrip,
  way,
} from "../view/parts.ts";
import { seal, sealLegend, sealShape } from "../view/seal.ts";
import { formatDate, zonedTime } from "../view/time.ts";
import { walkPanel } from "../view/walk-panel.ts";
import { blockMeaning } from "./block-meaning.ts";
import { type PageContext, requireFound } from "./context.ts";

const PAGE_SIZE = 100;

export function blockPage({ readModel }: PageContext, height: number, page: number): Page {
  const block = requireFound(readModel.block(height), `Block ${height}`);
  const time = zonedTime("UTC");
  const offset = (page - 1) * PAGE_SIZE;
  const records = readModel.records(
    block.firstPosition + offset,
    Math.max(0, Math.min(PAGE_SIZE, block.records - offset)),
  );
  const state = block.final ? "final" : "block";
  const body = html`${pageHead({
    trail: [["/chain", "Chain"]],
    title: `Block ${formatNumber(height)}`,
    badge: html`<span class="badge badge-${state}">${sealShape(state)} ${block.final ? "Final" : "Not final yet"}</span>`,
    lead: `Sealed by ${block.gatewayName}. It took about ${formatNumber(Number(block.work))} tries to find its hash.`,
    actions: neighbours(block),
  })}
${statStrip([
  stat("Time", time.clock(block.timeSeconds), html`${time.date(block.timeSeconds)}, UTC`),
  stat(
    "Records",
    formatNumber(block.records),
    `${formatNumber(block.logSize)} in the log with them`,
  ),
  stat("Work", formatNumber(Number(block.work)), `bits ${block.bits.toString(16)}`),
])}
<dl class="chain-of">
<div><dt>Block before it</dt><dd>${height > 0 ? html`<a href="/blocks/${height - 1}"><code>${hexOf(block.prevHash)}</code></a>` : html`<span class="quiet">none: the chain begins here</span>`}</dd></div>
<div class="own"><dt>This block</dt><dd><code>${workHash(block.hash)}</code></dd></div>
<div><dt>Fingerprint of the log</dt><dd><code>${hexOf(block.logRoot)}</code></dd></div>
<div><dt>Block after it</dt><dd>${block.nextHash === undefined ? html`<span class="quiet">not mined yet</span>` : html`<a href="/blocks/${height + 1}"><code>${hexOf(block.nextHash)}</code></a>`}</dd></div>
</dl>
<section aria-labelledby="records"><h2 id="records">${count(block.records, "record")}</h2>
${records.length === 0 ? emptyState("An empty block", "Nothing arrived before it was due. It still carries the chain one step further.") : recordTable(records)}
${pager({ page, pages: Math.ceil(block.records / PAGE_SIZE), href: (to) => `/blocks/${height}?page=${to}` })}</section>
${blockMeaning(block, readModel)}
${walkPanel({
  kind: "block",
  title: "Check it yourself",
  button: "Verify in this browser",
  words:
    "Your browser fetches this block, the one before it and every record in it, and hashes them again: work, link, records, log and seal.",
  facts: { height, hash: hexOf(block.hash) },
})}
${bytesDisclosure(
  "The bytes of this block",
  [
    `header  ${encodeHex(block.header)}`,
    `nonce   ${encodeHex(block.nonce)}`,
    `seal    ${encodeBase64url(block.seal)}`,
    `records root  ${block.recordsRoot}`,
    `gateway key   ${block.gatewayKid}`,
  ].join("\n"),
)}
${sealLegend()}`;
  return { title: `Block ${height}`, section: "chain", scripts: ["explorer"], body };
}

function neighbours(block: BlockDetail): Html {
  return html`${block.height > 0 && html`<a class="button" rel="prev" href="/blocks/${block.height - 1}">${way("back")} ${formatNumber(block.height - 1)}</a>`}${block.nextHash !== undefined && html`<a class="button" rel="next" href="/blocks/${block.height + 1}">${formatNumber(block.height + 1)} ${way("on")}</a>`}`;
}

const KINDS: Readonly<Record<string, string>> = {
  genesis: "the beginning of the chain",
  enrol: "enrolment of a meter",
  day: "a day of readings",
  event: "an event that a meter told",
  tariff: "a tariff",
  assign: "a tariff for a meter",
  bill: "a bill",
  credit: "a credit",
  payment: "a payment",
  evidence: "proof of a double record",
};

/** "a day of readings"; the type's own name for one that this page does not know. */
export function kindWords(typ: string): string {
  return KINDS[typ] ?? typ;
}

function recordTable(records: readonly RecordSummary[]): Html {
  return html`<table class="cards cards-records" role="table"><caption class="vh">Records of this block in their order</caption><thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">Record</th><th role="columnheader" scope="col">What</th><th role="columnheader" scope="col">About</th><th role="columnheader" scope="col">Signed by</th><th role="columnheader" scope="col">Leaf</th></tr></thead><tbody role="rowgroup">${records.map(
    (record) =>
      html`<tr role="row"><th role="rowheader" scope="row">${seal(record)} <a href="/records/${record.position}" class="num">${formatNumber(record.position)}</a></th><td role="cell" class="where">${kindWords(record.typ)}</td><td role="cell" data-label="About">${about(record)}</td><td role="cell" data-label="Signed by"><span>${signerWords(record)}</span></td><td role="cell" data-label="Leaf">${shortHash(record.leaf)}</td></tr>`,
  )}</tbody></table>`;
}

/** A link to the day, bill, credit or meter that a record is about. */
export function about(record: RecordSummary): Html | string {
  const { typ, meter, subject } = record;
  const isReading = typ === "day" || typ === "correction";
  if (isReading && meter !== undefined && subject !== undefined) {
    return html`<a href="/meters/${meter}/days/${subject}">${formatDate(subject)}</a>`;
  }
  if ((typ === "bill" || typ === "credit") && subject !== undefined) {
    return html`<a href="/bills/${encodeURIComponent(subject)}">${subject}</a>`;
  }
  if (meter !== undefined) return html`<a href="/meters/${meter}">${formatMeterId(meter)}</a>`;
  return subject ?? html`<span class="quiet">the chain itself</span>`;
}

/** A member's name, or the meter. */
export function signerWords(record: RecordSummary): Html | string {
  return record.signer === record.meter
    ? html`meter <span class="num">${formatMeterId(record.signer)}</span>`
    : record.signer;
}
