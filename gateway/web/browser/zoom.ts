/**
 * Zooming into charts by keyboard (plus, minus, arrows, 0), pointer (drag over a part) and touch (drag, pinch).
 *
 * It only follows links: those of the zoom bar and the stepper, or the address of what lies between two columns (view/zoom.ts).
 * The gateway draws; without this script the same links do the same.
 */
import type { PageReader } from "./page-reader.ts";

/** A shorter drag is a click. */
const LEAST_DRAG_PX = 8;
const LEAST_PINCH = 1.15;
const WHEEL_PAUSE_MS = 400;
const SVG = "http://www.w3.org/2000/svg";

const KEYS: Readonly<Record<string, string>> = {
  "+": '[data-zoom="nearer"]',
  "=": '[data-zoom="nearer"]',
  "-": '[data-zoom="further"]',
  "0": '[data-zoom="whole"]',
  ArrowLeft: '.history .stepper [rel="prev"]',
  ArrowRight: '.history .stepper [rel="next"]',
};
const LINKS = ".history .zoom a, .history .stepper a";

interface Drag {
  readonly plot: SVGSVGElement;
  readonly startX: number;
  readonly box: SVGRectElement;
}

export function startZoom(reader: PageReader): void {
  let drag: Drag | undefined;
  let hasDragged = false;
  let wheelAtMs = 0;
  const touches = new Map<number, number>();
  let pinch: { readonly plot: SVGSVGElement; readonly distance: number } | undefined;

  const follow = (selector: string): boolean => {
    const link = document.querySelector<HTMLAnchorElement>(selector);
    if (link === null) return false;
    void reader.go(link.href);
    return true;
  };
  const goBetween = (plot: SVGSVGElement, from: number, to: number): void => {
    const group = plot.closest<HTMLElement>("[data-zoom-keys]");
    if (group === null) return;
    const keys = (group.dataset["zoomKeys"] ?? "").split(" ");
    const at = (share: number): string =>
      keys[Math.max(0, Math.min(keys.length - 1, Math.floor(share * keys.length)))] ?? "";
    const address = (group.dataset["zoomAddress"] ?? "")
      .replace("{from}", at(Math.min(from, to)))
      .replace("{to}", at(Math.max(from, to)));
    void reader.go(new URL(address, location.href).href);
  };
  const endDrag = (): void => {
    drag?.box.remove();
    drag = undefined;
  };

  makeFocusable();
  document.addEventListener("page-read", makeFocusable);
  window.addEventListener("popstate", () => void reader.go(location.href, false));

  document.addEventListener("click", (event) => {
    if (hasDragged) {
      // The end of a drag over a bar is no click on the bar.
      hasDragged = false;
      return event.preventDefault();
    }
    const link = event.target instanceof Element ? event.target.closest(LINKS) : null;
    const isPlain = !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0;
    // A link to another page (a month's single day) is followed by the browser.
    if (!(link instanceof HTMLAnchorElement) || !isPlain) return;
    if (link.pathname !== location.pathname) return;
    event.preventDefault();
    void reader.go(link.href);
  });

  document.addEventListener("keydown", (event) => {
    const selector = KEYS[event.key];
    const isOnCharts = event.target instanceof Element && event.target.matches("[data-zoom-keys]");
    if (!isOnCharts || selector === undefined) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (follow(selector)) event.preventDefault();
  });

  document.addEventListener("dragstart", (event) => {
    if (plotOf(event.target) !== undefined) event.preventDefault();
  });
  document.addEventListener("pointerdown", (event) => {
    const plot = plotOf(event.target);
    if (plot === undefined || (event.pointerType === "mouse" && event.button !== 0)) return;
    hasDragged = false;
    touches.set(event.pointerId, event.clientX);
    if (touches.size === 2) {
      endDrag();
      pinch = { plot, distance: spread(touches) };
    } else if (touches.size === 1) {
      const box = document.createElementNS(SVG, "rect");
      box.setAttribute("class", "zoom-box");
      box.setAttribute("height", "100%");
      drag = { plot, startX: event.clientX, box };
    }
  });
  document.addEventListener("pointermove", (event) => {
    if (touches.has(event.pointerId)) touches.set(event.pointerId, event.clientX);
    if (drag === undefined || Math.abs(event.clientX - drag.startX) < LEAST_DRAG_PX) return;
    if (!drag.box.isConnected) drag.plot.append(drag.box);
    const [a, b] = [shareOf(drag.plot, drag.startX), shareOf(drag.plot, event.clientX)];
    drag.box.setAttribute("x", `${Math.min(a, b) * 100}%`);
    drag.box.setAttribute("width", `${Math.abs(b - a) * 100}%`);
  });
  document.addEventListener("pointerup", (event) => {
    const ended = pinch;
    if (ended !== undefined) {
      pinch = undefined;
      const ratio = spread(touches) / Math.max(1, ended.distance);
      if (ratio > LEAST_PINCH) {
        const middle = shareOf(ended.plot, sum(touches) / touches.size);
        const half = 0.5 / ratio;
        goBetween(ended.plot, Math.max(0, middle - half), Math.min(1, middle + half));
      } else if (ratio < 1 / LEAST_PINCH) follow('[data-zoom="further"]');
    } else if (drag?.box.isConnected) {
      const { plot, startX } = drag;
      hasDragged = event.pointerType === "mouse";
      // The click of this drag comes at once, if it comes at all.
      setTimeout(() => {
        hasDragged = false;
      }, 50);
      goBetween(plot, shareOf(plot, startX), shareOf(plot, event.clientX));
    }
    touches.delete(event.pointerId);
    endDrag();
  });
  document.addEventListener("pointercancel", (event) => {
    touches.delete(event.pointerId);
    pinch = undefined;
    endDrag();
  });
  document.addEventListener(
    "wheel",
    (event) => {
      const plot = plotOf(event.target);
      // The wheel alone scrolls the page; with ctrl it zooms, as a pinch on a touchpad does.
      if (plot === undefined || !event.ctrlKey) return;
      event.preventDefault();
      if (event.timeStamp - wheelAtMs < WHEEL_PAUSE_MS) return;
      wheelAtMs = event.timeStamp;
      if (event.deltaY > 0) return void follow('[data-zoom="further"]');
      const at = shareOf(plot, event.clientX);
      goBetween(plot, Math.max(0, at - 0.25), Math.min(1, at + 0.25));
    },
    { passive: false },
  );
}

/** With a script the charts can be reached by the keyboard; without one that would be an empty stop. */
function makeFocusable(): void {
  for (const group of document.querySelectorAll<HTMLElement>("[data-zoom-keys]")) {
    group.tabIndex = 0;
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", "Charts: plus and minus zoom, arrows move, 0 shows the whole");
  }
}

function plotOf(target: EventTarget | null): SVGSVGElement | undefined {
  const plot = target instanceof Element ? target.closest("[data-zoom-keys] svg.plot") : null;
  return plot instanceof SVGSVGElement ? plot : undefined;
}

/** Where a place on the screen lies in a plot, 0 to 1. Charts run from left to right in every language. */
function shareOf(plot: SVGSVGElement, clientX: number): number {
  const { left, width } = plot.getBoundingClientRect();
  return Math.max(0, Math.min(0.9999, (clientX - left) / Math.max(1, width)));
}

const spread = (touches: ReadonlyMap<number, number>): number => {
  const [a = 0, b = 0] = [...touches.values()];
  return Math.abs(a - b);
};
const sum = (touches: ReadonlyMap<number, number>): number =>
  [...touches.values()].reduce((total, x) => total + x, 0);
