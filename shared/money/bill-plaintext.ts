/**
 * The opened bill (records.md section 4): lines, what they were computed from, and what is missing.
 *
 * In:  JSON of unknown shape. Out: the typed bill, or `schema` naming the path. Whether the bill follows from the
 *      log is recompute-bill.ts.
 */
import {
  arrayOf,
  code,
  type Decoded,
  hash,
  instant,
  integer,
  literal,
  natural,
  object,
  pattern,
  signedInteger,
  text,
  tuple,
} from "../base/decoder.ts";
import { plaintextFields } from "../day/day-plaintext.ts";

/**
 * What a line counts: Wh, W, local days, local months, pieces, or minor units that a tax is taken on. `wh-mean` is Wh at
 * many prices: its amount is exact over all of them, its `nano` their mean, rounded half away from zero, for people.
 */
const LINE_UNITS = ["wh", "wh-mean", "w", "day", "month", "each", "tax"] as const;
export type LineUnit = (typeof LINE_UNITS)[number];

/** ISO 4217, three capital letters. */
export const currencyCode = pattern(/^[A-Z]{3}$/, "a currency of three capital letters");
/** Decimals of a currency; ISO 4217 has 0 to 4. */
export const minorDigits = integer(0, 4);

/** Seconds ahead of UTC; no zone ever reached 16 hours. */
const utcOffset = integer(-57_600, 57_600);

const line = object({
  code,
  label: text,
  qty: signedInteger,
  unit: literal(...LINE_UNITS),
  nano: signedInteger,
  amount: signedInteger,
});

const slots = object({
  total: natural,
  measured: natural,
  partial: natural,
  recovered: natural,
  substituted: natural,
  gap: natural,
  missing: natural,
});

export const decodeBillPlaintext = object({
  ...plaintextFields,
  no: text,
  opening: hash,
  zone: text,
  from: instant,
  to: instant,
  offsets: arrayOf(tuple<readonly [number, number]>(instant, utcOffset), 1, 1_000),
  currency: currencyCode,
  minor: minorDigits,
  lines: arrayOf(line),
  total: signedInteger,
  used: arrayOf(tuple<readonly [string, number]>(hash, natural)),
  slots,
  missing: arrayOf(tuple<readonly [number, number]>(instant, instant)),
});

/** A bill as sealed: amounts in minor units, rates in nano, quantities in the line's unit. */
export type BillPlaintext = Decoded<typeof decodeBillPlaintext>;
export type BillLine = BillPlaintext["lines"][number];
