/** The frame of the page: newest block and open alarms, as they change. */
import type { PageEvent } from "../live/event-text.ts";
import { formatNumber } from "../view/quantity.ts";
import { element } from "./element.ts";

export function showTip({ height }: Extract<PageEvent, { event: "tip" }>): void {
  const link = document.querySelector<HTMLAnchorElement>("#tip");
  const number = link?.querySelector(".num");
  if (!link || !number) return;
  link.href = `/blocks/${height}`;
  number.textContent = formatNumber(height);
}

export function showAlarms(open: number): void {
  const link = document.querySelector('.top nav a[href="/alarms"]');
  const before = link?.querySelector(".count");
  if (!link) return;
  if (open === 0) {
    before?.remove();
    return;
  }
  const count = element("span", { class: "count" }, formatNumber(open));
  count.append(element("span", { class: "vh" }, " open"));
  if (before) before.replaceWith(count);
  else link.append(" ", count);
}
