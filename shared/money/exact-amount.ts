/** The amount of a line before it was rounded, as a text with all of its decimals: what shows how a line was rounded. */
import { exactPico } from "./amount.ts";
import { formatDecimal } from "./bill-text.ts";
import type { ChargeLine } from "./charge-lines.ts";

/** 1e-12 of the currency. */
const PICO_DIGITS = 12;
const NANO_DIGITS = 9;

/**
 * A decimal in the currency: "93.72", "-0.004999". A tax is exact too: a share of a sum of rounded lines.
 * @param minor decimals of the currency
 */
export function formatExact({ qty, unit, nano, pico }: ChargeLine, minor: number): string {
  if (unit === "tax") return formatDecimal(BigInt(qty) * BigInt(nano), NANO_DIGITS + minor);
  return formatDecimal(pico ?? exactPico({ qty, unit, nano }), PICO_DIGITS);
}
