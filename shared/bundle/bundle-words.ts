/** What a bundle's report says in words, without a locale: for the command `verify-bill` and its page. */
import { countSlots, type SlotCounts } from "../day/quality.ts";
import { sumExactly } from "../money/amount.ts";
import { formatDecimal } from "../money/bill-text.ts";
import type { ReadingChange, UnopenedReading, VerifiedReading } from "./bundle-report.ts";

const KINDS = ["measured", "partial", "recovered", "substituted", "gap", "missing"] as const;

/** "92 measured, 4 substituted"; kinds without any are left out. */
export function describeSlots(counts: SlotCounts): string {
  return KINDS.filter((kind) => counts[kind] > 0)
    .map((kind) => `${counts[kind]} ${kind}`)
    .join(", ");
}

/** "7.012 kWh, 96 measured". */
export function describeEnergy({ day }: VerifiedReading): string {
  const wh = sumExactly(day.wh);
  return `${formatDecimal(wh, 3, 3)} kWh, ${describeSlots(countSlots([day.quality]))}`;
}

/** Who signed a reading and, if it stands in the place of another or of none, why. */
export function describeOrigin(reading: VerifiedReading): string {
  const { typ, kid, signer, reason, of } = reading;
  const who = kid === signer ? `meter ${kid.slice(0, 8)}…` : signer;
  if (typ === "day") return `measured by ${who}`;
  const what = of === undefined ? "filled" : "corrected";
  return `${what} by ${who}: ${describeCode(reason ?? "")}`;
}

/** Why a reading of the period is not among those that count. */
export function describeUnopened({ position, typ, kid, signer }: UnopenedReading): string {
  const who = kid === signer ? `meter ${kid.slice(0, 8)}…` : signer;
  return `record ${position}, a ${typ} signed by ${who}, is not opened: by whoever made this file it cannot be used`;
}

/** A code for people: "meter-swap" is "meter swap". */
export function describeCode(code: string): string {
  return code.replaceAll("-", " ");
}

/** Why a credit counts otherwise. */
export function describeCause({ before, after }: ReadingChange): string {
  if (after === undefined) return "does not count any more: the key of its meter was revoked";
  if (after.typ === "correction") return describeOrigin(after);
  return before === undefined ? "came after the bill" : "came, and replaces what stood for it";
}
