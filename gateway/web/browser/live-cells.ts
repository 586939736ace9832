/** Live power in the table of all meters, and its sum above it. */
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
      const cell = row.querySelector<HTMLElement>(".live-value");
      if (cell === null) hasPlace = false;
      else {
        cell.dataset["milliwatt"] = String(powerMilliWatt);
        showText(cell, formatQuantity(POWER, powerMilliWatt));
      }
    }
    this.#showSum();
    return hasPlace;
  }

  #showSum(): void {
    const place = document.querySelector("#live-sum");
    if (place === null) return;
    const cells = [...document.querySelectorAll<HTMLElement>("[data-live-row] .live-value")];
    const sum = cells.reduce((total, cell) => total + Number(cell.dataset["milliwatt"] ?? 0), 0);
    showText(place, formatQuantity(POWER, sum));
  }

  #rows(): HTMLElement[] {
    return [...document.querySelectorAll<HTMLElement>("[data-live-row]")];
  }
}

/** A new value fades in; whoever asked their machine for less motion sees it at once. */
export function showText(place: Element, text: string): void {
  if (place.textContent === text) return;
  place.textContent = text;
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  place.animate([{ opacity: 0.45 }, { opacity: 1 }], { duration: 500, easing: "ease-out" });
}
