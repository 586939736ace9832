/**
 * Tariffs of the ratebook collection (schema_version 0) as tariff bodies.
 *
 * In:  a ratebook file, JSON of unknown shape, and the zone that its local times mean. Out: a body. What the engine
 *      cannot bill as written is refused with `tariff-file`, never left out.
 */
import type { Json, JsonObject } from "../base/canonical-json.ts";
import { parseDecimal } from "../base/decimal.ts";
import {
  arrayOf,
  type Decoded,
  type Decoder,
  integer,
  literal,
  partOf,
  pattern,
} from "../base/decoder.ts";
import { fail, isCoded } from "../base/error.ts";
import { dayBounds } from "../time/civil-day.ts";
import { decodeTariffBody, type TariffBody } from "./tariff.ts";
import { type GridPeriod, rateOfGrid } from "./tariff-grid.ts";
import { listUsHolidays } from "./us-holidays.ts";

/** Holidays are listed for this many years where the tariff has no end. */
const HOLIDAY_YEARS = 10;
const NANO_PLACES = 9;
const WATT_HOUR_PLACES = 3;

const decimal = pattern(/^[+-]?\d{0,12}(?:\.\d{0,9})?$/, "a decimal number as text");
const isoDate = pattern(/^\d{4}-\d\d-\d\d$/, "YYYY-MM-DD");
const row = arrayOf(integer(0, 99), 24, 24);
const grid = arrayOf(row, 12, 12);
const perMonthOrDay = literal("$/month", "$/day");

const decodeTier = partOf(
  { rate: decimal },
  { adj: decimal, max: decimal, max_unit: text(), sell: decimal },
);
const decodeAmount = partOf({ amount: decimal, unit: perMonthOrDay });
const decodeRatebook = partOf(
  {
    schema_version: literal(0),
    identity: partOf({ plan_name: text() }, { utility_id: text() }),
    effective_range: partOf(
      { start: isoDate },
      { end: isoDate, scheduled_end: isoDate, superseded_at: isoDate },
    ),
    energy: partOf({ periods: arrayOf(partOf({ tiers: arrayOf(decodeTier, 1, 16) }), 1, 48) }),
    schedule: partOf(
      { weekday: grid, weekend: grid },
      { holiday_policy: text(), holidays: arrayOf(text()), holiday_observance: text() },
    ),
    fixed_charges: arrayOf(decodeAmount),
    unsupported: arrayOf(anything),
  },
  { min_charge: decodeAmount },
);
type Ratebook = Decoded<typeof decodeRatebook>;
type Tier = Decoded<typeof decodeTier>;

export interface ImportOptions {
  /** IANA zone of the points; valid from and until are its midnights. */
  readonly zone: string;
  /** ISO 4217. */
  readonly currency: string;
  /** Decimals of the currency. */
  readonly minor: number;
}

/** Throws `tariff-file`, `tariff-body`. */
export function importRatebook(file: unknown, options: ImportOptions): TariffBody & JsonObject {
  const book = decode(file);
  if (book.unsupported.length > 0) {
    fail(
      "tariff-file",
      `the file lists what it could not express: ${JSON.stringify(book.unsupported)}`,
    );
  }
  const { schedule, effective_range: range, identity } = book;
  const holidays = listHolidays(book);
  const rates = {
    weekday: schedule.weekday,
    weekend: schedule.weekend,
    holidaysAsWeekend: holidays.length > 0,
  };
  const { periods } = book.energy;
  const charges: JsonObject[] = [
    {
      kind: "energy",
      code: "energy",
      label: "Energy",
      ...rateOfGrid(rates, periods.map(readPeriod)),
    },
  ];
  if (periods.some(({ tiers }) => tiers.some(({ sell }) => sell !== undefined))) {
    const credit = rateOfGrid(rates, periods.map(readCredit));
    charges.push({
      kind: "export",
      code: "export",
      label: "Energy delivered",
      ...renameBands(credit),
    });
  }
  for (const [i, { amount, unit }] of book.fixed_charges.entries()) {
    const code = i === 0 ? "standing" : `standing-${i + 1}`;
    charges.push({
      kind: "standing",
      code,
      label: "Service charge",
      nano: nano(amount),
      per: per(unit),
    });
  }
  if (book.min_charge !== undefined) {
    const { amount, unit } = book.min_charge;
    charges.push({
      kind: "minimum",
      code: "minimum",
      label: "Minimum bill",
      nano: nano(amount),
      per: per(unit),
    });
  }
  const end = range.superseded_at ?? range.scheduled_end ?? range.end;
  return decodeTariffBody({
    v: 1,
    name: [identity.utility_id, identity.plan_name].filter(Boolean).join(", ").slice(0, 200),
    currency: options.currency,
    minor: options.minor,
    zone: options.zone,
    from: midnight(options.zone, range.start),
    ...(end === undefined ? {} : { to: midnight(options.zone, end) }),
    ...(holidays.length === 0 ? {} : { holidays }),
    charges,
  }) as TariffBody & JsonObject;
}

