/**
 * The `sources` list of a meter's configuration: JSON of unknown shape in, typed configuration out.
 *
 * Throws `schema` naming the path. Each key is documented on its type; every duration and unit is spelled out
 * there because this is what a person edits.
 */
import type { Json } from "../shared/base/canonical-json.ts";
import {
  arrayOf,
  type Decoded,
  type Decoder,
  integer,
  literal,
  natural,
  object,
  pattern,
} from "../shared/base/decoder.ts";
import { fail } from "../shared/base/error.ts";

const path = pattern(/^[^\0]{1,1000}$/, "a path");
const columnName = pattern(/^.{1,100}$/, "a column name");
/** One column, or several whose values are added up (time: joined with a space). */
const columnNames: Decoder<readonly string[]> = (value, at) =>
  typeof value === "string" ? [columnName(value, at)] : arrayOf(columnName, 1, 8)(value, at);

function measured<const U extends string>(...units: U[]) {
  return object({ column: columnNames, unit: literal(...units) });
}

/** A household simulated under the unchanged drivers of a PZEM-004T and an SHT31. */
const mock = object({ kind: literal("mock"), seed: natural });

/** A PZEM-004T v3 or PZEM-016. `address` 248 is the general address of a line with one slave. */
const pzem = object(
  { kind: literal("pzem-004t"), port: path },
  { baud: literal(1200, 2400, 4800, 9600, 19200), address: integer(1, 248) },
);

/** An SHT30, SHT31 or SHT35 on `/dev/i2c-<bus>`. */
const sht31 = object(
  { kind: literal("sht31"), bus: integer(0, 255) },
  { address: literal(0x44, 0x45) },
);

const replay = object(
  {
    kind: literal("replay"),
    file: path,
    /** Seconds of a row; 0: each row is a whole local day. */
    step: literal(0, 60, 300, 600, 900, 1800, 3600),
    /**
     * `format`: `iso` (naive, or with Z or an offset), `unix` seconds, `unix-ms`, or a pattern of the
     * letters YYYY MM DD hh mm ss such as `DD/MM/YYYY hh:mm:ss`.
     */
    time: object({ column: columnNames }, { format: pattern(/^.{1,40}$/, "a time format") }),
  },
  {
    /** `rows`: intervals as recorded. `device`: a simulated PZEM plays them. Default: device at 60 s. */
    as: literal("rows", "device"),
    /** Of naive timestamps: an IANA zone, or a fixed offset like `+01:00` for a clock without summer time. Default: the meter's. */
    zone: pattern(/^[A-Za-z0-9+\-_/:]{1,64}$/, "a zone or offset"),
    /** Which end of its interval a row is stamped with; default start. */
    stamp: literal("start", "end"),
    /** One of energy and power; several columns are added up. */
    energy: measured("kWh", "Wh"),
    power: measured("kW", "W"),
    voltage: measured("V"),
    current: measured("A"),
    temperature: measured("°C"),
    humidity: measured("%"),
    /** The values of a column that mark a row as partly recorded, or as not recorded. */
    quality: object(
      { column: columnName },
      { partial: arrayOf(columnName), missing: arrayOf(columnName) },
    ),
    /** Only rows whose column has this value, for a file of several meters. */
    where: object({ column: columnName, value: pattern(/^.{0,200}$/, "a value") }),
    /** Texts that stand for "no value", besides the empty one. */
    absent: arrayOf(columnName),
    delimiter: literal(",", ";", "\t"),
    decimal: literal(".", ","),
  },
);

export type MockConfig = Decoded<typeof mock>;
export type PzemConfig = Decoded<typeof pzem>;
export type Sht31Config = Decoded<typeof sht31>;
export type ReplayConfig = Decoded<typeof replay>;
export type SensorConfig = PzemConfig | Sht31Config;
export type SourceConfig = MockConfig | ReplayConfig | SensorConfig;

const decoders: { readonly [kind: string]: Decoder<SourceConfig> } = {
  mock,
  "pzem-004t": pzem,
  sht31,
  replay,
};

/** One source. Throws `schema`. */
export function decodeSource(value: Json, at: string): SourceConfig {
  const kind = (value as { kind?: unknown } | null)?.kind;
  const decode =
    typeof kind === "string" && Object.hasOwn(decoders, kind) ? decoders[kind] : undefined;
  if (decode === undefined) {
    fail("schema", `${at}.kind: expected one of ${Object.keys(decoders).join(", ")}`, { path: at });
  }
  const config = decode(value, at);
  if (config.kind === "replay") checkReplay(config, at);
  return config;
}

/**
 * A meter's sources: several sensors, of which at most one measures energy; or one mock or replay alone.
 * Throws `schema`.
 */
export function decodeSources(value: Json, at = "sources"): readonly SourceConfig[] {
  const configs = arrayOf(decodeSource, 1, 8)(value, at);
  const alone = configs.find((config) => config.kind === "mock" || config.kind === "replay");
  if (alone !== undefined && configs.length > 1) {
    fail("schema", `${at}: a ${alone.kind} source stands alone`, { path: at });
  }
  if (configs.filter((config) => config.kind === "pzem-004t").length > 1) {
    fail("schema", `${at}: more than one sensor that measures energy`, { path: at });
  }
  return configs;
}

function checkReplay(config: ReplayConfig, at: string): void {
  if ((config.energy === undefined) === (config.power === undefined)) {
    fail("schema", `${at}: expected either energy or power`, { path: at });
  }
  if (config.step === 0 && (config.power !== undefined || config.as === "device")) {
    fail("schema", `${at}: whole-day rows (step 0) need energy and are read as rows`, { path: at });
  }
}
