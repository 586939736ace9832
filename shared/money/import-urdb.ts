/**
 * Rates of OpenEI's Utility Rate Database (its JSON of versions 3 to 8) as tariff bodies.
 *
 * In:  one rate, or a whole answer with `items` of which the first is taken; JSON of unknown shape. Out: a body. What the
 *      engine cannot bill as written (ratchets, reactive power, demand with tiers) is refused with `tariff-file`.
 *      Field names: openei.org, "Utility Rates API", response fields.
 */
import type { Json, JsonObject } from "../base/canonical-json.ts";
import { parseDecimal } from "../base/decimal.ts";
import {
  arrayOf,
  type Decoded,
  type Decoder,
  integer,
  natural,
  partOf,
  pattern,
} from "../base/decoder.ts";
import { fail, isCoded } from "../base/error.ts";
import type { ImportOptions } from "./import-ratebook.ts";
import { decodeTariffBody, type TariffBody } from "./tariff.ts";
import {
  type Grid,
  type GridPeriod,
  listPeriods,
  type RateGrid,
  rateOfGrid,
  rulesOfPeriod,
} from "./tariff-grid.ts";

const NANO_PLACES = 9;
const WATT_HOUR_PLACES = 3;

/** Exact decimals of a JSON number, which the database writes as people entered it. */
const number: Decoder<string> = (value, path) => {
  const text = typeof value === "number" ? plainDecimal(value) : value;
  if (typeof text !== "string" || parseDecimal(text, NANO_PLACES, ".") === undefined) {
    fail("schema", `${path}: expected a number`, { path });
  }
  return text;
};
const text = pattern(/^[\s\S]*$/, "a text");
const grid = arrayOf(arrayOf(integer(0, 99), 24, 24), 12, 12);
const tiers = arrayOf(
  partOf({}, { rate: number, adj: number, max: number, unit: text, sell: number }),
  1,
  16,
);
const structure = arrayOf(tiers, 1, 48);

const decodeRate = partOf(
  { name: text, energyratestructure: structure, energyweekdayschedule: grid },
  {
    utility: text,
    startdate: natural,
    enddate: natural,
    energyweekendschedule: grid,
    fixedchargefirstmeter: number,
    fixedchargeunits: text,
    fixedmonthlycharge: number,
    mincharge: number,
    minchargeunits: text,
    flatdemandstructure: structure,
    flatdemandmonths: arrayOf(integer(0, 99), 12, 12),
    flatdemandunit: text,
    demandratestructure: structure,
    demandweekdayschedule: grid,
    demandweekendschedule: grid,
    demandrateunit: text,
    demandwindow: number,
  },
);
type Rate = Decoded<typeof decodeRate>;
type Tier = Rate["energyratestructure"][number][number];

/** Members whose meaning a bill would depend on, and which are not computed here. */
const UNSUPPORTED = [
  "demandratchetpercentage",
  "coincidentratestructure",
  "demandreactivepowercharge",
  "lookbackpercent",
  "lookbackmonths",
  "fueladjustmentsmonthly",
  "annualmincharge",
];

/** Throws `tariff-file`, `tariff-body`. */
export function importUrdb(file: unknown, options: ImportOptions): TariffBody & JsonObject {
  const item = firstItem(file as { readonly items?: unknown } | undefined);
  const rate = decode(item);
  refuseUnsupported(item as { readonly [name: string]: unknown });
  const grids: RateGrid = {
    weekday: rate.energyweekdayschedule,
    weekend: rate.energyweekendschedule ?? rate.energyweekdayschedule,
    holidaysAsWeekend: false,
  };
  const charges: JsonObject[] = [
    {
      kind: "energy",
      code: "energy",
      label: "Energy",
      ...rateOfGrid(grids, rate.energyratestructure.map(readPeriod)),
    },
    ...exportCharges(rate, grids),
    ...standingCharges(rate),
    ...demandCharges(rate),
    ...minimumCharges(rate),
  ];
  return decodeTariffBody({
    v: 1,
    name: [rate.utility, rate.name].filter(Boolean).join(", ").slice(0, 200),
    currency: options.currency,
    minor: options.minor,
    zone: options.zone,
    ...(rate.startdate === undefined ? {} : { from: rate.startdate }),
    ...(rate.enddate === undefined ? {} : { to: rate.enddate }),
    charges,
  }) as TariffBody & JsonObject;
}

function readPeriod(list: readonly Tier[]): GridPeriod {
  const units = new Set(
    list.flatMap(({ max, unit }) => (max === undefined ? [] : [unit ?? "kWh"])),
  );
  if (units.size > 1 || ![...units].every((unit) => unit === "kWh" || unit === "kWh daily")) {
    fail("tariff-file", `tiers by ${[...units].join(" and ")} are not supported`);
  }
  return {
    per: units.has("kWh daily") ? "day" : "month",
    tiers: list.map(({ rate, adj, max }, i) => ({
      nano: nano(rate) + nano(adj),
      // Some rates close their last tier; what is above it is at the same price.
      ...(max === undefined || i === list.length - 1 ? {} : { upto: wattHours(max) }),
    })),
  };
}

