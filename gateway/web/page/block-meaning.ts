/** What each number of a block proves, in plain words, and the checkpoint that covers it, line by line. */
import type { BlockDetail } from "../../projection/chain-view-types.ts";
import type { ReadModel } from "../../projection/read-model-types.ts";
import { hexOf } from "../view/hash.ts";
import { type Html, html } from "../view/html.ts";
import { formatNumber } from "../view/number.ts";

export function blockMeaning(block: BlockDetail, readModel: ReadModel): Html {
  const note = readModel.record(block.logSize - 1)?.checkpoint?.note;
  return html`<section class="meaning" aria-labelledby="meaning"><h2 id="meaning">What it proves</h2>
<dl class="terms">
${term("Hash", "The fingerprint of this block's header. It stands in the next block, so nothing here can change without that one changing too.")}
${term("Work", `A hash as small as this one takes about ${formatNumber(Number(block.work))} tries. Whoever changed an old block would have to do that again for it and for every block after it.`)}
${term("Link", block.height === 0 ? "This is the first block: it names nothing before it." : "The header names the hash of the block before it. That is what makes a chain of the blocks.")}
${term("Fingerprint of the log", `One fingerprint of all ${formatNumber(block.logSize)} records since the beginning. A short path of hashes shows that a record is among them.`)}
${term("Seal", `${block.gatewayName} signed the hash with a key that the founding record names. Nobody else can add a block.`)}
</dl>
${note === undefined ? html`<p class="note">No checkpoint covers this block yet: it is not final.</p>` : checkpoint(note)}</section>`;
}

function term(name: string, words: string): Html {
  return html`<div><dt>${name}</dt><dd>${words}</dd></div>`;
}

/** A note has three lines, an empty one, and a line for each signature. */
function checkpoint(note: string): Html {
  const lines = note.trimEnd().split("\n");
  const meanings = [
    "the name of this log",
    "so many records",
    "their one fingerprint, the same as above",
    ...lines.slice(4).map(() => "a gateway's signature over the three lines"),
  ];
  const shown = lines.filter((line) => line !== "");
  return html`<h3>The checkpoint</h3><p class="lead">A gateway signs these lines and hands them to every meter. Whoever keeps one can prove it if the log ever shows another past: two notes of one size with different fingerprints are a confession.</p>
<dl class="note-lines">${shown.map((line, i) => html`<div><dt><code>${line}</code></dt><dd>${meanings[i] ?? ""}</dd></div>`)}</dl>
<p class="note">The fingerprint is the same bytes as <code>${hexOf(rootOf(lines[2] ?? "")).slice(0, 16)}…</code> in hexadecimal.</p>`;
}

/** Notes have base64, pages base64url. */
function rootOf(base64: string): string {
  return base64.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}
