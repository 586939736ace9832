/**
 * The figures of one meter as they come, their age, and the last minutes as a line. The points outlive the page's next load in
 * the browser's own store of this tab.
 */
import type { LiveValue } from "../../live/live-values.ts";
import { formatAge, formatLive, LIVE_FIGURES, unsealedWh } from "../live/live-figures.ts";
import { ENERGY, formatQuantity } from "../view/quantity.ts";
import { showText } from "./live-cells.ts";
import { drawLine, type Point, SPAN_MS } from "./live-line.ts";

/** From then on a value is shown as old. */
const OLD_MS = 30_000;
/** The section of the page, which may be another one after the page was read again. */
const PLACE = "[data-live-meter]";

export class LiveStrip {
  readonly #meter: string;
  #points: Point[];
  #newest: { readonly value: LiveValue; readonly measuredMs: number } | undefined;
  #isConnected = true;

  /** Undefined on a page without a place for one meter's figures. */
  static find(): LiveStrip | undefined {
    const meter = document.querySelector<HTMLElement>(PLACE)?.dataset["liveMeter"];
    return meter === undefined ? undefined : new LiveStrip(meter);
  }

  private constructor(meter: string) {
    this.#meter = meter;
    this.#points = readPoints(this.#meter);
    setInterval(() => this.#tick(), 1000);
    this.#draw();
  }

  get meters(): readonly string[] {
    return [this.#meter];
  }

  show(values: readonly LiveValue[]): void {
    const value = values.find(({ meter }) => meter === this.#meter);
    if (value === undefined) return;
    const measuredMs = Date.now() - value.ageMs;
    this.#newest = { value, measuredMs };
    const section = document.querySelector<HTMLElement>(PLACE);
    if (section === null) return;
    section.hidden = false;
    for (const figure of LIVE_FIGURES) setFigure(section, figure.key, formatLive(figure, value));
    const { sealedWh, sealedWords = "" } = section.dataset;
    const wh = sealedWh === undefined ? undefined : unsealedWh(value, Number(sealedWh));
    setFigure(section, "unsealed", wh === undefined ? undefined : formatQuantity(ENERGY, wh));
    const since = section.querySelector("#live-since");
    if (since !== null && since.textContent !== sealedWords) since.textContent = sealedWords;
    const { powerMilliWatt } = value;
    const before = this.#points.at(-1);
    if (powerMilliWatt !== undefined && (before === undefined || measuredMs > before.ms)) {
      this.#points.push({ ms: measuredMs, milliWatt: powerMilliWatt });
    }
    this.#tick();
  }

  connected(isConnected: boolean): void {
    this.#isConnected = isConnected;
    this.#tick();
  }

  #tick(): void {
    if (this.#newest !== undefined) {
      const ageMs = Math.max(0, Date.now() - this.#newest.measuredMs);
      const isOld = ageMs > OLD_MS || !this.#isConnected;
      document.querySelector(PLACE)?.classList.toggle("live-old", isOld);
      const age = document.querySelector("#live-age");
      const words = `measured ${formatAge(ageMs)}${this.#isConnected ? "" : "; not connected just now"}`;
      if (age !== null && age.textContent !== words) age.textContent = words;
    }
    this.#draw();
  }

  #draw(): void {
    const now = Date.now();
    this.#points = this.#points.filter(({ ms }) => ms > now - SPAN_MS);
    storePoints(this.#meter, this.#points);
    drawLine(this.#points, now);
  }
}

/** A quantity that the meter has not said is not shown. */
function setFigure(section: HTMLElement, key: string, text: string | undefined): void {
  const stat = section.querySelector<HTMLElement>(`[data-live="${key}"]`);
  const place = stat?.querySelector(".live-value");
  if (!stat || !place) return;
  stat.hidden = text === undefined;
  if (text !== undefined) showText(place, text);
}

const storeName = (meter: string): string => `wattproof-live-${meter}`;

function readPoints(meter: string): Point[] {
  try {
    return JSON.parse(sessionStorage.getItem(storeName(meter)) ?? "[]") as Point[];
  } catch {
    return [];
  }
}

function storePoints(meter: string, points: readonly Point[]): void {
  try {
    sessionStorage.setItem(storeName(meter), JSON.stringify(points));
  } catch {
    // A browser that keeps nothing draws from now on.
  }
}
