/**
 * Numbers for people: integers with units in, digits with a small grey unit out (as text alone: quantity.ts).
 */
import { type Html, html } from "./html.ts";
import { formatNumber, formatQuantity, type Quantity } from "./quantity.ts";

export {
  CURRENT,
  count,
  ENERGY,
  formatNumber,
  formatQuantity,
  HUMIDITY,
  POWER,
  type Quantity,
  speak,
  TEMPERATURE,
  VOLTAGE,
} from "./quantity.ts";

/** Digits with the unit small and grey; a dash with words for a screen reader when there is none. */
export function measure(quantity: Quantity, value: number | undefined): Html {
  if (value === undefined) return none();
  return html`<span class="measure"><span class="num">${formatQuantity(quantity, value)}</span> <span class="unit">${quantity.unit}</span></span>`;
}

/** The mark for "no such value". */
function none(): Html {
  return html`<span class="none" aria-hidden="true">–</span><span class="vh">none</span>`;
}

/** "352 522 395": nine digits in threes, as people read them out. */
export function formatMeterId(id: string): string {
  return id.replace(/(\d{3})(?=\d)/g, "$1\u2009");
}

/** Money from minor units: formatMoney(936, 2, "USD") is "9.36" followed by a small "USD". */
export function money(totalMinor: number, minorDigits: number, currency: string): Html {
  return html`<span class="measure"><span class="num">${formatMinor(totalMinor, minorDigits)}</span> <span class="unit">${currency}</span></span>`;
}

export function formatMinor(amountMinor: number, minorDigits: number): string {
  return formatNumber(amountMinor / 10 ** minorDigits, Math.min(minorDigits, 9));
}

/** Exact decimal of an integer in 10^-9 units, at least two decimals: 14_000_000 is "0.014". */
export function formatNano(nano: number): string {
  const sign = nano < 0 ? "\u2212" : "";
  const digits = String(Math.abs(nano)).padStart(10, "0");
  const whole = digits.slice(0, -9);
  const fraction = digits.slice(-9).replace(/0+$/, "").padEnd(2, "0");
  return `${sign}${whole}.${fraction}`;
}
