/** The readings that count in a bundle: a row a day, each with its slots behind it, and what it stands for if it was corrected. */
import type { BundleReport, VerifiedReading } from "../../../shared/bundle/bundle-report.ts";
import {
  describeEnergy,
  describeOrigin,
  describeSlots,
  describeUnopened,
} from "../../../shared/bundle/bundle-words.ts";
import { countSlots } from "../../../shared/day/quality.ts";
import { sumExactly } from "../../../shared/money/amount.ts";
import { formatDecimal } from "../../../shared/money/bill-text.ts";
import { card, cell, formatDay, formatInstant, number, quiet } from "./card.ts";
import { element, table } from "./element.ts";

export function readingsCard(report: BundleReport): HTMLElement {
  const { days, bill } = report;
  const most = Math.max(1, ...days.flatMap(({ day }) => day.wh));
  const rows = days.map((reading) => dayRow(report, reading, most));
  const corrected = days.filter(({ typ }) => typ === "correction").length;
  const others =
    corrected === 0
      ? ""
      : ` ${corrected} of them stand in the place of what a meter did not measure, or measured wrong.`;
  return card(
    "Readings",
    quiet(`${days.length} days of meter ${bill.meter}, as they were signed.${others}`),
    table("readings", ["Day", "#kWh", "#Register", "Slots", "Signed", "In the log"], rows),
    ...unopenedList(report),
  );
}

function dayRow(report: BundleReport, reading: VerifiedReading, most: number): HTMLElement {
  const { position, typ, day } = reading;
  const isCorrection = typ === "correction";
  const details = element(
    "details",
    {},
    element("summary", {}, describeSlots(countSlots([day.quality]))),
    slotBars(day.wh, day.quality, most),
    ...replaced(report, reading),
  );
  const register =
    day.register[0] === day.register[1] && isCorrection
      ? "–"
      : `${formatDecimal(day.register[1], 3, 3)} kWh`;
  const signed = isCorrection ? element("span", { class: "mark" }, describeOrigin(reading)) : "✓";
  return element(
    "tr",
    isCorrection ? { class: "corrected" } : {},
    cell(formatDay(day.day)),
    number(formatDecimal(sumExactly(day.wh), 3, 3)),
    number(register),
    cell(details),
    cell(signed),
    cell(`✓ ${position}`),
  );
}

/** What was there for this time before, as far as it could be read. */
function replaced(
  { readings }: BundleReport,
  { leaf, day }: VerifiedReading,
): readonly HTMLElement[] {
  return readings
    .filter((other) => other.leaf !== leaf && other.day.from < day.to && day.from < other.day.to)
    .map((other) =>
      element(
        "p",
        { class: "quiet" },
        `Instead of ${describeEnergy(other)}, ${describeOrigin(other)}.`,
      ),
    );
}

/** What is in the bundle and not opened: a reader may ask why. */
function unopenedList({ unopened, bill }: BundleReport): readonly HTMLElement[] {
  if (unopened.length === 0) return [];
  const items = unopened.map((one) =>
    element("li", {}, `${formatInstant(one.from, bill.zone)}: ${describeUnopened(one)}.`),
  );
  return [element("ul", { class: "unopened" }, ...items)];
}

/** Height by energy; a gap is an empty box, never a zero; what was substituted is hatched. */
function slotBars(wh: readonly number[], quality: string, most: number): HTMLElement {
  const bars = wh.map((value, slot) => {
    const letter = quality.charAt(slot);
    if (letter === "G") return element("i", { class: "gap", title: "gap" });
    const bar =
      letter === "S"
        ? element("i", { class: "substituted", title: `${value} Wh, substituted` })
        : element("i", { title: `${value} Wh` });
    bar.style.blockSize = `${Math.max(1, Math.round((100 * value) / most))}%`;
    return bar;
  });
  return element(
    "div",
    { class: "slots", role: "img", "aria-label": `${wh.length} slots: ${wh.join(", ")} Wh` },
    ...bars,
  );
}
