/** Bars from zero: energy by slot, day or month; money by month. */
import { type Html, html } from "../view/html.ts";
import { columnAt, gapBoxes, linked, renderPlot, type Slot } from "./plot.ts";
import { fromTop, round2, type Scale, zeroScale } from "./scale.ts";

/**
 * `solid` measured, `partial` striped, `substituted` dotted, `gap` an empty hatched box, `none` nothing at
 * all (time that has not come yet, or before the meter was there).
 */
export type BarKind = "solid" | "partial" | "substituted" | "gap" | "none";

export interface Bar extends Slot {
  readonly kind: BarKind;
  /** In the unit of the axis. */
  readonly value: number;
}

export interface BarChart {
  readonly id: string;
  readonly bars: readonly Bar[];
  readonly size?: "tall" | "short";
}

/** Empty columns after the bars up to `total`, so that a few bars do not become walls. */
export function padBars(bars: readonly Bar[], total: number): Bar[] {
  const empty: Bar = { kind: "none", value: 0, title: "" };
  return [...bars, ...Array.from({ length: Math.max(0, total - bars.length) }, () => empty)];
}

/** Without one bar there is no height to read off. */
const BARE_AXIS: Scale = { min: 0, max: 1, ticks: [0], digits: 0 };

/** Share of a column that its bar fills. */
const FILL = 0.76;

export function barChart(chart: BarChart): Html {
  const { bars, id } = chart;
  const drawn = bars.filter((bar) => bar.kind !== "gap" && bar.kind !== "none");
  const most = Math.max(0, ...drawn.map((bar) => bar.value));
  const scale = drawn.length > 0 ? zeroScale(most, chart.size === "short" ? 3 : 4) : BARE_AXIS;
  const gaps = gapBoxes(
    id,
    bars.map((bar) => bar.kind === "gap"),
    (first, last) =>
      first === last
        ? `${bars[first]?.title ?? ""}`
        : `${bars[first]?.title ?? ""} … ${bars[last]?.title ?? ""}`,
  );
  const marks = bars.map((bar, i) => {
    if (bar.kind === "gap" || bar.kind === "none") return undefined;
    const { x, width } = columnAt(i, bars.length);
    const top = fromTop(scale, bar.value);
    const fill = bar.kind === "solid" ? undefined : html` fill="url(#${id}-${bar.kind})"`;
    return linked(
      bar.href,
      html`<g class="bar bar-${bar.kind}"><title>${bar.title}</title><rect class="hit" x="${x}%" y="0" width="${width}%" height="100%"/><rect class="ink" x="${round2(x + (width * (1 - FILL)) / 2)}%" y="${top}%" width="${round2(width * FILL)}%" height="${round2(100 - top)}%" rx="1.5"${fill}/></g>`,
    );
  });
  return renderPlot({
    id,
    scale,
    slots: bars,
    marks: html`${gaps}${marks}`,
    size: chart.size ?? "tall",
  });
}
