/** Two bars a column, from zero: one period beside another. */
import { type Html, html } from "../view/html.ts";
import { columnAt, renderPlot, type Slot } from "./plot.ts";
import { fromTop, round2, zeroScale } from "./scale.ts";

/** A bar's value in the unit of the axis; `gap`: an empty box; undefined: nothing at all. */
export type PairValue = number | "gap" | undefined;

export interface PairColumn extends Slot {
  readonly left: PairValue;
  readonly right: PairValue;
}

/** Where the two bars of a column begin, and how wide they are, as shares of the column. */
const LEFT = 0.1;
const RIGHT = 0.52;
const WIDTH = 0.38;

export function pairChart(id: string, columns: readonly PairColumn[]): Html | undefined {
  const values = columns.flatMap(({ left, right }) => [left, right]);
  const known = values.filter((value) => typeof value === "number");
  if (known.length === 0) return undefined;
  const scale = zeroScale(Math.max(...known));
  const bar = (value: PairValue, i: number, start: number, side: "left" | "right") => {
    if (value === undefined) return undefined;
    const column = columnAt(i, columns.length);
    const x = round2(column.x + column.width * start);
    const width = round2(column.width * WIDTH);
    if (value === "gap") {
      return html`<rect class="gap" x="${x}%" y="0" width="${width}%" height="100%" fill="url(#${id}-gap)"/>`;
    }
    const top = fromTop(scale, value);
    return html`<rect class="pair pair-${side}" x="${x}%" y="${top}%" width="${width}%" height="${round2(100 - top)}%" rx="1"/>`;
  };
  const marks = columns.map((column, i) => {
    const { x, width } = columnAt(i, columns.length);
    return html`<g class="bar"><title>${column.title}</title><rect class="hit" x="${x}%" y="0" width="${width}%" height="100%"/>${bar(column.left, i, LEFT, "left")}${bar(column.right, i, RIGHT, "right")}</g>`;
  });
  return renderPlot({ id, scale, slots: columns, marks: html`${marks}`, size: "tall" });
}
