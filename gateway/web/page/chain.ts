/** The chain page: what a block is, the newest ones, and what would happen if somebody changed yesterday. */
import type { BlockSummary, RecordDetail } from "../../projection/chain-view-types.ts";
import { type Tampered, type TamperStory, tellTamperStory } from "../proof/tamper.ts";
import { hexOf, workHash } from "../view/hash.ts";
import { type Html, html } from "../view/html.ts";
import { type Page, pageHead } from "../view/layout.ts";
import { count, formatNumber } from "../view/number.ts";
import { stat, statStrip, way } from "../view/parts.ts";
import { sealShape } from "../view/seal.ts";
import { zonedTime } from "../view/time.ts";
import { walkPanel } from "../view/walk-panel.ts";
import type { PageContext } from "./context.ts";

const PAGE_SIZE = 25;

export function chainPage(context: PageContext, before: number | undefined): Page {
  const { readModel } = context;
  const { tip } = readModel.overview();
  const blocks = readModel.blocks(before, PAGE_SIZE);
  const oldest = blocks.at(-1)?.height ?? 0;
  const story = before === undefined ? findStory(context, blocks) : undefined;
  const body = html`${pageHead({
    title: "Chain",
    lead: "Each block holds the fingerprint of everything before it. Whoever changes an old reading changes every fingerprint after it, and everyone who kept one sees it.",
    actions: context.mayOperate && html`<a class="button" href="/performance">Performance</a>`,
  })}
${
  before === undefined &&
  html`${statStrip([
    stat("Blocks", formatNumber(tip.height + 1), `${formatNumber(tip.finalHeight + 1)} final`),
    stat("Records", formatNumber(tip.logSize), "in one log"),
    stat("Work", formatWork(tip.work), "tries so far"),
    stat(
      "Newest",
      zonedTime("UTC").clock(tip.timeSeconds),
      html`${zonedTime("UTC").date(tip.timeSeconds)}, UTC`,
    ),
  ])}${links(blocks.slice(0, 3))}${story && tamperSection(story)}${walkPanel({
    kind: "chain",
    title: "Walk the whole chain",
    button: "Walk it in this browser",
    words:
      "Your browser fetches the header of every block from the first to the newest and checks each one: its work, its link to the one before, its time. It remembers where it ended, so that on your next visit it sees whether anything before that was changed.",
    facts: { height: tip.height, hash: hexOf(tip.hash) },
  })}`
}
<section aria-labelledby="blocks"><div class="section-head"><h2 id="blocks">${before === undefined ? "Newest blocks" : `Blocks before ${formatNumber(before)}`}</h2>${findForm()}</div>
${blockTable(blocks)}
<nav class="pager" aria-label="Pages">${before === undefined ? html`<span></span>` : html`<a href="/chain">${way("back")} Newest</a>`}<span></span>${oldest > 0 ? html`<a href="/chain?before=${oldest}" rel="next">Older ${way("on")}</a>` : html`<span></span>`}</nav></section>`;
  const follows = before === undefined ? ["block"] : [];
  return { title: "Chain", section: "chain", scripts: ["explorer"], body, follows };
}

/** 1,234,567 stays; above a thousand million the size is enough. */
function formatWork(work: string): string {
  const value = Number(work);
  return value < 1e9
    ? formatNumber(value)
    : `${formatNumber(value / 10 ** (Math.floor(Math.log10(value) / 3) * 3), 1)} × 10${superscript(Math.floor(Math.log10(value) / 3) * 3)}`;
}

function superscript(n: number): string {
  return [...String(n)].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)] ?? "").join("");
}

