/** Two periods of a meter, or of two, beside each other: a sentence, a chart, a table, and the difference in energy and money. */
import { type PairValue, pairChart } from "../chart/pairs.ts";
import {
  type Comparison,
  compareColumns,
  isMeasured,
  meanWh,
  type Pair,
  percentMore,
} from "../compare.ts";
import type { Column } from "../history.ts";
import { type Html, html } from "../view/html.ts";
import { type Page, pageHead } from "../view/layout.ts";
import {
  count,
  ENERGY,
  formatMeterId,
  formatMinor,
  formatNumber,
  measure,
  money,
  speak,
} from "../view/number.ts";
import { emptyState, stat, statStrip } from "../view/parts.ts";
import { formatDate, formatMonth } from "../view/time.ts";
import { compareForm } from "./compare-form.ts";
import {
  choicesOf,
  type Days,
  isLong,
  periodBefore,
  readSide,
  type Side,
} from "./compare-sides.ts";
import { type PageContext, requireFound } from "./context.ts";

export interface AskedComparison {
  readonly meter?: string | undefined;
  readonly days?: Days | undefined;
  readonly otherMeter?: string | undefined;
  readonly otherDays?: Days | undefined;
}

export async function comparePage(context: PageContext, asked: AskedComparison): Promise<Page> {
  const { readModel } = context;
  const first = asked.meter ?? readModel.meters({ limit: 1 }).rows[0]?.meter;
  const page = (body: Html): Page => ({ title: "Compare", section: "meters", body });
  if (first === undefined) return page(nothing("No meter is here yet."));
  const meter = requireFound(readModel.meter(first), `Meter ${first}`);
  const otherId = asked.otherMeter ?? first;
  const other = requireFound(readModel.meter(otherId), `Meter ${otherId}`);
  if (meter.lastDay === undefined) {
    return page(nothing(`Meter ${formatMeterId(first)} has sealed no day yet.`));
  }
  const choices = choicesOf(meter.lastDay.date);
  const days = asked.days ?? choices[0]?.left ?? { from: "", to: "" };
  const isTwo = other.meter !== meter.meter;
  const otherDays =
    asked.otherDays ??
    (isTwo ? days : asked.days === undefined ? choices[0]?.right : periodBefore(days)) ??
    days;
  const byMonth = isLong(days, otherDays);
  const left = await readSide(context, meter, days, byMonth);
  const right = await readSide(context, other, otherDays, byMonth);
  const comparison = compareColumns(left.columns, right.columns);
  return page(html`${pageHead({
    trail: [
      ["/", "Meters"],
      [`/meters/${meter.meter}`, `Meter ${formatMeterId(meter.meter)}`],
    ],
    title: "Compare",
    lead: "Two periods beside each other, from sealed days only. Where one has no reading, there is no difference.",
  })}
${compareForm(readModel, { left, right, choices })}
${comparisonOf(left, right, comparison, byMonth)}`);
}

function nothing(text: string): Html {
  return html`${pageHead({ trail: [["/", "Meters"]], title: "Compare" })}${emptyState("Nothing to compare yet", text)}`;
}

function comparisonOf(left: Side, right: Side, comparison: Comparison, byMonth: boolean): Html {
  if (comparison.left.measured === 0 && comparison.right.measured === 0) {
    return emptyState("No readings", "Both periods lie outside the days that were sealed.");
  }
  return html`<section class="comparison" aria-label="Comparison">
<div><p class="lead sentence">${sentenceOf(left, right, comparison)}</p>${noteOf(left, right, comparison, byMonth)}</div>
${statsOf(left, right, comparison, byMonth)}
${chartOf(left, right, comparison, byMonth)}
${tableOf(left, right, comparison, byMonth)}
</section>`;
}

/** What tells the sides apart: their days, and the meters where these differ. */
function nameOf(side: Side, other: Side): string {
  const isTwo = side.meter.meter !== other.meter.meter;
  return isTwo ? `meter ${formatMeterId(side.meter.meter)}, ${side.name}` : side.name;
}

