/** Small pieces that several pages share: figures in a strip, pagers, places, empty states, bytes. */
import type { MeterState, MeterSummary, SlotCounts } from "../../projection/read-model-types.ts";
import { type Html, type HtmlValue, html } from "./html.ts";
import { count, formatNumber } from "./number.ts";

/** One figure of a strip: a small label over a large value, with an optional line below. */
export function stat(label: string, value: HtmlValue, note?: HtmlValue): Html {
  return html`<div class="stat"><dt>${label}</dt><dd>${value}${note && html`<small>${note}</small>`}</dd></div>`;
}

export function statStrip(stats: readonly Html[]): Html {
  return html`<dl class="stats">${stats}</dl>`;
}

const EMPTY_MARKS = {
  gap: html`<rect x="8" y="8" width="32" height="32" rx="6"/><path d="M8 31 31 8M8 40 40 8M17 40l23-23"/>`,
  calm: html`<circle cx="24" cy="24" r="16"/><path d="m16.5 24.5 5.2 5.2 9.8-10.9"/>`,
};

/** A page or part that has nothing to show: says why, and what will fill it. `calm`: that is good news. */
export function emptyState(title: string, text: HtmlValue, mark: "gap" | "calm" = "gap"): Html {
  return html`<div class="empty"><svg viewBox="0 0 48 48" width="48" height="48" aria-hidden="true" focusable="false">${EMPTY_MARKS[mark]}</svg><h2>${title}</h2><p>${text}</p></div>`;
}

const METER_STATES: Readonly<Record<MeterState, string>> = {
  waiting: "waiting for its first day",
  active: "active",
  frozen: "frozen",
  revoked: "revoked",
};

export function meterStateWords(state: MeterState): string {
  return METER_STATES[state];
}

/** "37.4217636, −122.0846140" with the hemisphere by sign, as the meter sealed it; undefined if unknown. */
export function formatPlace(place: {
  readonly latitudeE7?: number;
  readonly longitudeE7?: number;
}): string | undefined {
  if (place.latitudeE7 === undefined || place.longitudeE7 === undefined) return undefined;
  return `${formatDegrees(place.latitudeE7)}, ${formatDegrees(place.longitudeE7)}`;
}

function formatDegrees(e7: number): string {
  return (e7 / 1e7)
    .toFixed(7)
    .replace(/0{1,2}$/, "")
    .replace("-", "\u2212");
}

/** Where a meter is, in words: its label, else its coordinates. */
export function meterPlace(meter: MeterSummary): HtmlValue {
  const { label } = meter;
  if (label !== undefined) return ownWords(label);
  return formatPlace(meter) ?? html`<span class="quiet">not given</span>`;
}

/** "96 of 96 slots measured" or what is not. */
export function completeness(slots: SlotCounts): string {
  if (slots.total === 0) return "no slots";
  if (slots.total === 1 && slots.measured === 1) return "the whole day in one slot";
  const notMeasured: string[] = [];
  const add = (n: number, word: string): void => {
    if (n > 0) notMeasured.push(`${formatNumber(n)} ${word}`);
  };
  add(slots.partial, "partial");
  add(slots.recovered, "recovered");
  add(slots.substituted, "substituted");
  add(slots.gap, "without a reading");
  add(slots.missing, "missing");
  const all = `${formatNumber(slots.measured)} of ${count(slots.total, "slot")} measured`;
  return notMeasured.length === 0 ? all : `${all}, ${notMeasured.join(", ")}`;
}

/** Bytes or a long text behind a disclosure. */
export function bytesDisclosure(summary: string, text: string): Html {
  return html`<details class="bytes"><summary>${summary}</summary><pre tabindex="0">${text}</pre></details>`;
}

/** A hash that is shortened for the eye and whole on hover and for copying. */
export function shortHash(hash: string): Html {
  return html`<code class="hash" title="${hash}">${hash.slice(0, 10)}…</code>`;
}

/** An arrow to what comes before or after; the style sheet turns it where the page runs from right to left. */
export function way(to: "back" | "on"): Html {
  return html`<span class="way" aria-hidden="true">${to === "back" ? "←" : "→"}</span>`;
}

/** Words of somebody's own, in any script: they keep their own direction and leave the rest of the line alone. */
export function ownWords(text: string): Html {
  return html`<bdi>${text}</bdi>`;
}

/** Links to the neighbouring pages of a list; nothing when all fits on one. */
export function pager(options: {
  readonly page: number;
  readonly pages: number;
  readonly href: (page: number) => string;
}): Html | undefined {
  const { page, pages, href } = options;
  if (pages <= 1) return undefined;
  return html`<nav class="pager" aria-label="Pages">${
    page > 1
      ? html`<a href="${href(page - 1)}" rel="prev">${way("back")} Previous</a>`
      : html`<span></span>`
  }<span>Page ${formatNumber(page)} of ${formatNumber(pages)}</span>${
    page < pages
      ? html`<a href="${href(page + 1)}" rel="next">Next ${way("on")}</a>`
      : html`<span></span>`
  }</nav>`;
}

/** What the patterns of a chart mean; only those that occur. */
export function keys(
  entries: readonly (readonly [
    kind: "partial" | "substituted" | "gap" | "corrected",
    words: string,
  ])[],
): Html | undefined {
  if (entries.length === 0) return undefined;
  return html`<span class="keys">${entries.map(([kind, words]) => html`<span><span class="key key-${kind}"></span>${words}</span>`)}</span>`;
}

/** A choice of views as links; the current one is marked. */
export function segments(
  label: string,
  items: readonly { readonly label: string; readonly href: string; readonly current: boolean }[],
): Html {
  return html`<nav class="segments" aria-label="${label}">${items.map(
    (item) =>
      html`<a href="${item.href}"${item.current && html` aria-current="true"`}>${item.label}</a>`,
  )}</nav>`;
}

/** ‹ title ›: to the neighbouring period, or a quiet arrow where there is none. */
export function stepper(options: {
  /** Without it the neighbours' names stand beside the arrows. */
  readonly label?: string;
  readonly previous?: readonly [href: string, label: string] | undefined;
  readonly next?: readonly [href: string, label: string] | undefined;
}): Html {
  const { label, previous, next } = options;
  const icon = (d: string): Html =>
    html`<svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false"><path d="${d}"/></svg>`;
  const back = icon("M10 3 5 8l5 5");
  const on = icon("M6 3l5 5-5 5");
  const off = (sign: Html): Html =>
    html`<span class="arrow arrow-off" aria-hidden="true">${sign}</span>`;
  const words = (text: string): Html =>
    label === undefined ? html`<span>${text}</span>` : html`<span class="vh">${text}</span>`;
  return html`<div class="stepper">${
    previous === undefined
      ? off(back)
      : html`<a class="arrow" rel="prev" href="${previous[0]}">${back}${words(previous[1])}</a>`
  }${label !== undefined && html`<h2>${label}</h2>`}${
    next === undefined
      ? off(on)
      : html`<a class="arrow" rel="next" href="${next[0]}">${words(next[1])}${on}</a>`
  }</div>`;
}
