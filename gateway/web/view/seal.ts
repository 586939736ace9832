/**
 * The seal: the small mark beside every number that came through the chain. Four states, told apart by
 * shape as well as colour, each linking to the record's proof.
 */
import type { Placed, SealState } from "../../projection/chain-view-types.ts";
import { type Html, html } from "./html.ts";

interface SealWords {
  readonly short: string;
  readonly long: string;
}

const WORDS: Readonly<Record<SealState, SealWords>> = {
  final: { short: "Sealed and final", long: "Sealed and final: in a block that will not change." },
  block: { short: "In a block", long: "In a block that is not final yet." },
  held: { short: "Received", long: "Received and stored safely, waiting for its block." },
  broken: {
    short: "Does not verify",
    long: "Does not verify, or cannot be used: do not rely on it.",
  },
};

const SHAPES: Readonly<Record<SealState, Html>> = {
  final: html`<circle cx="8" cy="8" r="7" class="seal-fill"/><path d="M4.7 8.2l2.3 2.3 4.3-4.8" class="seal-cut"/>`,
  block: html`<circle cx="8" cy="8" r="6.1" class="seal-line"/><path d="M8 1.9a6.1 6.1 0 0 1 0 12.2z" class="seal-fill"/>`,
  held: html`<circle cx="8" cy="8" r="6.1" class="seal-line seal-open"/>`,
  broken: html`<path d="M8 .8 15.2 8 8 15.2.8 8z" class="seal-fill"/><path d="M5.9 5.9l4.2 4.2m0-4.2-4.2 4.2" class="seal-cut"/>`,
};

/** The bare mark, hidden from screen readers: the words beside it say the same. */
export function sealShape(state: SealState): Html {
  return html`<svg class="seal seal-${state}" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">${SHAPES[state]}</svg>`;
}

/** The mark as a link to the proof; plain while the record is in no block. */
export function seal(placed: Pick<Placed, "state" | "position">): Html {
  const words = WORDS[placed.state];
  if (placed.position === undefined) {
    return html`<span class="seal-mark" title="${words.long}">${sealShape(placed.state)}<span class="vh">${words.short}</span></span>`;
  }
  return html`<a class="seal-mark" href="/records/${placed.position}" title="${words.long} See the proof.">${sealShape(placed.state)}<span class="vh">${words.short}: see the proof of record ${placed.position}</span></a>`;
}

/** The mark with its words, for headings. */
export function sealBadge(placed: Pick<Placed, "state" | "position">): Html {
  const words = WORDS[placed.state];
  const inside = html`${sealShape(placed.state)} ${words.short}`;
  return placed.position === undefined
    ? html`<span class="badge badge-${placed.state}" title="${words.long}">${inside}</span>`
    : html`<a class="badge badge-${placed.state}" href="/records/${placed.position}" title="${words.long} See the proof.">${inside}</a>`;
}

/** Explains the four marks once, at the foot of a page. */
export function sealLegend(): Html {
  const states: readonly SealState[] = ["final", "block", "held", "broken"];
  return html`<ul class="legend" aria-label="What the seals mean">${states.map(
    (state) => html`<li>${sealShape(state)} ${WORDS[state].short}</li>`,
  )}</ul>`;
}
