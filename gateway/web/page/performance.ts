/**
 * How this gateway performs, after figure 11 of the paper: throughput, mining time, validation time and chain size over time,
 * measured on each block that was made here.
 */
import type { BlockCostRow, DayCostRow, Spent } from "../../projection/cost-types.ts";
import { type Bar, barChart, padBars } from "../chart/bars.ts";
import { type Html, html } from "../view/html.ts";
import { type Page, pageHead } from "../view/layout.ts";
import { count, formatNumber } from "../view/number.ts";
import { emptyState, segments, stat, statStrip } from "../view/parts.ts";
import { formatDate, formatShortDate } from "../view/time.ts";
import type { PageContext } from "./context.ts";

const BLOCKS = 60;
const DAYS = 60;
/** Columns of a chart at least, so that a few bars do not become walls. */
const LEAST_COLUMNS = 14;

/** One column of the charts: a block, or the blocks of a day together. */
interface Column extends Spent {
  readonly name: string;
  readonly tick: string;
  readonly href?: string;
  readonly blocks: number;
}

export function performancePage({ readModel }: PageContext, by: "block" | "day"): Page {
  const rows =
    by === "block"
      ? readModel.blockCosts(undefined, BLOCKS).map(ofBlock)
      : readModel.dayCosts(undefined, DAYS).map(ofDay);
  const columns = rows.reverse();
  const body = html`${pageHead({
    trail: [["/chain", "Chain"]],
    title: "Performance",
    lead: "What making blocks takes on this machine. Every figure is measured while a block is made; nothing here is estimated.",
  })}
${
  columns.length === 0
    ? emptyState(
        "Nothing measured yet",
        "The first figures appear some seconds after this gateway has made its next block.",
      )
    : measured(columns, by)
}
${comparison()}`;
  return { title: "Performance", section: "chain", body, follows: ["block"] };
}

function ofBlock(row: BlockCostRow): Column {
  const name = `Block ${formatNumber(row.height)}`;
  return { ...row, name, tick: String(row.height), href: `/blocks/${row.height}`, blocks: 1 };
}

function ofDay(row: DayCostRow): Column {
  return { ...row, name: formatDate(row.date), tick: formatShortDate(row.date) };
}

