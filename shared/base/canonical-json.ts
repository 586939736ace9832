/**
 * Canonical JSON: RFC 8785 (JCS), narrowed by records.md section 1.
 *
 * In:  integers of at most 2^53-1 in size, strings without control characters and lone surrogates, arrays,
 *      objects whose member names match `[a-z][a-z0-9_]*`, at most 32 levels deep.
 * Out: the one text for that value. Parsing is "parse, rebuild, compare", which also refuses white space,
 *      duplicate names, other number forms and other member orders.
 */
import { fail } from "./error.ts";

export type Json = string | number | readonly Json[] | JsonObject;
export type JsonObject = { readonly [name: string]: Json };

const MEMBER_NAME = /^[a-z][a-z0-9_]*$/;
// U+0000-001F and lone surrogates: the first would need escapes, the second have no UTF-8 form.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const FORBIDDEN = /[\u0000-\u001f]|\p{Surrogate}/u;
const ESCAPED = /["\\]/;
/** Nesting that no record needs; it keeps a hostile text from exhausting the stack of any implementation. */
export const MAX_DEPTH = 32;

/** The canonical text of `value`. Throws `canonical` for a value that has none. */
export function canonicalize(value: Json): string {
  return write(value, MAX_DEPTH);
}

/** Parses a text that must be canonical. Throws `json` or `canonical`. */
export function parseCanonical(text: string): Json {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    fail("json", "not JSON");
  }
  if (!isCanonicalText(value, text)) fail("canonical", "JSON that is not in canonical form");
  return value;
}

/**
 * Whether `text`, of which JSON.parse made `value`, is its canonical text. Throws as {@link canonicalize} does.
 *
 * What the platform writes in the same way, without escapes and with all names in order, is: finding that out takes half
 * of the time of rebuilding the text here.
 */
export function isCanonicalText(value: Json, text: string): boolean {
  const isPlain = isInOrder(value, MAX_DEPTH) && !text.includes("\\");
  return (isPlain && JSON.stringify(value) === text) || canonicalize(value) === text;
}

/** Whether names are allowed and in order and numbers are allowed, in a value that is written without escapes. */
function isInOrder(value: unknown, depth: number): boolean {
  if (typeof value === "number") return Number.isSafeInteger(value);
  if (typeof value === "string") return true;
  if (typeof value !== "object" || value === null || depth === 0) return false;
  if (Array.isArray(value)) return value.every((item) => isInOrder(item, depth - 1));
  let last = "";
  for (const name of Object.keys(value)) {
    const member = (value as Record<string, unknown>)[name];
    if (name <= last || !MEMBER_NAME.test(name) || !isInOrder(member, depth - 1)) return false;
    last = name;
  }
  return true;
}

/** Also false for `null`, which JSON.parse gives although it has no place here. */
export function isJsonObject(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function write(value: unknown, depth: number): string {
  if (typeof value === "number") return writeInteger(value);
  if (typeof value === "string") return writeString(value);
  if (typeof value !== "object" || value === null) {
    fail("canonical", "null, true and false have no place in canonical JSON here");
  }
  if (depth === 0) fail("canonical", `nested deeper than ${MAX_DEPTH} levels`);
  return Array.isArray(value)
    ? writeArray(value, depth)
    : writeObject(value as Record<string, unknown>, depth);
}

function writeInteger(value: number): string {
  if (!Number.isSafeInteger(value))
    fail("canonical", "a number that is not an integer within 2^53-1");
  return String(value);
}

function writeString(value: string): string {
  if (FORBIDDEN.test(value))
    fail("canonical", "a string with a control character or lone surrogate");
  return ESCAPED.test(value) ? JSON.stringify(value) : `"${value}"`;
}

function writeArray(values: readonly unknown[], depth: number): string {
  let out = "[";
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (i > 0) out += ",";
    out += typeof value === "number" ? writeInteger(value) : write(value, depth - 1);
  }
  return `${out}]`;
}

function writeObject(value: Record<string, unknown>, depth: number): string {
  const names = Object.keys(value).sort();
  let out = "{";
  for (const name of names) {
    if (!MEMBER_NAME.test(name))
      fail("canonical", "a member name not of [a-z][a-z0-9_]*", { name });
    const member = value[name];
    if (member === undefined) continue;
    if (out.length > 1) out += ",";
    out += `"${name}":${write(member, depth - 1)}`;
  }
  return `${out}}`;
}
