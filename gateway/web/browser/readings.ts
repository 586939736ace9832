/** The readings of a bundle: a row a day, each with its slots behind it. */
import type { BundleReport, VerifiedReading } from "../../../shared/bundle/bundle-report.ts";
import { countSlots } from "../../../shared/day/quality.ts";
import { formatDecimal } from "../../../shared/money/bill-text.ts";
import { element, table } from "./element.ts";

export function readingsCard({ days, bill }: BundleReport): HTMLElement {
  const most = Math.max(1, ...days.flatMap(({ day }) => day.wh));
  const rows = days.flatMap((day) => dayRows(day, most));
  return element(
    "section",
    { class: "card" },
    element("h2", {}, "Readings"),
    element(
      "p",
      { class: "quiet" },
      `${days.length} days of meter ${bill.meter}, as the meter sealed them.`,
    ),
    table("readings", ["Day", "#kWh", "#Register", "Slots", "Signed", "In the log"], rows),
  );
}

function dayRows({ position, day }: VerifiedReading, most: number): readonly HTMLElement[] {
  const wh = day.wh.reduce((sum, value) => sum + value, 0);
  const counts = countSlots([day.quality]);
  const kinds = (["measured", "partial", "recovered", "substituted", "gap"] as const)
    .filter((kind) => counts[kind] > 0)
    .map((kind) => `${counts[kind]} ${kind}`)
    .join(", ");
  const details = element(
    "details",
    {},
    element("summary", {}, kinds),
    slotBars(day.wh, day.quality, most),
  );
  return [
    element(
      "tr",
      {},
      element("td", {}, day.day),
      element("td", { class: "num" }, formatDecimal(wh, 3, 3)),
      element("td", { class: "num" }, `${formatDecimal(day.register[1], 3, 3)} kWh`),
      element("td", {}, details),
      element("td", {}, "✓"),
      element("td", {}, `✓ ${position}`),
    ),
  ];
}

/** Height by energy; a gap is an empty box, never a zero. */
function slotBars(wh: readonly number[], quality: string, most: number): HTMLElement {
  const bars = wh.map((value, slot) => {
    const isGap = quality.charAt(slot) === "G";
    const bar = element("i", isGap ? { class: "gap", title: "gap" } : { title: `${value} Wh` });
    if (!isGap) bar.style.blockSize = `${Math.max(1, Math.round((100 * value) / most))}%`;
    return bar;
  });
  return element(
    "div",
    { class: "slots", role: "img", "aria-label": `${wh.length} slots: ${wh.join(", ")} Wh` },
    ...bars,
  );
}
