/**
 * Lechacal RPICT boards (HATs with current transformers): a line of text every few seconds, 38400 8N1.
 *
 *   11 180.5 20.2 450.8 917.5 136.6 3138.1 235.7      or with commas; W, mA, V, °C; `nan` for what is not measured
 *
 * The first field is the node, the others have no names: what they are depends on the board and on how it was set
 * up, so that the columns are configuration. There is no checksum: a line counts only with exactly as many fields as
 * there are columns, all of them numbers. Boards without a voltage input compute power from an assumed voltage:
 * estimated, not integrated.
 */
import {
  arrayOf,
  type Decoded,
  type Decoder,
  integer,
  literal,
  object,
  pattern,
} from "../../shared/base/decoder.ts";
import { fail } from "../../shared/base/error.ts";
import type { Reading, Sensor } from "./driver.ts";
import {
  createLineDriver,
  LINE_RANGES,
  parseQuantity,
  parseTemperature,
  requireQuantity,
} from "./line-driver.ts";
import {
  type Column,
  type Columns,
  columnName,
  decodeColumns,
  MAX_COLUMNS,
  MODEL_NAMES,
  MODELS,
  type Model,
  readColumns,
  type Unit,
} from "./rpict-columns.ts";

const MAX_PHASES = 3;
const DEFAULT_PERIOD_S = 5;

const decodeEntry = object(
  { kind: literal("rpict"), port: pattern(/^[^\0]{1,400}$/, "a device file") },
  {
    /** Default 38400. */
    baud: literal(9600, 19200, 38400, 57600, 115200),
    /** The board, if its columns are those of the factory. */
    model: literal(...MODEL_NAMES),
    /** The columns, if they are not. */
    columns: decodeColumns,
    /** The columns whose sum is the meter's power; default the first one in W. */
    power: arrayOf(columnName, 1, MAX_COLUMNS),
    /** One column a phase; default those with the numbers of the power columns. */
    voltage: arrayOf(columnName, 1, MAX_PHASES),
    current: arrayOf(columnName, 1, MAX_PHASES),
    /** Default the only column in °C. */
    temperature: columnName,
    /** Take only lines of this node. */
    node: integer(0, 255),
    /** Seconds between two lines, as the board is set up (default 5). */
    period_s: integer(1, 600),
  },
);

export type RpictConfig = Decoded<typeof decodeEntry>;

/** Positions in a line. */
export interface Layout {
  readonly columns: readonly Column[];
  readonly power: readonly number[];
  readonly voltage: readonly number[];
  readonly current: readonly number[];
  readonly temperature: number | undefined;
  readonly energy: "power" | "estimate";
  readonly node: number | undefined;
}

const decode: Decoder<RpictConfig> = (value, path) => {
  const config = decodeEntry(value, path);
  createLayout(config, path);
  return config;
};

export const rpict: Sensor<RpictConfig> = {
  kind: "rpict",
  metersEnergy: true,
  decode,
  candidates(place) {
    if (place.kind !== "serial") return [];
    const likeliest: Model[] = ["RPICT7V1", "RPICT3V1", "RPICT4V3", "RPICT8", "RPICT3T1"];
    return likeliest.map((model) => ({ kind: "rpict", port: place.port, model }));
  },
  async open(config, ports) {
    const { port, baud = 38400, period_s = DEFAULT_PERIOD_S } = config;
    const layout = createLayout(config, "rpict");
    return createLineDriver({
      sensor: "rpict",
      line: await ports.serialLine({ port, baud, parity: "none" }),
      timing: ports.timing,
      periodMs: period_s * 1000,
      parse: (text) => parseRpictLine(text, layout),
      describe: ({ power = 0, voltage = [] }) => {
        const volts = voltage.map((mv) => `, ${(mv / 1000).toFixed(1)} V`).join("");
        const board = config.model ?? "RPICT";
        return `${board} with ${layout.columns.length} columns: ${(power / 1000).toFixed(1)} W${volts}`;
      },
    });
  },
};

