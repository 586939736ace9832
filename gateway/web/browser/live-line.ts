/** Power of the last minutes as a line over a soft ground; broken where nothing came. */
import { fromTop, niceScale, type Scale } from "../chart/scale.ts";
import { formatNumber, POWER, speak } from "../view/quantity.ts";
import { element } from "./element.ts";

export interface Point {
  /** When it was measured, by this browser's clock. */
  readonly ms: number;
  readonly milliWatt: number;
}

/** What the chart spans at most. */
export const SPAN_MS = 300_000;
/** Shorter spans, while there is no more to show. */
const SPANS_MS = [60_000, 120_000, SPAN_MS];
const WIDTH = 300;
/** A pause so much longer than the usual one is a gap. */
const GAP_FACTOR = 4;
const LEAST_GAP_MS = 8000;
const SVG = "http://www.w3.org/2000/svg";

/** Draws into the figure of the page; hides it while there is nothing to draw. */
export function drawLine(points: readonly Point[], nowMs: number): void {
  const figure = document.querySelector<HTMLElement>("#live-figure");
  const plot = document.querySelector("#live-plot");
  const gutter = document.querySelector("#live-gutter");
  const words = document.querySelector("#live-words");
  const begin = document.querySelector("#live-begin");
  if (!figure || !plot || !gutter || !words || !begin) return;
  figure.hidden = points.length < 2;
  if (figure.hidden) return;
  const sinceMs = nowMs - (points[0]?.ms ?? nowMs);
  const spanMs = SPANS_MS.find((span) => span >= sinceMs) ?? SPAN_MS;
  const watts = points.map(({ milliWatt }) => milliWatt / 1000);
  const [least, most] = [Math.min(...watts), Math.max(...watts)];
  const scale = niceScale(Math.min(0, least), Math.max(most, 10), 2);
  gutter.replaceChildren(
    ...scale.ticks.map((tick) => element("span", {}, formatNumber(tick, scale.digits))),
  );
  plot.replaceChildren(
    ...scale.ticks.map((tick) => gridLine(scale, tick)),
    ...runsOf(points).flatMap((run) => drawRun(run, scale, { nowMs, spanMs })),
  );
  begin.textContent = `${spanMs / 60_000} min ago`;
  words.textContent =
    least === most
      ? `${speak(POWER, most * 1000)} throughout`
      : `between ${formatNumber(least)} and ${speak(POWER, most * 1000)}`;
}

/** Points without a gap between them. */
function runsOf(points: readonly Point[]): Point[][] {
  const pauses = points.slice(1).map((point, i) => point.ms - (points[i]?.ms ?? point.ms));
  const usual = pauses.toSorted((a, b) => a - b)[Math.floor(pauses.length / 2)] ?? 0;
  const longest = Math.max(LEAST_GAP_MS, usual * GAP_FACTOR);
  const runs: Point[][] = [];
  for (const point of points) {
    const run = runs.at(-1);
    const before = run?.at(-1);
    if (run !== undefined && before !== undefined && point.ms - before.ms <= longest)
      run.push(point);
    else runs.push([point]);
  }
  return runs;
}

function drawRun(
  run: readonly Point[],
  scale: Scale,
  { nowMs, spanMs }: { readonly nowMs: number; readonly spanMs: number },
): SVGElement[] {
  const x = ({ ms }: Point): number => Math.round(WIDTH * (1 - (nowMs - ms) / spanMs) * 10) / 10;
  const y = ({ milliWatt }: Point): number => fromTop(scale, milliWatt / 1000);
  const [first, last] = [run[0], run.at(-1)];
  if (first === undefined || last === undefined) return [];
  const line = run.map((point) => `${x(point)} ${y(point)}`).join("L");
  const zero = fromTop(scale, 0);
  return [
    shape("path", { class: "live-area", d: `M${x(first)} ${zero}L${line}L${x(last)} ${zero}Z` }),
    shape("path", { class: "live-line", d: `M${line}` }),
  ];
}

function gridLine(scale: Scale, tick: number): SVGElement {
  const y = String(fromTop(scale, tick));
  const end = String(WIDTH);
  return shape("line", { class: tick === 0 ? "axis" : "grid", x1: "0", x2: end, y1: y, y2: y });
}

function shape(name: string, attributes: Readonly<Record<string, string>>): SVGElement {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
