/**
 * What the columns of a Lechacal RPICT board are: as it leaves the factory, as a list of names, or as the mapping file
 * that is published for it (an object whose members are the columns in their order).
 */
import { isJsonObject, type Json } from "../../shared/base/canonical-json.ts";
import { arrayOf, type Decoder, literal, object, pattern } from "../../shared/base/decoder.ts";
import { fail } from "../../shared/base/error.ts";

export type Unit = "node" | "W" | "mA" | "A" | "V" | "C" | "other";

export interface Column {
  readonly name: string;
  readonly unit: Unit;
}

/** The columns in which the boards leave the factory. */
export const MODELS = {
  RPICT3T1: ["NodeID", "P1", "P2", "P3", "Temperature"],
  RPICT3V1: ["NodeID", ...numbered("Realpower", 3), ...numbered("Irms", 3), "Vrms"],
  RPICT4V3: [
    "NodeID",
    ...numbered("Vrms", 4),
    ...numbered("Realpower", 4),
    ...numbered("Irms", 4),
    ...numbered("PF", 4),
  ],
  RPICT7V1: ["NodeID", ...numbered("RP", 7), ...numbered("Irms", 7), "Vrms"],
  RPICT8: ["NodeID", ...numbered("P", 8)],
} as const;

export type Model = keyof typeof MODELS;
export const MODEL_NAMES = Object.keys(MODELS) as Model[];

function numbered(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${name}${i + 1}`);
}

export const MAX_COLUMNS = 64;
/** The unit that a column's name stands for. */
const UNIT_BY_NAME: readonly (readonly [RegExp, Unit])[] = [
  [/^node(?:id)?$/i, "node"],
  [/^(?:rp|p|realpower|power)\d*$/i, "W"],
  [/^(?:irms|i)\d*$/i, "mA"],
  [/^(?:vrms|v)\d*$/i, "V"],
  [/^t(?:emp(?:erature)?)?\d*$/i, "C"],
];

/** The unit that a mapping file states. */
const UNIT_BY_TEXT: { readonly [text: string]: Unit } = {
  "#": "node",
  W: "W",
  mA: "mA",
  A: "A",
  V: "V",
  C: "C",
  "°C": "C",
};

export const columnName = pattern(/^[A-Za-z][\w.-]{0,31}$/, "a column's name");

/** An entry of a mapping file, as they are published with the boards. */
const decodeMapped = object(
  {},
  {
    type: literal("integer", "float"),
    unit_of_measurement: pattern(/^.{0,8}$/, "a unit"),
    device_class: pattern(/^\w{0,32}$/, "a class"),
  },
);

/** Names in the order of the line, or the object of a mapping file. */
export type Columns = readonly string[] | { readonly [name: string]: Json };

/** Throws `schema`. */
export function readColumns(value: Json, path: string): readonly Column[] {
  const columns = isJsonObject(value)
    ? Object.entries(value).map(([name, entry]): Column => {
        const unit = decodeMapped(entry as Json, `${path}.${name}`).unit_of_measurement ?? "";
        return { name: columnName(name, path), unit: UNIT_BY_TEXT[unit] ?? "other" };
      })
    : arrayOf(columnName, 2, MAX_COLUMNS)(value, path).map(columnOf);
  const names = new Set(columns.map(({ name }) => name));
  if (names.size !== columns.length || columns.length < 2 || columns.length > MAX_COLUMNS) {
    fail("schema", `${path}: expected 2 to ${MAX_COLUMNS} columns with different names`, { path });
  }
  if (columns[0]?.unit !== "node") {
    fail("schema", `${path}: expected the node as the first column`, { path });
  }
  return columns;
}

/** Judges, and keeps the configuration as it is written. */
export const decodeColumns: Decoder<Columns> = (value, path) => {
  readColumns(value, path);
  return value as Columns;
};

function columnOf(name: string): Column {
  return { name, unit: UNIT_BY_NAME.find(([expression]) => expression.test(name))?.[1] ?? "other" };
}