function measured(columns: readonly Column[], by: "block" | "day"): Html {
  const all = columns.reduce(addUp);
  const newest = columns.at(-1) ?? all;
  const per = by === "block" ? "block" : "day";
  return html`${statStrip([
    stat("Throughput", figure(throughputOf(all), "records/s", 0), "of all blocks below together"),
    stat("Mining", figure(all.miningMicros / all.blocks / 1000, "ms", 1), "a block on average"),
    stat("Validation", figure(all.checkMicros / all.blocks / 1000, "ms", 2), "a block on average"),
    stat("Store", figure(newest.storeBytes / 1e6, "MB", 1), "chain, readings and bills"),
    stat(
      "Search",
      figure(all.hashes / Math.max(1, all.miningMicros), "MH/s", 2),
      `${formatNumber(all.hashes / all.blocks)} tries a block`,
    ),
  ])}
<section class="history" aria-labelledby="over-time"><div class="bar"><h2 id="over-time">Over time</h2>${segments(
    "Show by",
    [
      { label: "Block", href: "/performance", current: by === "block" },
      { label: "Day", href: "/performance?by=day", current: by === "day" },
    ],
  )}</div>
<div class="quartet">
${chart(columns, "throughput", "Throughput", `Records a second: those of a ${per} over the time from choosing them to the durable end of their block${by === "day" ? "s" : ""}.`, throughputOf, "records/s", 0)}
${chart(columns, "mining", "Mining time", `Milliseconds to find the nonce${by === "day" ? ", mean of the day's blocks" : ""}. It is luck around a mean that the difficulty sets.`, (one) => one.miningMicros / one.blocks / 1000, "ms", 1)}
${chart(columns, "validation", "Validation time", `Milliseconds to check a block by all rules${by === "day" ? ", mean of the day's blocks" : ""}: link, work, seal, each record's place, the roots. Signatures of records were checked when they came in.`, (one) => one.checkMicros / one.blocks / 1000, "ms", 2)}
${chart(columns, "size", "Chain size", "Megabytes of the store after it, readings, proofs and bills included.", (one) => one.storeBytes / 1e6, "MB", 1)}
</div>
${table(columns, by)}</section>`;
}

function addUp(sum: Column, one: Column): Column {
  return {
    ...one,
    blocks: sum.blocks + one.blocks,
    records: sum.records + one.records,
    templateMicros: sum.templateMicros + one.templateMicros,
    miningMicros: sum.miningMicros + one.miningMicros,
    hashes: sum.hashes + one.hashes,
    checkMicros: sum.checkMicros + one.checkMicros,
    writeMicros: sum.writeMicros + one.writeMicros,
  };
}

/** Records a second from template to durable block. */
function throughputOf(one: Spent): number {
  const { templateMicros, miningMicros, checkMicros, writeMicros } = one;
  const micros = templateMicros + miningMicros + checkMicros + writeMicros;
  return micros === 0 ? 0 : (one.records / micros) * 1e6;
}

function figure(value: number, unit: string, digits: number): Html {
  return html`<span class="measure"><span class="num">${formatNumber(value, digits)}</span> <span class="unit">${unit}</span></span>`;
}

function chart(
  columns: readonly Column[],
  id: string,
  title: string,
  words: string,
  heightOf: (column: Column) => number,
  unit: string,
  digits: number,
): Html {
  const every = Math.ceil(columns.length / 6);
  const bars = columns.map(
    (column, i): Bar => ({
      kind: "solid",
      value: heightOf(column),
      title: `${column.name}: ${formatNumber(heightOf(column), digits)} ${unit}, ${count(column.records, "record")}`,
      tick: (columns.length - 1 - i) % every === 0 ? column.tick : undefined,
      minorTick: (columns.length - 1 - i) % (2 * every) !== 0,
      href: column.href,
    }),
  );
  const drawn = barChart({ id, size: "short", bars: padBars(bars, LEAST_COLUMNS) });
  return html`<figure class="figure" id="chart-${id}"><figcaption><h3>${title}, ${unit}</h3><p>${words}</p></figcaption>${drawn}</figure>`;
}

function table(columns: readonly Column[], by: "block" | "day"): Html {
  const ms = (micros: number, blocks: number): string => formatNumber(micros / blocks / 1000, 2);
  const rows = [...columns]
    .reverse()
    .map(
      (one) =>
        html`<tr><th scope="row">${one.href === undefined ? one.name : html`<a href="${one.href}">${one.name}</a>`}</th>${by === "day" && html`<td class="n">${formatNumber(one.blocks)}</td>`}<td class="n">${formatNumber(one.records)}</td><td class="n">${formatNumber(throughputOf(one))}</td><td class="n">${ms(one.templateMicros, one.blocks)}</td><td class="n">${ms(one.miningMicros, one.blocks)}</td><td class="n">${ms(one.checkMicros, one.blocks)}</td><td class="n">${ms(one.writeMicros, one.blocks)}</td><td class="n">${formatNumber(one.storeBytes / 1e6, 1)}</td></tr>`,
    );
  const heads = [
    "Records",
    "Records/s",
    "Template, ms",
    "Mining, ms",
    "Validation, ms",
    "Writing, ms",
    "Store, MB",
  ];
  const all = by === "day" ? ["Blocks", ...heads] : heads;
  return html`<details class="behind"><summary>The figures as a table</summary><div class="scroll" tabindex="0" role="region" aria-label="Figures"><table><thead><tr><th scope="col">${by === "day" ? "Day" : "Block"}</th>${all.map((head) => html`<th scope="col" class="n">${head}</th>`)}</tr></thead><tbody>${rows}</tbody></table></div></details>`;
}

/** What can be said beside the paper: it draws these curves and prints no number of them. */
function comparison(): Html {
  return html`<section aria-labelledby="paper"><h2 id="paper">Beside the paper</h2>
<p class="note">Figure 11 of “Enhancing Security of Smart Energy Meter Data Using Blockchain Technology” draws these same four quantities for its one node and prints no numbers, so only what it describes can be compared.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Comparison"><table class="plain-words"><thead><tr><th scope="col">What</th><th scope="col">The paper</th><th scope="col">Here</th></tr></thead><tbody>
<tr><th scope="row">Block</th><td>one a day</td><td>one a day at least, else when records wait</td></tr>
<tr><th scope="row">In it</th><td>a row of readings a meter and day (its table 4)</td><td>a signed record a meter and day, up to 16,384 a block</td></tr>
<tr><th scope="row">Mining</th><td>proof of work validates the block</td><td>proof of work orders and throttles; signatures make it secure</td></tr>
<tr><th scope="row">Validation</th><td>by the node that mined</td><td>by anyone, in this browser too: <a href="/chain">walk the chain</a></td></tr>
<tr><th scope="row">Size</th><td>grows with each row</td><td>grows with each record; readings can be erased, their proofs stay</td></tr>
</tbody></table></div></section>`;
}
