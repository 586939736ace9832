/**
 * JSON Schemas (draft 2020-12, as OpenAPI 3.1 has them) that know the type of what they describe: a member that is missing, too
 * many, or optional in one of the two only is an error of the compiler. So the document cannot fall behind the types.
 */
export type JsonSchema = Readonly<Record<string, unknown>>;

export interface Schema<T> {
  readonly json: JsonSchema;
  /** Named schemas that `json` refers to, with those that they refer to. */
  readonly parts: Readonly<Record<string, JsonSchema>>;
  /** Never there: ties the schema to exactly T. */
  readonly describes?: (value: T) => T;
}

export type AnySchema = Pick<Schema<unknown>, "json" | "parts">;

/** A member that may be absent. */
interface Optional<T> {
  readonly optional: Schema<T>;
}

type Members<T> = {
  readonly [K in keyof T]-?: Record<never, never> extends Pick<T, K>
    ? Optional<Exclude<T[K], undefined>>
    : Schema<T[K]>;
};

/** Where named schemas stand in the document. */
export const PARTS = "#/components/schemas/";

export function optional<T>(schema: Schema<T>): Optional<T> {
  return { optional: schema };
}

/** An object with these members and no others. */
export function objectOf<T extends object>(members: Members<T>): Schema<T> {
  const properties: Record<string, JsonSchema> = {};
  const required: string[] = [];
  let parts: Schema<T>["parts"] = {};
  const entries = Object.entries(members) as [string, Optional<unknown> | Schema<unknown>][];
  for (const [name, member] of entries) {
    const schema = "optional" in member ? member.optional : member;
    if (schema === member) required.push(name);
    properties[name] = schema.json;
    parts = { ...parts, ...schema.parts };
  }
  return { json: { type: "object", properties, required, additionalProperties: false }, parts };
}

export function arrayOf<T>(item: Schema<T>, limits: JsonSchema = {}): Schema<readonly T[]> {
  return { json: { type: "array", items: item.json, ...limits }, parts: item.parts };
}

/** What a list answers with. */
export interface Rows<T> {
  readonly rows: readonly T[];
}

export function rowsOf<T>(item: Schema<T>): Schema<Rows<T>> {
  return objectOf<Rows<T>>({ rows: arrayOf(item) } as Parameters<typeof objectOf<Rows<T>>>[0]);
}

/** A schema that the document holds once, under this name. */
export function named<T>(name: string, description: string, schema: Schema<T>): Schema<T> {
  const { json, parts } = schema;
  return {
    json: { $ref: `${PARTS}${name}` },
    parts: { ...parts, [name]: { description, ...json } },
  };
}

export function text(description: string, limits: JsonSchema = {}): Schema<string> {
  return { json: { type: "string", description, ...limits }, parts: {} };
}

export function integer(description: string, limits: JsonSchema = {}): Schema<number> {
  return { json: { type: "integer", description, ...limits }, parts: {} };
}

/** An integer from 0. */
export function natural(description: string): Schema<number> {
  return integer(description, { minimum: 0 });
}

export function flag(description: string): Schema<boolean> {
  return { json: { type: "boolean", description }, parts: {} };
}

/** One of these texts; `T` is exactly their union. */
export function oneOf<T extends string>(description: string, ...values: readonly T[]): Schema<T> {
  return { json: { type: "string", enum: values, description }, parts: {} };
}

/** Bytes, as base64url without padding. */
export function bytes(description: string): Schema<Uint8Array> {
  const json = {
    type: "string",
    pattern: "^[A-Za-z0-9_-]*$",
    description: `${description}; base64url`,
  };
  return { json, parts: {} };
}
