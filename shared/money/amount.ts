/**
 * Integer money (records.md section 5): a line is exact and rounded once, half away from zero.
 *
 * Rates are nano-units of the currency (1e-9) per kWh, kW, day, month or piece; quantities are integers in the
 * line's unit; amounts are integers in minor units, `minor` decimals of the currency. All products are BigInt.
 */
import { fail } from "../base/error.ts";
import type { Nano } from "../base/units.ts";
import type { LineUnit } from "./bill-plaintext.ts";

const NANO = 1_000_000_000n;
/** An exact amount is counted in 1e-12 of the currency, because Wh times nano per kWh is 1e-12. */
const PICO_PER_NANO = 1_000n;

/** A line before it is priced in minor units. */
export interface Charge {
  readonly qty: number;
  readonly unit: LineUnit;
  readonly nano: Nano;
}

/** numerator / denominator to the nearest integer, half away from zero; denominator > 0. */
export function divideRounded(numerator: bigint, denominator: bigint): bigint {
  const size = numerator < 0n ? -numerator : numerator;
  const rounded = (2n * size + denominator) / (2n * denominator);
  return numerator < 0n ? -rounded : rounded;
}

/**
 * The exact amount in 1e-12 of the currency. A tax has none, because it is taken on rounded lines; of a mean price it is
 * not the line's own.
 */
export function exactPico({
  qty,
  unit,
  nano,
}: Charge & { readonly unit: Exclude<LineUnit, "tax"> }): bigint {
  const product = BigInt(qty) * BigInt(nano);
  return unit === "wh" || unit === "wh-mean" || unit === "w" ? product : product * PICO_PER_NANO;
}

/** An exact amount in minor units. Throws `money-range`. */
export function roundPico(pico: bigint, minor: number): number {
  return toSafe(divideRounded(pico * 10n ** BigInt(minor), NANO * PICO_PER_NANO));
}

/** amount of a line in minor units. Throws `money-range`. */
export function roundAmount(charge: Charge, minor: number): number {
  const { qty, unit, nano } = charge;
  if (unit === "tax") return toSafe(divideRounded(BigInt(qty) * BigInt(nano), NANO));
  return roundPico(exactPico({ qty, unit, nano }), minor);
}

/** The sum of integers. Throws `money-range`. */
export function sumExactly(values: readonly number[]): number {
  let sum = 0;
  let isExact = true;
  for (const value of values) {
    sum += value;
    isExact &&= Number.isSafeInteger(sum);
  }
  // Sums that stay small need no BigInt; one that leaves the range may still come back into it.
  return isExact ? sum : toSafe(values.reduce((exact, value) => exact + BigInt(value), 0n));
}

/** Throws `money-range` for what no number holds exactly. */
export function toSafe(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) fail("money-range", "an amount or a sum outside of 2^53-1");
  return number;
}
