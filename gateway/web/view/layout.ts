/**
 * The frame of every page: head, landmarks, navigation with the chain's tip, foot. Scripts are files of the portal that
 * make a page livelier; every page works without them. The content security policy allows no inline script or style.
 */
import type { ChainTip } from "../../projection/chain-view-types.ts";
import type { Shows } from "../access/role.ts";
import type { Assets } from "../assets.ts";
import { type Html, type HtmlValue, html } from "./html.ts";
import { formatNumber } from "./number.ts";
import { sealShape } from "./seal.ts";
import { zonedTime } from "./time.ts";

type Section = "meters" | "bills" | "tariffs" | "chain" | "alarms";

/** Who is signed in, and what the frame offers them. */
export interface FrameViewer {
  readonly name: string;
  /** Sections that they may see. */
  readonly shows: (shows: Shows) => boolean;
}

/** What the frame needs to know of the gateway; the same for every page. */
export interface Frame {
  readonly dir: "ltr" | "rtl";
  readonly tip: ChainTip;
  readonly openAlarms: number;
  /** Absent where the portal asks nobody to sign in. */
  readonly viewer?: FrameViewer;
}

export interface Page {
  readonly title: string;
  readonly section?: Section;
  /** A page before signing in: without the navigation. */
  readonly isOutside?: boolean;
  /** Names of scripts besides the one of every page (assets.ts). */
  readonly scripts?: readonly string[];
  /** News after which an open page reads itself again (live/event-text.ts): block, day, bill, alarm, meters, meter:<id>. */
  readonly follows?: readonly string[];
  readonly body: Html;
}

const SECTIONS: readonly (readonly [Section, string, string, Shows])[] = [
  ["meters", "/", "Meters", "readings"],
  ["bills", "/bills", "Bills", "money"],
  ["tariffs", "/tariffs", "Tariffs", "money"],
  ["chain", "/chain", "Chain", "chain"],
  ["alarms", "/alarms", "Alarms", "alarms"],
];

/** The whole document. `frame` is absent when the store cannot be read (the error page). */
export function renderPage(
  page: Page,
  frame: Frame | undefined,
  assets: Pick<Assets, "stylesheet" | "scripts">,
): Html {
  const { title, section, body, scripts = [] } = page;
  const wanted = page.isOutside === true ? [] : ["portal", ...scripts];
  return html`<!doctype html>
<html lang="en" dir="${frame?.dir ?? "ltr"}">
<head>
<meta charset="utf-8">
<title>${title} · Wattproof</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<link rel="stylesheet" href="${assets.stylesheet}">
<link rel="icon" type="image/svg+xml" href="/assets/icon.svg">
${wanted.map((name) => {
  const src = assets.scripts.get(name);
  return src !== undefined && html`<script src="${src}" defer></script>`;
})}
</head>
<body${page.follows && html` data-follows="${page.follows.join(" ")}"`}>
<a class="skip" href="#main">Skip to the content</a>
<header class="top">
<div class="wrap">
<a class="brand" href="/">${brandMark()}<span>Wattproof</span></a>
${
  page.isOutside !== true &&
  html`<nav aria-label="Main"><ul>${SECTIONS.filter(
    ([, , , shows]) => frame?.viewer?.shows(shows) ?? true,
  ).map(
    ([id, href, label]) =>
      html`<li><a href="${href}"${id === section && html` aria-current="page"`}>${label}${id === "alarms" && alarmCount(frame)}</a></li>`,
  )}</ul></nav>`
}
${frame && tipLine(frame.tip)}${frame?.viewer && html`<a class="tip" href="/account"><bdi>${frame.viewer.name}</bdi></a>`}
</div>
</header>
<main id="main" class="wrap" tabindex="-1">
${body}
</main>
<footer class="foot"><div class="wrap">${frame && foot(frame.tip)}</div></footer>
</body>
</html>`;
}

function alarmCount(frame: Frame | undefined): Html | undefined {
  if (frame === undefined || frame.openAlarms === 0) return undefined;
  return html` <span class="count">${formatNumber(frame.openAlarms)}<span class="vh"> open</span></span>`;
}

function tipLine(tip: ChainTip): Html {
  const state = tip.finalHeight >= tip.height ? "final" : "block";
  return html`<a class="tip" id="tip" href="/blocks/${tip.height}" title="The newest block of the chain">${sealShape(state)}<span>Block <span class="num">${formatNumber(tip.height)}</span></span></a>`;
}

function foot(tip: ChainTip): Html {
  const time = zonedTime("UTC");
  return html`<p>Chain <a href="/chain"><code>${tip.chainId.slice(0, 12)}…</code></a> · origin ${tip.origin} · zone ${tip.zone}
· newest block ${time.stamp(tip.timeSeconds)} UTC</p>
<p>This page loads nothing from elsewhere. Every number with a seal leads to its proof.</p>`;
}

function brandMark(): Html {
  return html`<svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false"><path class="brand-fill" d="M12 1.5 21 5v6.6c0 5-3.7 9-9 10.9-5.3-1.9-9-5.9-9-10.9V5z"/><path class="brand-cut" d="M13.2 5.5 7.8 12.9h3.7l-.7 5.6 5.4-7.4h-3.7z"/></svg>`;
}

/** Heading of a page: where we are, the title, a sentence, and what can be done. */
export function pageHead(head: {
  readonly trail?: readonly (readonly [string, string])[];
  readonly title: HtmlValue;
  readonly badge?: Html | undefined;
  readonly lead?: HtmlValue;
  readonly actions?: HtmlValue;
}): Html {
  return html`<div class="head">${
    head.trail &&
    html`<nav class="trail" aria-label="Where you are"><ol>${head.trail.map(
      ([href, label]) => html`<li><a href="${href}">${label}</a></li>`,
    )}</ol></nav>`
  }
<div class="head-line"><h1>${head.title}</h1>${head.badge}${head.actions && html`<div class="actions">${head.actions}</div>`}</div>
${head.lead && html`<p class="lead">${head.lead}</p>`}</div>`;
}
