/** One record with its proof, checked again while this page is made. */
import { checkRecord } from "../proof/check-record.ts";
import { type Html, html } from "../view/html.ts";
import { type Page, pageHead } from "../view/layout.ts";
import { formatNumber } from "../view/number.ts";
import { way } from "../view/parts.ts";
import { proofSteps, proofVerdict } from "../view/proof.ts";
import { sealBadge } from "../view/seal.ts";
import { zonedTime } from "../view/time.ts";
import { walkPanel } from "../view/walk-panel.ts";
import { about, kindWords, signerWords } from "./block.ts";
import { type PageContext, requireFound } from "./context.ts";

export function recordPage({ readModel, suite }: PageContext, position: number): Page {
  const record = requireFound(readModel.record(position), `Record ${position}`);
  const check = checkRecord({ suite, origin: readModel.overview().tip.origin }, record);
  const time = zonedTime("UTC");
  const neighbour = (to: number | undefined, label: Html) =>
    to !== undefined && html`<a class="button" href="/records/${to}">${label}</a>`;
  const body = html`${pageHead({
    trail: [
      ["/chain", "Chain"],
      [`/blocks/${record.height}`, `Block ${formatNumber(record.height)}`],
    ],
    title: `Record ${formatNumber(position)}`,
    badge: sealBadge({ state: check.state }),
    lead: html`This is ${kindWords(record.typ)}, signed by ${signerWords(record)}.`,
    actions: html`${neighbour(record.previousPosition, html`${way("back")} Before it`)}${neighbour(record.nextPosition, html`After it ${way("on")}`)}`,
  })}
<div class="two two-proof"><div><h2 class="vh">The proof, step by step</h2>${proofVerdict(check)}${proofSteps(check.steps)}</div>
<aside aria-label="About this record"><dl class="facts">
<div><dt>About</dt><dd>${about(record)}</dd></div>
<div><dt>Type</dt><dd><code>${record.typ}</code></dd></div>
<div><dt>Signed by</dt><dd>${signerWords(record)}</dd></div>
<div><dt>Its number there</dt><dd>${formatNumber(record.seq)}</dd></div>
<div><dt>Block</dt><dd><a href="/blocks/${record.height}">${formatNumber(record.height)}</a></dd></div>
<div><dt>Mined</dt><dd>${time.stamp(record.block.timeSeconds)} UTC</dd></div>
${record.unusable !== undefined && html`<div><dt>Cannot be used</dt><dd><code>${record.unusable}</code></dd></div>`}
</dl>
<p class="note">“Before it” and “after it” are the neighbours by the same signer. Their numbers have no hole, so none was left out.</p></aside></div>
${walkPanel({
  kind: "record",
  title: "Check it yourself",
  button: "Verify in this browser",
  words:
    "What stands above is the gateway's own check. Your browser can do it all again, from the founding record and the signer's enrolment to the signed checkpoint, believing nothing but bytes.",
  facts: { position, leaf: record.leaf },
})}`;
  return { title: `Record ${position}`, section: "chain", scripts: ["explorer"], body };
}