function readPeriod({ tiers }: { readonly tiers: readonly Tier[] }): GridPeriod {
  const units = new Set(
    tiers.flatMap(({ max, max_unit }) => (max === undefined ? [] : [max_unit ?? "kWh"])),
  );
  if (units.size > 1 || ![...units].every((unit) => unit === "kWh" || unit === "kWh daily")) {
    fail("tariff-file", `tiers by ${[...units].join(" and ")} are not supported`);
  }
  return {
    per: units.has("kWh daily") ? "day" : "month",
    tiers: tiers.map(({ rate, adj, max }) => ({
      nano: nano(rate) + (adj === undefined ? 0 : nano(adj)),
      ...(max === undefined ? {} : { upto: wattHours(max) }),
    })),
  };
}

/** What exported energy earns: the first tier's rate, because tiers count what is taken. */
function readCredit({ tiers }: { readonly tiers: readonly Tier[] }): GridPeriod {
  const rates = new Set(tiers.map(({ sell }) => sell ?? "0"));
  if (rates.size > 1)
    fail("tariff-file", "a rate for exported energy that depends on use is not supported");
  return { per: "month", tiers: [{ nano: nano(tiers[0]?.sell ?? "0") }] };
}

/** Codes of lines are unique within a tariff. */
function renameBands(rate: JsonObject): JsonObject {
  const { bands } = rate;
  if (bands === undefined) return rate;
  const renamed = (bands as readonly JsonObject[]).map((band, i) => ({
    ...band,
    code: `export-${i + 1}`,
  }));
  return { bands: renamed };
}

function listHolidays({ schedule, effective_range: range }: Ratebook): string[] {
  const { holiday_policy: policy, holidays = [], holiday_observance: observance } = schedule;
  if (policy !== "as_weekend") return [];
  const first = Number(range.start.slice(0, 4));
  const end = range.superseded_at ?? range.scheduled_end ?? range.end;
  const last = end === undefined ? first + HOLIDAY_YEARS - 1 : Number(end.slice(0, 4));
  const years = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  return listUsHolidays(holidays, years, observance === "observed" ? "observed" : "actual_day");
}

function midnight(zone: string, date: string): number {
  const bounds = dayBounds(zone, date);
  if (bounds === undefined) fail("tariff-file", `${zone} has no ${date}`);
  return bounds.from;
}

function per(unit: "$/month" | "$/day"): "month" | "day" {
  return unit === "$/month" ? "month" : "day";
}

function nano(amount: string): number {
  return parseDecimal(amount, NANO_PLACES, ".") ?? fail("tariff-file", `not an amount: ${amount}`);
}

function wattHours(kwh: string): number {
  return parseDecimal(kwh, WATT_HOUR_PLACES, ".") ?? fail("tariff-file", `not an energy: ${kwh}`);
}

function decode(file: unknown): Ratebook {
  try {
    return decodeRatebook(file as Json, "ratebook");
  } catch (error) {
    if (!isCoded(error, "schema")) throw error;
    fail("tariff-file", error.message, error.detail);
  }
}

function text(): Decoder<string> {
  return pattern(/^[\s\S]{0,400}$/, "a text");
}

function anything(value: Json): Json {
  return value;
}
