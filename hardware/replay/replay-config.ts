/** The configuration of a recording that is played instead of sensors: which columns mean what. */
import {
  arrayOf,
  type Decoded,
  type Decoder,
  literal,
  object,
  pattern,
} from "../../shared/base/decoder.ts";
import { fail } from "../../shared/base/error.ts";

const columnName = pattern(/^.{1,100}$/, "a column name");
const columnNames: Decoder<readonly string[]> = (value, at) =>
  typeof value === "string" ? [columnName(value, at)] : arrayOf(columnName, 1, 8)(value, at);

/** One column, or several whose values are added up. */
function measured<const U extends string>(...units: U[]) {
  return object({ column: columnNames, unit: literal(...units) });
}

const shape = object(
  {
    kind: literal("replay"),
    /** A CSV file with a header line. */
    file: pattern(/^[^\0]{1,1000}$/, "a path"),
    /** Seconds of a row; 0: each row is a whole local day. */
    step: literal(0, 60, 300, 600, 900, 1800, 3600),
    /**
     * `column`: one, or several (a date and a time) that are joined with a space. `format`: `iso` (default;
     * naive, or with Z or an offset), `unix` seconds, `unix-ms`, or a pattern of YYYY MM DD hh mm ss such as
     * `DD/MM/YYYY hh:mm:ss`.
     */
    time: object({ column: columnNames }, { format: pattern(/^.{1,40}$/, "a time format") }),
  },
  {
    /**
     * `rows`: the intervals as recorded. `device`: a simulated PZEM-004T whose register follows the recording,
     * read by the unchanged driver. Default: `device` at step 60, else `rows`.
     */
    as: literal("rows", "device"),
    /**
     * Of naive timestamps: an IANA zone, or a fixed offset such as `+01:00` for a clock that knows no
     * summer time. Default: the meter's zone.
     */
    zone: pattern(/^[A-Za-z0-9+\-_/:]{1,64}$/, "a zone or an offset"),
    /** Which end of its interval a row is stamped with. Default `start`. */
    stamp: literal("start", "end"),
    /** Exactly one of energy (of the row) and power (its mean over the row). */
    energy: measured("kWh", "Wh"),
    power: measured("kW", "W"),
    voltage: measured("V", "mV"),
    current: measured("A", "mA"),
    temperature: measured("°C"),
    humidity: measured("%"),
    /** The values of a column that mark a row as recorded in part, or not at all. */
    quality: object(
      { column: columnName },
      { partial: arrayOf(columnName), missing: arrayOf(columnName) },
    ),
    /** Only the rows whose column has this value: one meter of a file of several. */
    where: object({ column: columnName, value: pattern(/^.{0,200}$/, "a value") }),
    /** Texts that stand for "no value", besides the empty one. */
    absent: arrayOf(columnName),
    /** Default a comma. */
    delimiter: literal(",", ";", "\t"),
    /** Decimal mark. Default a point. */
    decimal: literal(".", ","),
  },
);

export type ReplayConfig = Decoded<typeof shape>;

/** Throws `schema`. */
export const decodeReplay: Decoder<ReplayConfig> = (value, at) => {
  const config = shape(value, at);
  if ((config.energy === undefined) === (config.power === undefined)) {
    fail("schema", `${at}: expected either energy or power`, { path: at });
  }
  if (config.step === 0 && (config.power !== undefined || config.as === "device")) {
    fail("schema", `${at}: whole-day rows (step 0) carry energy and are read as rows`, {
      path: at,
    });
  }
  return config;
};
