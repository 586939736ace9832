/**
 * The tariff file: a tariff as a person writes it, and the body of the record that it stands for.
 *
 * The file is the body (tariff.ts) with these spellings, which have no other meaning than the integers they stand for:
 *
 *   rate: "0.2745"            for nano, in the currency; of a tax or fee in per cent: share: "19"
 *   upto_kwh: "750"           for upto
 *   hours: ["16:00-21:00"]    for minutes of the day
 *   weekdays: ["mon", "sun", "holiday"], also "mon-fri"   for 1 … 8
 *   valid_from, valid_to: "2026-01-01"    local midnights of `zone`, for from and to
 *   add_rate, recovered_rate  for add and recovered
 *   $schema, id               left out; `id` names the tariff
 *
 * In:  JSON of unknown shape. Out: the decoded body. Throws `tariff-file` naming the path, or `tariff-body`.
 * The JSON Schema of the file is docs/tariff.schema.json.
 */
import { isJsonObject, type Json, type JsonObject } from "../base/canonical-json.ts";
import { parseDecimal } from "../base/decimal.ts";
import { fail, isCoded } from "../base/error.ts";
import { dayBounds } from "../time/civil-day.ts";
import { decodeTariffBody, type TariffBody } from "./tariff.ts";
import { HOLIDAY } from "./tariff-when.ts";

const NANO_PLACES = 9;
/** A share of 100 % is 1e9. */
const SHARE_PLACES = 7;
const WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
/** ISO 4217 has two decimals for most currencies. */
const USUAL_MINOR = 2;

export interface TariffFile {
  /** Absent where the file names none. */
  readonly id?: string;
  readonly body: TariffBody & JsonObject;
}

/** Throws `tariff-file`, `tariff-body`, both naming the path. */
export function readTariffFile(file: unknown): TariffFile {
  if (!isPlainObject(file)) refuse("tariff", "an object");
  const { $schema: _schema, id, valid_from, valid_to, ...rest } = file;
  if (id !== undefined && (typeof id !== "string" || !/^[a-z0-9-]{1,32}$/.test(id))) {
    refuse("tariff.id", "a code of [a-z0-9-]{1,32}");
  }
  const zone = rest["zone"];
  const body: Record<string, unknown> = { v: 1, minor: USUAL_MINOR, ...rest };
  if (Array.isArray(rest["charges"])) {
    body["charges"] = rest["charges"].map((charge, i) => spell(charge, `charges[${i}]`));
  }
  if (valid_from !== undefined) body["from"] = readMidnight(valid_from, zone, "valid_from");
  if (valid_to !== undefined) body["to"] = readMidnight(valid_to, zone, "valid_to");
  const decoded = decodeTariffBody(body as Json) as TariffBody & JsonObject;
  return { ...(typeof id === "string" ? { id } : {}), body: decoded };
}

/** Replaces the spellings of a charge, a band, a step or a rule, at any depth. */
function spell(value: unknown, path: string): unknown {
  if (Array.isArray(value)) return value.map((item, i) => spell(item, `${path}[${i}]`));
  if (!isPlainObject(value)) return value;
  const out: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) {
    const at = `${path}.${name}`;
    const spelling = SPELLINGS[name];
    const target = spelling === undefined ? name : spelling.target;
    if (Object.hasOwn(out, target) || (target !== name && Object.hasOwn(value, target))) {
      refuse(at, `${target} or ${name}, not both`);
    }
    out[target] = spelling === undefined ? spell(member, at) : spelling.read(member, at);
  }
  return out;
}

interface Spelling {
  readonly target: string;
  readonly read: (value: unknown, path: string) => unknown;
}

const SPELLINGS: { readonly [name: string]: Spelling | undefined } = {
  rate: { target: "nano", read: (value, path) => readDecimal(value, NANO_PLACES, path) },
  share: { target: "nano", read: (value, path) => readDecimal(value, SHARE_PLACES, path) },
  add_rate: { target: "add", read: (value, path) => readDecimal(value, NANO_PLACES, path) },
  recovered_rate: {
    target: "recovered",
    read: (value, path) => readDecimal(value, NANO_PLACES, path),
  },
  upto_kwh: { target: "upto", read: (value, path) => readDecimal(value, 3, path) },
  hours: { target: "hours", read: (value, path) => eachOf(value, path, readHours) },
  weekdays: {
    target: "weekdays",
    read: (value, path) => [...new Set(eachOf(value, path, readWeekdays).flat())],
  },
};

function eachOf<T>(
  value: unknown,
  path: string,
  read: (item: unknown, path: string) => T,
): readonly T[] {
  if (!Array.isArray(value)) refuse(path, "a list");
  return value.map((item, i) => read(item, `${path}[${i}]`));
}

/** A decimal text, exact: a rate with more decimals than the integer has is refused, not rounded. */
function readDecimal(value: unknown, places: number, path: string): number {
  if (typeof value === "string") {
    const number = parseDecimal(value, places, ".");
    const decimals = value.split(".")[1] ?? "";
    if (number !== undefined && /^0*$/.test(decimals.slice(places))) return number;
  }
  refuse(path, `a decimal number as text, with at most ${places} decimals`);
}

function readHours(value: unknown, path: string): unknown {
  if (Array.isArray(value)) return value;
  const match = typeof value === "string" ? /^(\d\d):(\d\d)-(\d\d):(\d\d)$/.exec(value) : null;
  if (match === null) refuse(path, 'hours such as "16:00-21:00"');
  const [from, to] = [1, 3].map((i) => Number(match[i]) * 60 + Number(match[i + 1]));
  if (Number(match[2]) > 59 || Number(match[4]) > 59) refuse(path, "minutes from 00 to 59");
  return [from, to];
}

function readWeekdays(value: unknown, path: string): readonly unknown[] {
  if (typeof value === "number") return [value];
  if (value === "holiday") return [HOLIDAY];
  const [first, last = first] = typeof value === "string" ? value.split("-") : [];
  const from = WEEKDAYS.indexOf(first ?? "");
  const to = WEEKDAYS.indexOf(last ?? "");
  if (from < 0 || to < from) refuse(path, '"mon" … "sun", "mon-fri" or "holiday"');
  return Array.from({ length: to - from + 1 }, (_, i) => from + i + 1);
}

function readMidnight(value: unknown, zone: unknown, name: string): number {
  if (typeof zone !== "string") refuse(`tariff.${name}`, "a zone, whose midnight it is");
  try {
    const bounds = typeof value === "string" ? dayBounds(zone, value) : undefined;
    if (bounds !== undefined) return bounds.from;
  } catch (error) {
    if (!isCoded(error)) throw error;
    refuse(`tariff.${name}`, error.message);
  }
  refuse(`tariff.${name}`, "a date YYYY-MM-DD");
}

function isPlainObject(value: unknown): value is { readonly [name: string]: unknown } {
  return isJsonObject(value as Json);
}

function refuse(path: string, expected: string): never {
  fail("tariff-file", `${path}: expected ${expected}`, { path });
}
