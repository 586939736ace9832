/**
 * Quantities as text: integers with units in, digits out. No markup, so that scripts of the pages print numbers exactly as the
 * pages do. Fixed decimals for each quantity, so that columns line up and no digit is invented.
 */
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
export const POWER: Quantity = { name: "Power", unit: "W", per: 1000, digits: 0 };

/** Digits only, for example "10.47". */
export function formatQuantity(quantity: Quantity, value: number): string {
  return formatNumber(value / quantity.per, quantity.digits);
}

/** Digits and unit as text, for sentences and titles: "10.47 kWh". */
export function speak(quantity: Quantity, value: number): string {
  return `${formatQuantity(quantity, value)}\u00a0${quantity.unit}`;
}

/** "1 day", "2 days"; irregular plurals are given. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${formatNumber(n)} ${n === 1 ? one : many}`;
}
