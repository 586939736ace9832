/**
 * The body of a tariff record: what is charged, in nano-units of a currency.
 *
 *   { v:1, name, currency, minor, zone?, from?, to?, holidays?, charges: [charge, …] }
 *
 * `zone`: the tariff is for points in this IANA zone only. `from`, `to`: the version is valid from and until these
 * instants. `holidays`: local dates, ascending. Charges (tariff-charge.ts) give their lines in this order.
 * A body with a kind or member that is not known here is refused as a whole, never computed in part. The log takes any
 * canonical object; this schema is a local rule.
 */
import type { Json, JsonObject } from "../base/canonical-json.ts";
import { arrayOf, type Decoded, date, instant, literal, object, text } from "../base/decoder.ts";
import { fail, isCoded } from "../base/error.ts";
import type { Nano } from "../base/units.ts";
import { currencyCode, minorDigits } from "./bill-plaintext.ts";
import { decodeCharge, lineCodes } from "./tariff-charge.ts";

const tariffBody = object(
  {
    v: literal(1),
    name: text,
    currency: currencyCode,
    minor: minorDigits,
    charges: arrayOf(decodeCharge, 1, 64),
  },
  { zone: text, from: instant, to: instant, holidays: arrayOf(date, 1, 1_000) },
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
  requireCodes(decoded);
  const { holidays = [] } = decoded;
  if (holidays.some((day, i) => i > 0 && day <= (holidays[i - 1] as string))) {
    fail("tariff-body", "body.holidays: not in ascending order");
  }
  if (decoded.to !== undefined && decoded.to <= (decoded.from ?? 0)) {
    fail("tariff-body", "body.to: not after body.from");
  }
  return decoded;
}

/** No line's code twice, and a tax is on charges that stand before it. */
function requireCodes({ charges }: TariffBody): void {
  const before = new Set<string>();
  for (const [i, charge] of charges.entries()) {
    const on = charge.kind === "tax" ? (charge.on ?? []) : [];
    for (const code of on) {
      if (!before.has(code)) {
        fail("tariff-body", `body.charges[${i}].on: no line ${code} before this charge`);
      }
    }
    for (const code of lineCodes(charge)) {
      if (before.has(code)) fail("tariff-body", `body.charges[${i}]: the code ${code} twice`);
      before.add(code);
    }
  }
}

/**
 * Whether the tariff's unrounded lines stay the same however a period is cut: only rates per kWh and charges that fall
 * due with a day or a month.
 */
export function isPlainTariff({ charges }: TariffBody): boolean {
  return charges.every((charge) => {
    if (charge.kind === "standing") return charge.per !== "bill";
    if (charge.kind !== "energy" && charge.kind !== "export") return false;
    if ("bands" in charge) return charge.bands.every((band) => "nano" in band);
    return !("steps" in charge);
  });
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
