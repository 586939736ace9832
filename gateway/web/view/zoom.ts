/**
 * Zooming by plain links: nearer, further, and back to the whole. The script of the page reads the same links, and what the
 * columns of the charts are called, to zoom by keyboard, pointer and touch (browser/zoom.ts).
 */
import { type Html, html } from "./html.ts";

export interface Zoom {
  /** Absent where it goes no nearer, or no further. */
  readonly nearer?: string | undefined;
  readonly further?: string | undefined;
  /** The whole that was zoomed into, with its name. */
  readonly whole?: readonly [href: string, name: string] | undefined;
}

export interface ZoomColumns {
  /** One a column. */
  readonly keys: readonly string[];
  /** Address of what lies between two columns; `{from}` and `{to}` are their keys. */
  readonly address: string;
}

export function zoomBar({ nearer, further, whole }: Zoom): Html {
  const step = (href: string | undefined, kind: string, name: string, sign: string): Html =>
    href === undefined
      ? html`<span class="arrow arrow-off" aria-hidden="true">${sign}</span>`
      : html`<a class="arrow" href="${href}" data-zoom="${kind}" title="${name}"><span aria-hidden="true">${sign}</span><span class="vh">${name}</span></a>`;
  return html`<nav class="zoom" aria-label="Zoom">${step(further, "further", "Zoom out", "−")}${step(nearer, "nearer", "Zoom in", "+")}${whole && html`<a class="arrow zoom-whole" href="${whole[0]}" data-zoom="whole">${whole[1]}</a>`}</nav>`;
}

/** Charts that can be zoomed into together. */
export function zoomable({ keys, address }: ZoomColumns, charts: Html): Html {
  return html`<div class="zoomable" data-zoom-keys="${keys.join(" ")}" data-zoom-address="${address}">${charts}</div>`;
}

/** The middle half of `total` columns, at least `least`; undefined when that is no nearer. */
export function middleHalf(
  total: number,
  least: number,
): { readonly first: number; readonly last: number } | undefined {
  const wanted = Math.max(least, Math.ceil(total / 2));
  if (wanted >= total) return undefined;
  const first = Math.floor((total - wanted) / 2);
  return { first, last: first + wanted - 1 };
}