function exportCharges(rate: Rate, grids: RateGrid): readonly JsonObject[] {
  const periods = rate.energyratestructure;
  if (!periods.some((list) => list.some(({ sell }) => sell !== undefined))) return [];
  const credits = periods.map((list): GridPeriod => {
    if (new Set(list.map(({ sell }) => nano(sell))).size > 1) {
      fail("tariff-file", "a rate for exported energy that depends on use is not supported");
    }
    return { per: "month", tiers: [{ nano: nano(list[0]?.sell) }] };
  });
  const credit = rateOfGrid(grids, credits);
  const bands = (credit["bands"] as readonly JsonObject[] | undefined)?.map((band, i) => ({
    ...band,
    code: `export-${i + 1}`,
  }));
  const named = { kind: "export", code: "export", label: "Energy delivered" };
  return [{ ...named, ...(bands === undefined ? credit : { bands }) }];
}

function standingCharges(rate: Rate): readonly JsonObject[] {
  const amount = rate.fixedchargefirstmeter ?? rate.fixedmonthlycharge;
  if (amount === undefined || nano(amount) === 0) return [];
  const unit = rate.fixedchargefirstmeter === undefined ? "$/month" : rate.fixedchargeunits;
  const named = { kind: "standing", code: "standing", label: "Service charge" };
  return [{ ...named, nano: nano(amount), per: readPer(unit) }];
}

function minimumCharges({ mincharge, minchargeunits }: Rate): readonly JsonObject[] {
  if (mincharge === undefined || nano(mincharge) === 0) return [];
  const named = { kind: "minimum", code: "minimum", label: "Minimum bill" };
  return [{ ...named, nano: nano(mincharge), per: readPer(minchargeunits) }];
}

function demandCharges(rate: Rate): readonly JsonObject[] {
  if (rate.demandwindow !== undefined && nano(rate.demandwindow) !== nano("15")) {
    fail("tariff-file", "a demand over other than 15 minutes is not supported");
  }
  return [
    ...demandsOf("demand", rate.demandratestructure, rate.demandrateunit, demandGrid(rate)),
    ...demandsOf("flat-demand", rate.flatdemandstructure, rate.flatdemandunit, flatGrid(rate)),
  ];
}

function demandGrid(rate: Rate): RateGrid | undefined {
  const weekday = rate.demandweekdayschedule;
  if (weekday === undefined) return undefined;
  return { weekday, weekend: rate.demandweekendschedule ?? weekday, holidaysAsWeekend: false };
}

function flatGrid({ flatdemandmonths }: Rate): RateGrid | undefined {
  if (flatdemandmonths === undefined) return undefined;
  const rows: Grid = flatdemandmonths.map((period) => Array.from({ length: 24 }, () => period));
  return { weekday: rows, weekend: rows, holidaysAsWeekend: false };
}

function demandsOf(
  code: string,
  periods: readonly (readonly Tier[])[] | undefined,
  unit: string | undefined,
  grids: RateGrid | undefined,
): readonly JsonObject[] {
  if (periods === undefined || grids === undefined) return [];
  return [...listPeriods(grids)]
    .sort((a, b) => a - b)
    .flatMap((period): JsonObject[] => {
      const list =
        periods[period] ?? fail("tariff-file", `no demand period ${period} is described`);
      const rates = new Set(list.map((tier) => nano(tier.rate) + nano(tier.adj)));
      if (rates.size > 1) fail("tariff-file", "a demand charge with tiers is not supported");
      const [rate = 0] = rates;
      if (rate === 0) return [];
      if ((unit ?? "kW") !== "kW") fail("tariff-file", `a demand in ${unit} is not supported`);
      const when = rulesOfPeriod(grids, period);
      const named = { kind: "demand", code: `${code}-${period + 1}`, label: "Peak demand" };
      const rules = when === undefined ? {} : { when: when as unknown as JsonObject[] };
      return [{ ...named, nano: rate, ...rules }];
    });
}

function refuseUnsupported(item: { readonly [name: string]: unknown }): void {
  const used = UNSUPPORTED.filter((name) => hasAmount(item[name]));
  if (used.length > 0) fail("tariff-file", `not supported: ${used.join(", ")}`);
}

function hasAmount(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasAmount);
  if (typeof value === "object" && value !== null) return Object.values(value).some(hasAmount);
  return Number(value ?? 0) !== 0 && value !== true;
}

function firstItem(file: { readonly items?: unknown } | undefined): unknown {
  const items = file?.items;
  return Array.isArray(items) ? items[0] : file;
}

function readPer(unit: string | undefined): "month" | "day" {
  if (unit === undefined || unit === "$/month") return "month";
  if (unit === "$/day") return "day";
  fail("tariff-file", `a charge in ${unit} is not supported`);
}

function nano(amount: string | undefined): number {
  return parseDecimal(amount ?? "0", NANO_PLACES, ".") ?? 0;
}

function wattHours(kwh: string): number {
  return parseDecimal(kwh, WATT_HOUR_PLACES, ".") ?? fail("tariff-file", `not an energy: ${kwh}`);
}

/** Shortest decimal form of a number, never with an exponent. */
function plainDecimal(value: number): string {
  const short = String(value);
  return short.includes("e") ? value.toFixed(NANO_PLACES + 3) : short;
}

function decode(item: unknown): Rate {
  try {
    return decodeRate(item as Json, "rate");
  } catch (error) {
    if (!isCoded(error, "schema")) throw error;
    fail("tariff-file", error.message, error.detail);
  }
}