/** A row of blocks, oldest first, each showing the hash that the next one repeats. */
function links(newest: readonly BlockSummary[]): Html {
  const time = zonedTime("UTC");
  return html`<ol class="blocks" aria-label="The newest blocks, oldest first">${[...newest]
    .reverse()
    .map(
      (
        block,
      ) => html`<li><a class="block" href="/blocks/${block.height}"><span class="block-head">${sealShape(block.final ? "final" : "block")}<strong>Block ${formatNumber(block.height)}</strong></span>
<span class="block-line">${count(block.records, "record")}</span><span class="block-line quiet">${time.stamp(block.timeSeconds)}</span>
<span class="block-line">before it <code>${workHash(block.prevHash, 10)}</code></span><span class="block-line">its own <code>${workHash(block.hash, 10)}</code></span></a></li>`,
    )}</ol>
<p class="note">The <em>own</em> hash of each block is what the next one calls <em>before it</em>. That is the chain.</p>`;
}

/** The newest day record that still has a block after it. */
function findStory(
  { readModel, suite }: PageContext,
  blocks: readonly BlockSummary[],
): TamperStory | undefined {
  for (const block of blocks.slice(1, 6)) {
    const day = readModel
      .records(block.firstPosition, Math.min(block.records, 50))
      .find((record) => record.typ === "day");
    const record: RecordDetail | undefined = day && readModel.record(day.position);
    const story = record && tellTamperStory(suite, record);
    if (story !== undefined) return story;
  }
  return undefined;
}

function tamperSection(story: TamperStory): Html {
  const row = (title: string, sentence: string, change: Tampered): Html =>
    html`<li><h3>${title}</h3><p>${sentence}</p><p class="change"><code class="was"><span class="vh">was </span>${change.before.slice(0, 18)}…</code>${way("on")}<code class="is"><span class="vh">became </span>${change.after.slice(0, 18)}…</code></p></li>`;
  return html`<section class="tamper" aria-labelledby="tamper"><h2 id="tamper">What if somebody changed an old reading?</h2>
<p class="lead">Computed just now with real <a href="/records/${story.position}">record ${story.position}</a>, changing one character of it.</p>
<ol>${row("The reading", "One character of the sealed reading changes, so its fingerprint is another one.", story.fingerprint)}
${row("The signature", "The meter signed the old fingerprint. Only the meter could sign the new one, and it does not.", story.leaf)}
${row("The log", "The fingerprint of the whole log comes from all records, so it is another one too.", story.logRoot)}
${row("The block", `Block ${formatNumber(story.height)} gets another hash${story.workHolds ? "" : ", one without the zeros that took the work"}, and block ${formatNumber(story.height + 1)} still names the old one. So does every block after it.`, story.blockHash)}</ol></section>`;
}

function findForm(): Html {
  return html`<form class="search" action="/find" method="get" role="search"><label class="vh" for="find">Find a block by height or a record by its hash</label><input id="find" name="q" type="search" maxlength="100" placeholder="Height or record hash" autocomplete="off"><button>Find</button></form>`;
}

function blockTable(blocks: readonly BlockSummary[]): Html {
  const time = zonedTime("UTC");
  return html`<table class="cards cards-blocks" role="table"><caption class="vh">Blocks, the newest first; times in UTC</caption><thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">Block</th><th role="columnheader" scope="col">Time (UTC)</th><th role="columnheader" scope="col" class="n">Records</th><th role="columnheader" scope="col">Sealed by</th><th role="columnheader" scope="col">Hash</th></tr></thead><tbody role="rowgroup">${blocks.map(
    (block) =>
      html`<tr role="row"><th role="rowheader" scope="row">${sealShape(block.final ? "final" : "block")} <a href="/blocks/${block.height}" class="num">${formatNumber(block.height)}</a><span class="vh"> ${block.final ? "final" : "not final"}</span></th><td role="cell" class="where">${time.stamp(block.timeSeconds)}</td><td role="cell" class="n" data-label="Records">${formatNumber(block.records)}</td><td role="cell" data-label="Sealed by">${block.gatewayName}</td><td role="cell" data-label="Hash"><code class="hash">${workHash(block.hash, 16)}…</code></td></tr>`,
  )}</tbody></table>`;
}
