/**
 * Decoders: from JSON of unknown shape to a typed value, or a coded error that names the path.
 *
 * A decoder takes a value and the path to it and returns the typed value; it throws `schema`. Objects refuse
 * unknown members, and an absent optional member is left out, never `null` (records.md section 1).
 */
import { isJsonObject, type Json } from "./canonical-json.ts";
import { fail } from "./error.ts";

export type Decoder<T> = (value: Json, path: string) => T;
export type Decoded<D> = D extends Decoder<infer T> ? T : never;

function refuse(path: string, expected: string): never {
  fail("schema", `${path}: expected ${expected}`, { path });
}

/** An integer from `min` to `max`, both included. */
export function integer(min: number, max: number = Number.MAX_SAFE_INTEGER): Decoder<number> {
  return (value, path) => {
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < min || value > max) {
      refuse(path, `an integer from ${min} to ${max}`);
    }
    return value;
  };
}

/** N: 0 to 2^53-1. */
export const natural = integer(0);
/** An integer of either sign. */
export const signedInteger = integer(-Number.MAX_SAFE_INTEGER);
/** T: unix seconds. */
export const instant = integer(0);

function matching(pattern: RegExp, expected: string): Decoder<string> {
  return (value, path) => {
    if (typeof value !== "string" || !pattern.test(value)) refuse(path, expected);
    return value;
  };
}

/** H: base64url of 32 bytes, canonical (the last character carries two zero bits). */
export const hash = matching(/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/, "base64url of 32 bytes");
/** C: a code. */
export const code = matching(/^[a-z0-9-]{1,32}$/, "a code of [a-z0-9-]{1,32}");
/** D: a calendar date; whether the day exists in a zone is judged elsewhere. */
export const date = matching(/^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/, "YYYY-MM-DD");
/** J: a compact JWS, judged further by its reader. */
export const compactJws = matching(
  /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/,
  "a compact JWS",
);

/** S: 1 to 200 Unicode code points. */
export const text: Decoder<string> = (value, path) => {
  if (typeof value !== "string" || value === "" || value.length > 400 || [...value].length > 200) {
    refuse(path, "a text of 1 to 200 characters");
  }
  return value;
};

export function pattern(expression: RegExp, expected: string): Decoder<string> {
  return matching(expression, expected);
}

export function literal<const T extends string | number>(...allowed: readonly T[]): Decoder<T> {
  return (value, path) => {
    if (!allowed.includes(value as T)) refuse(path, allowed.map((a) => String(a)).join(" or "));
    return value as T;
  };
}

export function arrayOf<T>(item: Decoder<T>, min = 0, max = Number.MAX_SAFE_INTEGER): Decoder<T[]> {
  return (value, path) => {
    if (!Array.isArray(value) || value.length < min || value.length > max) {
      refuse(
        path,
        max === Number.MAX_SAFE_INTEGER ? `at least ${min} items` : `${min} to ${max} items`,
      );
    }
    return value.map((v: Json, i) => item(v, `${path}[${i}]`));
  };
}

/** An array of exactly these items. */
export function tuple<T extends readonly unknown[]>(
  ...items: { [I in keyof T]: Decoder<T[I]> }
): Decoder<T> {
  return (value, path) => {
    if (!Array.isArray(value) || value.length !== items.length)
      refuse(path, `${items.length} items`);
    return items.map((item, i) => item(value[i] as Json, `${path}[${i}]`)) as unknown as T;
  };
}

type Fields = { readonly [name: string]: Decoder<unknown> };
type ObjectOf<R extends Fields, O extends Fields> = {
  readonly [K in keyof R]: Decoded<R[K]>;
} & { readonly [K in keyof O]?: Decoded<O[K]> };

/** An object with exactly the required members and any of the optional ones. */
export function object<R extends Fields, O extends Fields = Record<never, never>>(
  required: R,
  optional?: O,
): Decoder<ObjectOf<R, O>> {
  const names = Object.keys(required);
  return (value, path) => {
    if (!isJsonObject(value)) refuse(path, "an object");
    const out: Record<string, unknown> = {};
    for (const name of names) {
      const member = value[name];
      if (member === undefined) refuse(`${path}.${name}`, "a value, but the member is missing");
      out[name] = (required[name] as Decoder<unknown>)(member, `${path}.${name}`);
    }
    for (const name of Object.keys(value)) {
      if (name in out && Object.hasOwn(required, name)) continue;
      const decode =
        optional !== undefined && Object.hasOwn(optional, name) ? optional[name] : undefined;
      const member = value[name];
      if (decode === undefined || member === undefined) refuse(`${path}.${name}`, "no such member");
      out[name] = decode(member, `${path}.${name}`);
    }
    return out as ObjectOf<R, O>;
  };
}

/** The members that are needed of somebody else's object: it may have others, and `null` or `false` for none. */
export function partOf<R extends Fields, O extends Fields = Record<never, never>>(
  required: R,
  optional?: O,
): Decoder<ObjectOf<R, O>> {
  return (value, path) => {
    if (!isJsonObject(value)) refuse(path, "an object");
    const out: Record<string, unknown> = {};
    for (const [name, decode] of Object.entries(required)) {
      const member = value[name];
      if (member === undefined) refuse(`${path}.${name}`, "a value, but the member is missing");
      out[name] = decode(member, `${path}.${name}`);
    }
    for (const [name, decode] of Object.entries(optional ?? {})) {
      const member: unknown = value[name];
      if (member === undefined || member === null || member === false) continue;
      out[name] = decode(member as Json, `${path}.${name}`);
    }
    return out as ObjectOf<R, O>;
  };
}

/** Any object, kept as it is; its own schema is somebody else's rule. */
export const anyObject: Decoder<{ readonly [name: string]: Json }> = (value, path) => {
  if (!isJsonObject(value)) refuse(path, "an object");
  return value;
};