/** Throws `schema`. */
export function createLayout(config: Omit<RpictConfig, "kind" | "port">, path: string): Layout {
  const { model } = config;
  if ((model === undefined) === (config.columns === undefined)) {
    fail("schema", `${path}: expected either model or columns`, { path });
  }
  const listed: Columns = config.columns ?? MODELS[model ?? "RPICT7V1"];
  const columns = readColumns(listed, `${path}.columns`);
  const find = (name: string, units: readonly Unit[], member: string): number => {
    const index = columns.findIndex((column) => column.name === name);
    if (!units.includes(columns[index]?.unit ?? "other")) {
      fail("schema", `${path}.${member}: no column ${name} in ${units.join(" or ")}`, { path });
    }
    return index;
  };
  const first = columns.find(({ unit }) => unit === "W")?.name ?? "";
  const power = (config.power ?? [first]).map((name) => find(name, ["W"], "power"));
  const beside = (units: readonly Unit[]): number[] => besideOf(columns, power, units);
  const { voltage, current, temperature } = config;
  return {
    columns,
    power,
    voltage: voltage?.map((name) => find(name, ["V"], "voltage")) ?? beside(["V"]),
    current: current?.map((name) => find(name, ["mA", "A"], "current")) ?? beside(["mA", "A"]),
    temperature:
      temperature === undefined ? onlyOneIn(columns, "C") : find(temperature, ["C"], "temperature"),
    energy: columns.some(({ unit }) => unit === "V") ? "power" : "estimate",
    node: config.node,
  };
}

function onlyOneIn(columns: readonly Column[], unit: Unit): number | undefined {
  const found = columns.flatMap((column, i) => (column.unit === unit ? [i] : []));
  return found.length === 1 ? found[0] : undefined;
}

/** The columns in `units` that have the numbers of the power columns, or the only one without a number. */
function besideOf(
  columns: readonly Column[],
  power: readonly number[],
  units: readonly Unit[],
): number[] {
  const numberOf = (index: number): string => /\d*$/.exec(columns[index]?.name ?? "")?.[0] ?? "";
  const found = power.map((index) => {
    const numbers = [numberOf(index), ""];
    const matches = numbers.map((number) =>
      columns.findIndex(({ unit }, i) => units.includes(unit) && numberOf(i) === number),
    );
    return matches.find((match) => match >= 0) ?? -1;
  });
  const different = [...new Set(found)].filter((index) => index >= 0);
  return different.length <= MAX_PHASES ? different : [];
}

/** The reading in a line; undefined for another node's. Throws `sensor-range`. */
export function parseRpictLine(text: string, layout: Layout): Omit<Reading, "raw"> | undefined {
  const { columns } = layout;
  const fields = text.replace(/[\s,]+$/, "").split(/[\s,]+/);
  if (fields.length !== columns.length) {
    const detail = { fields: fields.length, columns: columns.length };
    fail("sensor-range", `a line of ${fields.length} fields, not ${columns.length}`, detail);
  }
  const node = requireQuantity("node", fields[0] ?? "", 0, [0, 255]);
  if (layout.node !== undefined && node !== layout.node) return undefined;
  // Every field is looked at, used or not: a letter among them says that the line is damaged.
  fields.forEach((field, i) => {
    parseQuantity(columns[i]?.name ?? "", field, 3, ANY);
  });
  const { power, voltage, current, temperature, energy } = layout;
  const all = (indices: readonly number[]): readonly number[] | undefined => {
    const values = indices.map((index) => measureField(fields, columns, index));
    const known = values.filter((value) => value !== undefined);
    return known.length === indices.length && known.length > 0 ? known : undefined;
  };
  const watts = all(power);
  if (watts === undefined) fail("sensor-range", "power is not measured", { quantity: "power" });
  const volts = all(voltage);
  const amps = all(current);
  const degrees =
    temperature === undefined ? undefined : measureField(fields, columns, temperature);
  return {
    energy,
    power: watts.reduce((sum, value) => sum + value, 0),
    ...(volts === undefined ? {} : { voltage: volts }),
    ...(amps === undefined ? {} : { current: amps }),
    ...(degrees === undefined ? {} : { temperature: degrees }),
  };
}

const ANY = [-1e12, 1e12] as const;

/** In thousandths of the unit; undefined for `nan`, and for a thermometer that is not there (-127 °C). */
function measureField(
  fields: readonly string[],
  columns: readonly Column[],
  index: number,
): number | undefined {
  const field = fields[index] ?? "";
  const { name = "", unit = "other" } = columns[index] ?? {};
  switch (unit) {
    case "W":
      return parseQuantity(name, field, 3, LINE_RANGES.power);
    case "mA":
      return parseQuantity(name, field, 0, LINE_RANGES.current);
    case "A":
      return parseQuantity(name, field, 3, LINE_RANGES.current);
    case "V":
      return parseQuantity(name, field, 3, LINE_RANGES.voltage);
    case "C":
      return parseTemperature(name, field, 3);
    case "node":
    case "other":
      return undefined;
  }
}
