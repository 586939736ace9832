/** What the cards of the offline verifier's page share. */
import { type Content, element } from "./element.ts";

export function card(title: string, ...content: Content[]): HTMLElement {
  return element("section", { class: "card" }, element("h2", {}, title), ...content);
}

export function quiet(...content: Content[]): HTMLElement {
  return element("p", { class: "quiet" }, ...content);
}

export function cell(...content: Content[]): HTMLElement {
  return element("td", {}, ...content);
}

export function number(...content: Content[]): HTMLElement {
  return element("td", { class: "num" }, ...content);
}

/** The first letters of a key or leaf, the whole of it where a pointer rests. */
export function shortHash(hash: string): HTMLElement {
  return element("span", { class: "hash", title: hash }, `${hash.slice(0, 12)}…`);
}

export function formatInstant(instant: number, zone: string): string {
  const style = {
    timeZone: zone,
    dateStyle: "medium",
    timeStyle: "short",
    hourCycle: "h23",
  } as const;
  return new Intl.DateTimeFormat("en-GB", style).format(new Date(instant * 1000));
}

/** `YYYY-MM-DD` for people. */
export function formatDay(date: string): string {
  const style = { timeZone: "UTC", dateStyle: "medium" } as const;
  return new Intl.DateTimeFormat("en-GB", style).format(new Date(`${date}T00:00:00Z`));
}
