/**
 * Price files: a published series as people hand it on, and the price record that it stands for.
 *
 * In:  CSV with a head line, one price a line: an instant in ISO 8601 with its offset (or Z) and a decimal price per kWh; or JSON
 *      `{from, step, rate: ["0.0812", …]}` or `{from, step, nano: […]}`. Out: `from, step, nano`.
 *      The instants of a CSV go on in one step without a hole. Throws `price-file` naming the line or member.
 */
import { isJsonObject, type Json } from "../base/canonical-json.ts";
import { parseDecimal } from "../base/decimal.ts";
import { fail } from "../base/error.ts";
import type { Nano, UnixSeconds } from "../base/units.ts";

const NANO_PLACES = 9;
/** Two lines give the step; one alone is an hour, as most markets have it. */
const USUAL_STEP_S = 3600;
const INSTANT = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d)$/;

export interface PriceList {
  readonly from: UnixSeconds;
  readonly step: number;
  readonly nano: readonly Nano[];
}

export function readPriceFile(text: string): PriceList {
  return text.trimStart().startsWith("{") ? readJson(text) : readCsv(text);
}

function readCsv(text: string): PriceList {
  const [, ...lines] = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  const rows = lines.map((line, i) => readRow(line, i + 2));
  const [first, second] = rows;
  if (first === undefined) fail("price-file", "a price file without a price");
  const step = second === undefined ? USUAL_STEP_S : second.at - first.at;
  for (const [i, { at }] of rows.entries()) {
    if (step <= 0 || at !== first.at + i * step) {
      fail("price-file", `line ${i + 2}: the times do not go on in steps of ${step} s`, {
        line: i + 2,
      });
    }
  }
  return { from: first.at, step, nano: rows.map(({ nano }) => nano) };
}

function readRow(line: string, number: number): { at: UnixSeconds; nano: Nano } {
  const [time = "", price = "", ...more] = line.split(/[,;]/).map((cell) => cell.trim());
  const at = INSTANT.test(time) ? Date.parse(time.replace(" ", "T")) / 1000 : Number.NaN;
  const nano = readPrice(price);
  if (!Number.isSafeInteger(at) || at < 0 || nano === undefined || more.length > 0) {
    fail("price-file", `line ${number}: expected an instant with its offset, and a price`, {
      line: number,
    });
  }
  return { at, nano };
}

function readJson(text: string): PriceList {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    fail("price-file", `not JSON: ${(error as Error).message}`);
  }
  if (!isJsonObject(json as Json)) fail("price-file", "expected an object");
  const { from, step, nano, rate, ...more } = json as { readonly [name: string]: unknown };
  const [strange] = Object.keys(more);
  if (strange !== undefined) fail("price-file", `no such member: ${strange}`);
  if (!isNatural(from)) fail("price-file", "from: expected unix seconds");
  if (!isNatural(step) || step === 0) fail("price-file", "step: expected seconds");
  const given = nano ?? rate;
  if (!Array.isArray(given) || given.length === 0 || (nano !== undefined && rate !== undefined)) {
    fail("price-file", "expected nano or rate, a list of at least one price");
  }
  const list = given.map((value: unknown, i) => {
    const price = nano === undefined ? readPrice(value) : value;
    return Number.isSafeInteger(price)
      ? (price as Nano)
      : fail(
          "price-file",
          `price ${i}: expected ${nano === undefined ? "a decimal as text" : "an integer"}`,
        );
  });
  return { from, step, nano: list };
}

function readPrice(value: unknown): Nano | undefined {
  if (typeof value !== "string" || /\.\d{10}/.test(value)) return undefined;
  return parseDecimal(value, NANO_PLACES, ".");
}

function isNatural(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
