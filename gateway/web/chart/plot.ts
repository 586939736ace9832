/**
 * The frame that bar and band charts share: gutter with ticks, grid lines, patterns, labels below.
 * Coordinates are percentages of a fluid SVG without viewBox, so that text and hatching keep their size
 * from a phone to print, and nothing needs a script. The figure's sentence and table carry the same facts,
 * therefore the drawing itself is hidden from screen readers.
 */
import { type Html, html } from "../view/html.ts";
import { formatNumber } from "../view/number.ts";
import { fromTop, round2, type Scale } from "./scale.ts";

/** One column of a chart, by time. */
export interface Slot {
  /** On hover: what, when, how much. */
  readonly title: string;
  /** Label below the axis; `minor` ones hide on a narrow screen. */
  readonly tick?: string | undefined;
  readonly minorTick?: boolean;
  /** Another reading stood here before: a small ring says so. */
  readonly isCorrected?: boolean;
  readonly href?: string | undefined;
}

export interface Plot {
  /** Unique in its page. */
  readonly id: string;
  readonly scale: Scale;
  readonly slots: readonly Slot[];
  /** Drawn over the grid, in the plot's percentages. */
  readonly marks: Html;
  readonly size?: "tall" | "short";
}

/** Left edge and width of `span` columns beginning at `index`, in percent of the plot. */
export function columnAt(index: number, total: number, span = 1): { x: number; width: number } {
  return { x: round2((index / total) * 100), width: round2((span / total) * 100) };
}

export function renderPlot(plot: Plot): Html {
  const { scale, slots, id } = plot;
  const gutter = scale.ticks.map((tick) => html`<span>${formatNumber(tick, scale.digits)}</span>`);
  const grid = scale.ticks.map((tick) => {
    const y = fromTop(scale, tick);
    return html`<line x1="0" x2="100%" y1="${y}%" y2="${y}%" class="${tick === 0 ? "axis" : "grid"}"/>`;
  });
  const labels = slots.map((slot, i) => {
    if (slot.tick === undefined) return undefined;
    // The last label ends with the plot, so that it does not hang over its edge.
    const last = i === slots.length - 1 && slots.length > 16;
    const x = last ? 100 : round2(((i + 0.5) / slots.length) * 100);
    return html`<text x="${x}%" y="100%" dy="18" class="tick${slot.minorTick === true && " tick-minor"}${last && " tick-last"}">${slot.tick}</text>`;
  });
  const rings = slots.map((slot, i) => {
    const x = round2(((i + 0.5) / slots.length) * 100);
    return slot.isCorrected === true && html`<circle class="ring" cx="${x}%" cy="0" r="3"/>`;
  });
  return html`<div class="chart chart-${plot.size ?? "tall"}" dir="ltr" aria-hidden="true"><div class="gutter">${gutter}</div><svg class="plot" width="100%" focusable="false"><defs>${patterns(id)}</defs>${grid}${plot.marks}${rings}${labels}</svg></div>`;
}

/** Hatch for gaps, stripes for partial, dots for substituted; ids are unique by chart. */
function patterns(id: string): Html {
  return html`<pattern id="${id}-gap" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><line x1="0" y1="0" x2="0" y2="7" class="hatch"/></pattern><pattern id="${id}-partial" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)"><rect width="5" height="5" class="stripe-ground"/><line x1="1" y1="0" x2="1" y2="5" class="stripe"/></pattern><pattern id="${id}-substituted" width="5" height="5" patternUnits="userSpaceOnUse"><rect width="5" height="5" class="stripe-ground"/><circle cx="2.5" cy="2.5" r="1.3" class="dot"/></pattern>`;
}

/** Empty hatched boxes over runs of columns that hold no reading; a run is one box. */
export function gapBoxes(
  id: string,
  gaps: readonly boolean[],
  title: (first: number, last: number) => string,
): Html[] {
  const boxes: Html[] = [];
  for (let i = 0; i < gaps.length; i++) {
    if (gaps[i] !== true) continue;
    let last = i;
    while (gaps[last + 1] === true) last++;
    const { x, width } = columnAt(i, gaps.length, last - i + 1);
    boxes.push(
      html`<rect class="gap" x="${x}%" y="0" width="${width}%" height="100%" fill="url(#${id}-gap)"><title>${title(i, last)}</title></rect>`,
    );
    i = last;
  }
  return boxes;
}

/** A mark that leads somewhere; out of the tab order, as the table below holds the same links. */
export function linked(href: string | undefined, mark: Html): Html {
  return href === undefined ? mark : html`<a href="${href}" tabindex="-1">${mark}</a>`;
}
