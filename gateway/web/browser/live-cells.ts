/** Live power in the table of all meters. */
import type { LiveValue } from "../../live/live-values.ts";
import { formatQuantity, POWER } from "../view/quantity.ts";

export class LiveCells {
  /** Meters of the rows that are there. */
  get meters(): string[] {
    return this.#rows().map((row) => row.dataset["liveRow"] ?? "");
  }

  /** False when a value has come for which the table has no place yet. */
  show(values: readonly LiveValue[]): boolean {
    const rows = new Map(this.#rows().map((row) => [row.dataset["liveRow"], row]));
    let hasPlace = true;
    for (const { meter, powerMilliWatt } of values) {
      const row = rows.get(meter);
      if (row === undefined || powerMilliWatt === undefined) continue;
      const cell = row.querySelector(".live-value");
      if (cell === null) hasPlace = false;
      else if (cell.textContent !== formatQuantity(POWER, powerMilliWatt)) {
        cell.textContent = formatQuantity(POWER, powerMilliWatt);
        flash(cell);
      }
    }
    return hasPlace;
  }

  #rows(): HTMLElement[] {
    return [...document.querySelectorAll<HTMLElement>("[data-live-row]")];
  }
}

/** A new value fades in; whoever asked their machine for less motion sees it at once. */
export function flash(place: Element): void {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  place.animate([{ opacity: 0.45 }, { opacity: 1 }], { duration: 500, easing: "ease-out" });
}
