/** Texts of a bill's numbers, exact and without a locale: for command lines, CSV and the offline verifier. */
import type { BillLine } from "./bill-plaintext.ts";

const NANO_DIGITS = 9;
/** A share of 100 % is 1e9 nano. */
const SHARE_DIGITS = 7;
const KILO_DIGITS = 3;

/** An integer of 10^-`digits` units as a decimal; zeros at its end are left out down to `least` decimals. */
export function formatDecimal(value: number | bigint, digits: number, least = 0): string {
  const text = String(value)
    .replace("-", "")
    .padStart(digits + 1, "0");
  const whole = text.slice(0, text.length - digits);
  const fraction = text
    .slice(text.length - digits)
    .replace(/0+$/, "")
    .padEnd(least, "0");
  return `${value < 0 ? "-" : ""}${whole}${fraction === "" ? "" : `.${fraction}`}`;
}

/** An amount in minor units, with all of its decimals: 936 is "9.36". */
export function formatMinor(amount: number, minor: number): string {
  return formatDecimal(amount, minor, minor);
}

/** What a line counts, with its unit: "74.4 kWh", "31 days". */
export function formatQuantity({ qty, unit }: BillLine, minor: number): string {
  switch (unit) {
    case "wh":
    case "wh-mean":
      return `${formatDecimal(qty, KILO_DIGITS)} kWh`;
    case "w":
      return `${formatDecimal(qty, KILO_DIGITS)} kW`;
    case "day":
    case "month":
      return `${qty} ${qty === 1 ? unit : `${unit}s`}`;
    case "each":
      return `${qty} ×`;
    case "tax":
      return formatMinor(qty, minor);
  }
}

/** The rate of a line: "0.3 per kWh", "19 %". */
export function formatRate({ nano, unit }: BillLine): string {
  if (unit === "tax") return `${formatDecimal(nano, SHARE_DIGITS)} %`;
  const rate = formatDecimal(nano, NANO_DIGITS, 2);
  const per = {
    wh: "kWh",
    "wh-mean": "kWh on average",
    w: "kW",
    day: "day",
    month: "month",
    each: "piece",
  };
  return `${rate} per ${per[unit]}`;
}