function sentenceOf(left: Side, right: Side, { left: a, right: b }: Comparison): string {
  const [one, two] = [nameOf(left, right), nameOf(right, left)];
  const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
  if (a.measured === 0) return sentence(`${one} has no readings.`);
  if (b.measured === 0) return sentence(`${two} has no readings to compare with.`);
  const energy = `${one}: ${speak(ENERGY, a.wh)}; ${two}: ${speak(ENERGY, b.wh)}.`;
  const percent = percentMore(a.wh / a.measured, b.wh / b.measured);
  if (percent === undefined) return sentence(energy);
  const words =
    Math.abs(percent) < 0.5
      ? "as much"
      : `${formatNumber(Math.abs(percent))} % ${percent > 0 ? "more" : "less"}`;
  return `${sentence(energy)} Day by day that is ${words}${costWords(left, right)}.`;
}

/** What the difference costs; nothing where the currencies differ or one side has no cost. */
function costWords(left: Side, right: Side): string {
  const difference = costDifference(left, right);
  if (difference === undefined || difference.minor === 0) return "";
  const { minor, minorDigits, currency } = difference;
  const amount = `${formatMinor(Math.abs(minor), minorDigits)}\u00a0${currency}`;
  return `, and ${amount} ${minor > 0 ? "more" : "less"} in all`;
}

function costDifference(
  { statement: a }: Side,
  { statement: b }: Side,
): { readonly minor: number; readonly minorDigits: number; readonly currency: string } | undefined {
  if (a === undefined || b === undefined) return undefined;
  if (a.currency !== b.currency || a.minorDigits !== b.minorDigits) return undefined;
  const { currency, minorDigits } = a;
  return { minor: a.totalMinor - b.totalMinor, minorDigits, currency };
}

function noteOf(left: Side, right: Side, comparison: Comparison, byMonth: boolean): Html {
  const unit = byMonth ? "month" : "day";
  const gaps = ([side, other, total]: readonly [Side, Side, Comparison["left"]]) =>
    total.gaps > 0 && `${count(total.gaps, unit)} of ${nameOf(side, other)} without readings. `;
  const hasCost = left.statement !== undefined || right.statement !== undefined;
  const cost = (side: Side, { measured }: Comparison["left"]): Html | false =>
    side.statement !== undefined &&
    measured > 0 &&
    html` <a href="/meters/${side.meter.meter}/statement?from=${side.from}&amp;to=${side.to}">Statement of ${side.name}</a>.`;
  return html`<p class="note">${gaps([left, right, comparison.left])}${gaps([right, left, comparison.right])}${
    hasCost && "Costs are computed as a bill is, standing charges included; nothing is due by them."
  }${cost(left, comparison.left)}${cost(right, comparison.right)}</p>`;
}

function statsOf(left: Side, right: Side, comparison: Comparison, byMonth: boolean): Html {
  const sideStat = (side: Side, other: Side, total: Comparison["left"], kind: string): Html => {
    const mean = meanWh(total);
    const unit = byMonth ? "month" : "day";
    return stat(
      nameOf(side, other),
      html`<span class="pair-key pair-key-${kind}" aria-hidden="true"></span>${measure(ENERGY, total.measured === 0 ? undefined : total.wh)}`,
      mean !== undefined && `${speak(ENERGY, mean)} a ${unit}`,
    );
  };
  const { left: a, right: b } = comparison;
  const both = a.measured > 0 && b.measured > 0;
  const costs = both ? costDifference(left, right) : undefined;
  const costStat = (side: Side, other: Side, { measured }: Comparison["left"]): Html | false =>
    side.statement !== undefined &&
    measured > 0 &&
    stat(
      `Cost of ${nameOf(side, other)}`,
      money(side.statement.totalMinor, side.statement.minorDigits, side.statement.currency),
      side.statement.provisional ? "provisional" : "all of it billed",
    );
  return statStrip([
    sideStat(left, right, a, "left"),
    sideStat(right, left, b, "right"),
    stat(
      "Difference",
      both ? signed(a.wh - b.wh) : measure(ENERGY, undefined),
      costs && html`${signedMoney(costs.minor, costs.minorDigits)} ${costs.currency}`,
    ),
    ...[costStat(left, right, a), costStat(right, left, b)].filter((one) => one !== false),
  ]);
}

