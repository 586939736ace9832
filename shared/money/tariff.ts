/**
 * The body of a tariff record: what is charged, in nano-units of a currency.
 *
 *   { v:1, name, currency, minor, zone?, from?, to?, charges: [charge, …] }
 *
 *   energy    { kind:"energy",   code, label, nano, recovered? }   per kWh taken from the grid
 *   standing  { kind:"standing", code, label, nano, per }          per local day or month that begins
 *
 * `zone`: the tariff is for points in this IANA zone only. `from`, `to`: the version is valid from and until these
 * instants. `recovered`: the rate of R slots, where it differs. Each charge gives one line a bill, in this order.
 * A body with a kind or member that is not listed here is refused as a whole, never computed in part, so kinds
 * (demand, minimum, export, tax) and members (steps, times of use, price series) can be added without a
 * change of what exists. The log takes any canonical object; this schema is a local rule.
 */
import { isJsonObject, type Json, type JsonObject } from "../base/canonical-json.ts";
import {
  arrayOf,
  code,
  type Decoded,
  type Decoder,
  instant,
  literal,
  object,
  pattern,
  signedInteger,
  text,
} from "../base/decoder.ts";
import { fail, isCoded } from "../base/error.ts";
import type { Nano } from "../base/units.ts";
import { currencyCode, minorDigits } from "./bill-plaintext.ts";

/** Room for what the bill adds to a label. */
const label = pattern(/^.{1,100}$/su, "a label of 1 to 100 characters");

const energyCharge = object(
  { kind: literal("energy"), code, label, nano: signedInteger },
  { recovered: signedInteger },
);
const standingCharge = object({
  kind: literal("standing"),
  code,
  label,
  nano: signedInteger,
  per: literal("day", "month"),
});

export type EnergyCharge = Decoded<typeof energyCharge>;
export type StandingCharge = Decoded<typeof standingCharge>;
type TariffCharge = EnergyCharge | StandingCharge;

const charge: Decoder<TariffCharge> = (value, path) => {
  const isStanding = isJsonObject(value) && value["kind"] === "standing";
  return isStanding ? standingCharge(value, path) : energyCharge(value, path);
};

const tariffBody = object(
  {
    v: literal(1),
    name: text,
    currency: currencyCode,
    minor: minorDigits,
    charges: arrayOf(charge, 1, 64),
  },
  { zone: text, from: instant, to: instant },
);

export type TariffBody = Decoded<typeof tariffBody>;

/** The body of a tariff record. Throws `tariff-body`, its message naming the path. */
export function decodeTariffBody(body: Json): TariffBody {
  let decoded: TariffBody;
  try {
    decoded = tariffBody(body, "body");
  } catch (error) {
    if (!isCoded(error, "schema")) throw error;
    fail("tariff-body", error.message, error.detail);
  }
  const codes = decoded.charges.map((item) => item.code);
  if (new Set(codes).size !== codes.length) fail("tariff-body", "body.charges: a code twice");
  if (decoded.to !== undefined && decoded.to <= (decoded.from ?? 0)) {
    fail("tariff-body", "body.to: not after body.from");
  }
  return decoded;
}

export interface FlatTariff {
  readonly name: string;
  readonly currency: string;
  readonly minor: number;
  /** Per kWh. */
  readonly energyNano: Nano;
  readonly standing?: { readonly per: "day" | "month"; readonly nano: Nano };
  readonly zone?: string;
}

/** The body of a flat tariff with a standing charge. Throws `tariff-body`. */
export function createFlatTariff(flat: FlatTariff): TariffBody & JsonObject {
  const { name, currency, minor, energyNano, standing, zone } = flat;
  const charges: JsonObject[] = [
    { kind: "energy", code: "energy", label: "Energy", nano: energyNano },
  ];
  if (standing !== undefined) {
    const { per, nano } = standing;
    charges.push({ kind: "standing", code: "standing", label: "Standing charge", per, nano });
  }
  const body: JsonObject = {
    v: 1,
    name,
    currency,
    minor,
    charges,
    ...(zone === undefined ? {} : { zone }),
  };
  return decodeTariffBody(body) as TariffBody & JsonObject;
}
