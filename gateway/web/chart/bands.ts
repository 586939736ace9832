/** A quantity with its range: a band from least to greatest by column, the mean as a line that never bridges a gap. */
import { type Html, html } from "../view/html.ts";
import { columnAt, gapBoxes, linked, renderPlot, type Slot } from "./plot.ts";
import { fromTop, niceScale, round2 } from "./scale.ts";

export interface BandColumn extends Slot {
  /** `none`: time that has not come yet. */
  readonly kind: "value" | "gap" | "none";
  /** One mean a phase, in the unit of the axis; empty unless `value`. */
  readonly means: readonly number[];
  readonly min: number;
  readonly max: number;
}

export interface BandChart {
  readonly id: string;
  readonly columns: readonly BandColumn[];
}

/** Undefined when no column has a value. */
export function bandChart(chart: BandChart): Html | undefined {
  const { columns, id } = chart;
  const known = columns.filter((column) => column.kind === "value");
  if (known.length === 0) return undefined;
  const scale = niceScale(
    Math.min(...known.map((column) => column.min)),
    Math.max(...known.map((column) => column.max)),
    3,
  );
  const gaps = gapBoxes(
    id,
    columns.map((column) => column.kind === "gap"),
    (first, last) =>
      first === last
        ? (columns[first]?.title ?? "")
        : `${columns[first]?.title ?? ""} … ${columns[last]?.title ?? ""}`,
  );
  const ranges = columns.map((column, i) => {
    if (column.kind !== "value") return undefined;
    const { x, width } = columnAt(i, columns.length);
    const top = fromTop(scale, column.max);
    const height = round2(fromTop(scale, column.min) - top);
    return linked(
      column.href,
      html`<g class="band"><title>${column.title}</title><rect class="hit" x="${x}%" y="0" width="${width}%" height="100%"/><rect class="range" x="${round2(x + width * 0.12)}%" y="${top}%" width="${round2(width * 0.76)}%" height="${height}%" rx="2"/></g>`,
    );
  });
  const center = (i: number): number => round2(((i + 0.5) / columns.length) * 100);
  const lines: Html[] = [];
  const dots: Html[] = [];
  columns.forEach((column, i) => {
    column.means.forEach((mean, phase) => {
      const y = fromTop(scale, mean);
      dots.push(
        html`<circle class="mean phase-${phase + 1}" cx="${center(i)}%" cy="${y}%" r="1.8"/>`,
      );
      const before = columns[i - 1]?.means[phase];
      if (before === undefined) return;
      lines.push(
        html`<line class="mean phase-${phase + 1}" x1="${center(i - 1)}%" y1="${fromTop(scale, before)}%" x2="${center(i)}%" y2="${y}%"/>`,
      );
    });
  });
  return renderPlot({
    id,
    scale,
    slots: columns,
    marks: html`${gaps}${ranges}${lines}${dots}`,
    size: "short",
  });
}
