/** The five charts of a meter's history: energy as bars; voltage, current, temperature, humidity as bands. */
import type { Spread } from "../../projection/read-model-types.ts";
import { type BandColumn, bandChart } from "../chart/bands.ts";
import { barChart } from "../chart/bars.ts";
import { type Column, isCorrected, rangeOf } from "../history.ts";
import { type Html, html } from "../view/html.ts";
import {
  CURRENT,
  ENERGY,
  formatQuantity,
  HUMIDITY,
  type Quantity,
  speak,
  TEMPERATURE,
  VOLTAGE,
} from "../view/number.ts";
import { completeness, keys } from "../view/parts.ts";
import { formatDate, formatMonth, formatShortMonth } from "../view/time.ts";

export function historyCharts(
  columns: readonly Column[],
  hrefOf: (column: Column) => string | undefined,
  yearly: boolean,
): Html {
  const frame = (column: Column, i: number) => ({
    ...tickOf(column, i, { yearly, total: columns.length }),
    href: hrefOf(column),
    isCorrected: isCorrected(column),
  });
  const name = (column: Column): string =>
    yearly ? formatMonth(column.key) : formatDate(column.key);
  const energy = barChart({
    id: "energy",
    bars: columns.map((column, i) => ({
      ...frame(column, i),
      kind: column.kind,
      value: column.wh / 1000,
      title:
        column.kind === "gap"
          ? `${name(column)}: no readings`
          : `${name(column)}: ${speak(ENERGY, column.wh)}, ${completeness(column.slots)}${isCorrected(column) ? ", corrected" : ""}`,
    })),
  });
  const bands: readonly [Quantity, string, (column: Column) => readonly Spread[]][] = [
    [VOLTAGE, "voltage", (column) => column.conditions.voltageMilliVolt ?? []],
    [CURRENT, "current", (column) => column.conditions.currentMilliAmp ?? []],
    [TEMPERATURE, "temperature", (column) => listOf(column.conditions.temperatureMilliCelsius)],
    [HUMIDITY, "humidity", (column) => listOf(column.conditions.humidityCentiPercent)],
  ];
  return html`<figure class="figure" id="chart-energy"><figcaption><h3>Energy</h3><p>kWh by ${yearly ? "month" : "day"}${legendOf(columns)}</p></figcaption>${energy}</figure>
<div class="quartet">${bands.map(([quantity, id, spreadsOf]) => {
    const chart = bandChart({
      id,
      columns: columns.map((column, i) =>
        bandColumn(column, quantity, spreadsOf(column), name(column), frame(column, i)),
      ),
    });
    return (
      chart &&
      html`<figure class="figure" id="chart-${id}"><figcaption><h3>${quantity.name}</h3><p>${rangeSentence(quantity, columns.flatMap(spreadsOf))}</p></figcaption>${chart}</figure>`
    );
  })}</div>`;
}

function listOf(spread: Spread | undefined): readonly Spread[] {
  return spread === undefined ? [] : [spread];
}

/** Up to so many columns each has a label; beyond the other only months have. */
const A_FORTNIGHT = 16;
const A_MONTH = 31;

function tickOf(
  column: Column,
  i: number,
  { yearly, total }: { readonly yearly: boolean; readonly total: number },
): { tick: string | undefined; minorTick: boolean } {
  if (yearly) return { tick: formatShortMonth(column.key), minorTick: i % 3 !== 0 };
  const day = Number(column.key.slice(8));
  if (total > A_MONTH) {
    const name = day === 1 ? formatShortMonth(column.key.slice(0, 7)) : String(day);
    return { tick: day === 1 || day === 15 ? name : undefined, minorTick: day !== 1 };
  }
  if (total <= A_FORTNIGHT) return { tick: String(day), minorTick: i % 2 === 1 };
  const shown = day === 1 || day % 5 === 0;
  return { tick: shown ? String(day) : undefined, minorTick: day % 10 === 5 };
}

/** Names the patterns that occur, and only those. */
function legendOf(columns: readonly Column[]): Html | undefined {
  const kinds = new Set<string>(columns.map((column) => column.kind));
  if (columns.some(isCorrected)) kinds.add("corrected");
  const words = [
    ["partial", "partly measured"],
    ["substituted", "substituted"],
    ["gap", "no readings"],
    ["corrected", "corrected"],
  ] as const;
  return keys(words.filter(([kind]) => kinds.has(kind)));
}

function bandColumn(
  column: Column,
  quantity: Quantity,
  spreads: readonly Spread[],
  name: string,
  frame: Omit<BandColumn, "kind" | "means" | "min" | "max" | "title">,
): BandColumn {
  if (spreads.length === 0) {
    const kind = column.kind === "none" ? "none" : "gap";
    return { ...frame, kind, means: [], min: 0, max: 0, title: `${name}: no readings` };
  }
  const { min, max } = rangeOf(spreads);
  const means = spreads.map((spread) => formatQuantity(quantity, spread.mean)).join(" / ");
  return {
    ...frame,
    kind: "value",
    means: spreads.map((spread) => spread.mean / quantity.per),
    min: min / quantity.per,
    max: max / quantity.per,
    title: `${name}: mean ${means} ${quantity.unit}, ${formatQuantity(quantity, min)} to ${speak(quantity, max)}`,
  };
}

function rangeSentence(quantity: Quantity, spreads: readonly Spread[]): string {
  const { min, max } = rangeOf(spreads);
  const mean = spreads.reduce((sum, spread) => sum + spread.mean, 0) / spreads.length;
  return `${speak(quantity, mean)} on average, between ${formatQuantity(quantity, min)} and ${formatQuantity(quantity, max)}`;
}
