/**
 * Numbers for people: integers with units in, digits with a small grey unit out. Fixed decimals for each
 * quantity (those of the paper's tables), so that columns line up and no digit is invented.
 */
import { type Html, html } from "./html.ts";

const LOCALE = "en-GB";
const formats = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map(
  (digits) =>
    new Intl.NumberFormat(LOCALE, { minimumFractionDigits: digits, maximumFractionDigits: digits }),
);

/** `value` with exactly `digits` decimals (0 to 9) and grouped thousands; a true minus sign. */
export function formatNumber(value: number, digits = 0): string {
  const text = formats[digits]?.format(value) ?? String(value);
  return text.startsWith("-") ? `\u2212${text.slice(1)}` : text;
}

/** A quantity that the pages show: how its integer becomes a number with decimals. */
export interface Quantity {
  readonly name: string;
  readonly unit: string;
  /** Integer units in one shown unit. */
  readonly per: number;
  readonly digits: number;
}

export const ENERGY: Quantity = { name: "Energy", unit: "kWh", per: 1000, digits: 2 };
export const VOLTAGE: Quantity = { name: "Voltage", unit: "V", per: 1000, digits: 2 };
export const CURRENT: Quantity = { name: "Current", unit: "A", per: 1000, digits: 2 };
export const TEMPERATURE: Quantity = { name: "Temperature", unit: "°C", per: 1000, digits: 2 };
export const HUMIDITY: Quantity = { name: "Humidity", unit: "%", per: 100, digits: 2 };

/** Digits only, for example "10.47". */
export function formatQuantity(quantity: Quantity, value: number): string {
  return formatNumber(value / quantity.per, quantity.digits);
}

/** Digits and unit as text, for sentences and titles: "10.47 kWh". */
export function speak(quantity: Quantity, value: number): string {
  return `${formatQuantity(quantity, value)}\u00a0${quantity.unit}`;
}

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

/** "1 day", "2 days"; irregular plurals are given. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${formatNumber(n)} ${n === 1 ? one : many}`;
}

/** Exact decimal of an integer in 10^-9 units, at least two decimals: 14_000_000 is "0.014". */
export function formatNano(nano: number): string {
  const sign = nano < 0 ? "\u2212" : "";
  const digits = String(Math.abs(nano)).padStart(10, "0");
  const whole = digits.slice(0, -9);
  const fraction = digits.slice(-9).replace(/0+$/, "").padEnd(2, "0");
  return `${sign}${whole}.${fraction}`;
}