function signed(wh: number): Html {
  return html`<span class="measure"><span class="num">${wh > 0 ? "+" : ""}${formatNumber(wh / ENERGY.per, ENERGY.digits)}</span> <span class="unit">${ENERGY.unit}</span></span>`;
}

function signedMoney(minor: number, minorDigits: number): string {
  return `${minor > 0 ? "+" : ""}${formatMinor(minor, minorDigits)}`;
}

function nameOfColumn(column: Column, byMonth: boolean): string {
  return byMonth ? formatMonth(column.key) : formatDate(column.key);
}

function chartOf(left: Side, right: Side, { pairs }: Comparison, byMonth: boolean): Html {
  const value = (column: Column | undefined): PairValue =>
    column === undefined || column.kind === "none"
      ? undefined
      : column.kind === "gap"
        ? "gap"
        : column.wh / 1000;
  const words = (column: Column): string =>
    `${nameOfColumn(column, byMonth)}: ${isMeasured(column) ? speak(ENERGY, column.wh) : "no readings"}`;
  const chart = pairChart(
    "compare",
    pairs.map((pair, i) => ({
      left: value(pair.left),
      right: value(pair.right),
      title: [pair.left, pair.right].flatMap((one) => (one ? [words(one)] : [])).join("; "),
      tick: byMonth || i === 0 || (i + 1) % 5 === 0 ? String(i + 1) : undefined,
      minorTick: !byMonth && (i + 1) % 10 === 5,
    })),
  );
  const unit = byMonth ? "month" : "day";
  return html`<figure class="figure" id="chart-compare"><figcaption><h2>Energy, ${unit} by ${unit}</h2><p>kWh; first ${unit} against first, second against second<span class="keys"><span><span class="pair-key pair-key-left"></span>${nameOf(left, right)}</span><span><span class="pair-key pair-key-right"></span>${nameOf(right, left)}</span></span></p></figcaption>${chart}</figure>`;
}

function tableOf(left: Side, right: Side, { pairs }: Comparison, byMonth: boolean): Html {
  const hasCosts = left.costs.size > 0 && right.costs.size > 0;
  const cell = (column: Column | undefined, side: Side): Html => {
    if (column === undefined) return html`<td></td><td class="n"></td>`;
    const name = nameOfColumn(column, byMonth);
    const base = `/meters/${side.meter.meter}`;
    const href = byMonth ? `${base}?month=${column.key}` : `${base}/days/${column.key}`;
    return html`<td>${column.days.length > 0 || byMonth ? html`<a href="${href}">${name}</a>` : name}</td><td class="n">${measure(ENERGY, isMeasured(column) ? column.wh : undefined)}</td>`;
  };
  const rows = pairs.map(
    (pair, i) =>
      html`<tr><th scope="row">${i + 1}</th>${cell(pair.left, left)}${cell(pair.right, right)}<td class="n">${pair.differenceWh === undefined ? measure(ENERGY, undefined) : signed(pair.differenceWh)}</td>${hasCosts && html`<td class="n">${dayCost(pair, left, right)}</td>`}</tr>`,
  );
  const unit = byMonth ? "Month" : "Day";
  return html`<details class="behind"><summary>The ${unit.toLowerCase()}s as a table</summary><div class="scroll" tabindex="0" role="region" aria-label="${unit}s"><table class="pairs"><thead><tr><th scope="col">No.</th><th scope="col">${nameOf(left, right)}</th><th scope="col" class="n">Energy</th><th scope="col">${nameOf(right, left)}</th><th scope="col" class="n">Energy</th><th scope="col" class="n">Difference</th>${hasCosts && html`<th scope="col" class="n">In money</th>`}</tr></thead><tbody>${rows}</tbody></table></div></details>`;
}

/** What one day costs more or less than the other, each rounded as it is shown elsewhere. */
function dayCost({ left: a, right: b }: Pair, left: Side, right: Side): Html | string {
  const [one, two] = [left.costs.get(a?.key ?? ""), right.costs.get(b?.key ?? "")];
  if (one === undefined || two === undefined || one.currency !== two.currency) {
    return measure(ENERGY, undefined);
  }
  return html`<span class="measure"><span class="num">${signedMoney(one.amountMinor - two.amountMinor, one.minorDigits)}</span> <span class="unit">${one.currency}</span></span>`;
}
