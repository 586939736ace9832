/**
 * The charges of a tariff: one entry of `charges`, decoded.
 *
 *   energy    { kind:"energy",   code, label, RATE, recovered? }     per kWh taken from the grid
 *   export    { kind:"export",   code, label, RATE }                 per kWh given to the grid, a credit
 *   standing  { kind:"standing", code, label, nano, per }            per local day or month that begins, or per bill
 *   demand    { kind:"demand",   code, label, nano, when? }          per kW of the highest quarter of an hour, each local month
 *   minimum   { kind:"minimum",  code, label, nano, per }            what the lines before it come to at least, per day or month
 *   tax       { kind:"tax",      code, label, nano, on? }            a share (1e9 is all) of the rounded lines before it
 *
 *   RATE      nano                                 one rate
 *           | steps, per                           by use: [{upto?, nano}], `upto` Wh in a local "month" or a "day"
 *           | bands: [{code, label, when?, nano | steps, per}]   by time, the last one for all other times
 *           | series, add?                         the price records of that id, and a surcharge
 *
 * `recovered`: the rate of R slots; without it they have the cheapest rate of their gap. `on`: codes of charges before it.
 */
import { isJsonObject, type Json } from "../base/canonical-json.ts";
import {
  arrayOf,
  code,
  type Decoded,
  type Decoder,
  integer,
  literal,
  object,
  pattern,
  signedInteger,
} from "../base/decoder.ts";
import { fail } from "../base/error.ts";
import { decodeWhen } from "./tariff-when.ts";

/** Room for what the bill adds to a label. */
const label = pattern(/^.{1,100}$/su, "a label of 1 to 100 characters");
const bandLabel = pattern(/^.{1,60}$/su, "a label of 1 to 60 characters");
const period = literal("month", "day");

const step = object({ nano: signedInteger }, { upto: integer(1) });
export type TariffStep = Decoded<typeof step>;

/** Steps in ascending order, the last one open. */
const steps: Decoder<TariffStep[]> = (value, path) => {
  const list = arrayOf(step, 1, 16)(value, path);
  for (const [i, { upto }] of list.entries()) {
    const isLast = i === list.length - 1;
    if (isLast !== (upto === undefined)) {
      fail("schema", `${path}[${i}].upto: every step but the last has one`, { path });
    }
    if (upto !== undefined && upto <= (list[i - 1]?.upto ?? 0)) {
      fail("schema", `${path}[${i}].upto: not above the step before`, { path });
    }
  }
  return list;
};

const flatRate = { nano: signedInteger };
const steppedRate = { steps, per: period };
const bandMembers = { code, label: bandLabel };
const flatBand = object({ ...bandMembers, ...flatRate }, { when: decodeWhen });
const steppedBand = object({ ...bandMembers, ...steppedRate }, { when: decodeWhen });
export type TariffBand = Decoded<typeof flatBand> | Decoded<typeof steppedBand>;

const band: Decoder<TariffBand> = (value, path) =>
  has(value, "steps") ? steppedBand(value, path) : flatBand(value, path);

const bands: Decoder<TariffBand[]> = (value, path) => {
  const list = arrayOf(band, 1, 48)(value, path);
  for (const [i, { when }] of list.entries()) {
    if ((i === list.length - 1) !== (when === undefined)) {
      fail("schema", `${path}[${i}].when: every band but the last has one`, { path });
    }
  }
  return list;
};

const named = { code, label };
const energy = { kind: literal("energy"), ...named };
const recovered = { recovered: signedInteger };
const exported = { kind: literal("export"), ...named };

const energyCharge = oneRate(
  object({ ...energy, ...flatRate }, recovered),
  object({ ...energy, ...steppedRate }, recovered),
  object({ ...energy, bands }, recovered),
  object({ ...energy, series: code }, { ...recovered, add: signedInteger }),
);
const exportCharge = oneRate(
  object({ ...exported, ...flatRate }),
  object({ ...exported, ...steppedRate }),
  object({ ...exported, bands }),
  object({ ...exported, series: code }, { add: signedInteger }),
);
const standingCharge = object({
  kind: literal("standing"),
  ...named,
  ...flatRate,
  per: literal("day", "month", "bill"),
});
const demandCharge = object(
  { kind: literal("demand"), ...named, ...flatRate },
  { when: decodeWhen },
);
const minimumCharge = object({ kind: literal("minimum"), ...named, ...flatRate, per: period });
const taxCharge = object(
  { kind: literal("tax"), ...named, ...flatRate },
  { on: arrayOf(code, 1, 64) },
);

export type EnergyCharge = Decoded<typeof energyCharge>;
export type ExportCharge = Decoded<typeof exportCharge>;
export type StandingCharge = Decoded<typeof standingCharge>;
export type DemandCharge = Decoded<typeof demandCharge>;
export type MinimumCharge = Decoded<typeof minimumCharge>;
export type TaxCharge = Decoded<typeof taxCharge>;
export type TariffCharge =
  | EnergyCharge
  | ExportCharge
  | StandingCharge
  | DemandCharge
  | MinimumCharge
  | TaxCharge;

const CHARGES: { readonly [K in TariffCharge["kind"]]: Decoder<TariffCharge> } = {
  energy: energyCharge,
  export: exportCharge,
  standing: standingCharge,
  demand: demandCharge,
  minimum: minimumCharge,
  tax: taxCharge,
};

const kind = literal(...(Object.keys(CHARGES) as TariffCharge["kind"][]));

/** Throws `schema` naming the path. */
export const decodeCharge: Decoder<TariffCharge> = (value, path) => {
  if (!isJsonObject(value)) fail("schema", `${path}: expected an object`, { path });
  return CHARGES[kind(value["kind"] ?? "", `${path}.kind`)](value, path);
};

/** Codes of the lines that a charge can give. */
export function lineCodes(charge: TariffCharge): readonly string[] {
  if (!("bands" in charge)) return [charge.code];
  const codes = charge.bands.map((item) => item.code);
  return "recovered" in charge ? [...codes, charge.code] : codes;
}

function has(value: Json, name: string): boolean {
  return isJsonObject(value) && value[name] !== undefined;
}

/** The form of a charge by the member that gives its rate. */
function oneRate<A, B, C, D>(
  flat: Decoder<A>,
  stepped: Decoder<B>,
  banded: Decoder<C>,
  series: Decoder<D>,
): Decoder<A | B | C | D> {
  return (value, path) => {
    if (has(value, "steps")) return stepped(value, path);
    if (has(value, "bands")) return banded(value, path);
    if (has(value, "series")) return series(value, path);
    return flat(value, path);
  };
}
