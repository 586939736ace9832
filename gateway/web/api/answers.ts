import type { MeterEventRow } from "../../projection/chain-view-types.ts";
import type {
  Conditions,
  DayDetail,
  DaySummary,
  MeterExchange,
  MeterPage,
  MeterSummary,
  MonthSummary,
  SlotCounts,
  Spread,
} from "../../projection/read-model-types.ts";
import {
  arrayOf,
  flag,
  integer,
  named,
  natural,
  objectOf,
  oneOf,
  optional,
  type Schema,
  text,
} from "./schema.ts";

export const METER = text("Meter id, nine digits", { pattern: "^[0-9]{9}$" });
export const DATE = text("Civil day in the meter's zone", { format: "date" });
export const MONTH = text("Month in the meter's zone", { pattern: "^[0-9]{4}-(0[1-9]|1[0-2])$" });
export const HASH = text("SHA-256 as base64url", { pattern: "^[A-Za-z0-9_-]{43}$" });
export const ZONE = text("IANA time zone");
export const CURRENCY = text("ISO 4217", { pattern: "^[A-Z]{3}$" });
export const MINOR_DIGITS = integer(
  "Decimals of the currency: amount = minor units / 10^minorDigits",
  {
    minimum: 0,
    maximum: 9,
  },
);
export const WH = natural("Energy, Wh");
export const POSITION = natural("Position of the record in the log");
const LATITUDE = integer("Latitude x 10^7", { minimum: -900_000_000, maximum: 900_000_000 });
const LONGITUDE = integer("Longitude x 10^7", { minimum: -1_800_000_000, maximum: 1_800_000_000 });
export const seconds = (what: string): Schema<number> => natural(`${what}, unix seconds`);

/** Members of `Placed`. */
export const STATE = oneOf(
  "How far the record has come: held and in no block, in a block, in a final block, or not verifying",
  "final",
  "block",
  "held",
  "broken",
);
export const PLACED = {
  state: STATE,
  leaf: HASH,
  position: optional(POSITION),
  height: optional(natural("Block; absent while held")),
};

export const SLOT_COUNTS = named(
  "SlotCounts",
  "Slots by quality; total is the sum of the others",
  objectOf<SlotCounts>({
    total: natural("All slots"),
    measured: natural("Measured wholly"),
    partial: natural("Measured in part"),
    recovered: natural("Recovered from a register after a gap"),
    substituted: natural("Substituted, and signed as such"),
    gap: natural("Signed as a gap"),
    missing: natural("Covered by no usable record"),
  }),
);

function spread(unit: string): Schema<Spread> {
  return objectOf<Spread>({
    mean: integer(`Mean, ${unit}`),
    min: integer(`Least, ${unit}`),
    max: integer(`Greatest, ${unit}`),
  });
}

const phases = (unit: string): Schema<readonly Spread[]> =>
  arrayOf(spread(unit), { minItems: 1, maxItems: 3, description: "One entry a phase" });
const CONDITIONS = {
  voltageMilliVolt: optional(phases("mV")),
  currentMilliAmp: optional(phases("mA")),
  temperatureMilliCelsius: optional(spread("0.001 degrees Celsius")),
  humidityCentiPercent: optional(spread("0.01 % relative humidity")),
} satisfies { readonly [K in keyof Conditions]: unknown };

const DAY_MEMBERS = {
  ...PLACED,
  ...CONDITIONS,
  meter: METER,
  date: DATE,
  zone: ZONE,
  fromSeconds: seconds("Beginning"),
  toSeconds: seconds("End, exclusive"),
  stepSeconds: natural("Length of a slot, s; 0: one slot for the whole day"),
  wh: WH,
  exportWh: optional(natural("Energy given to the grid, Wh")),
  slots: SLOT_COUNTS,
  unusable: optional(
    text("Code of the rule that makes the day unusable; void: its key was revoked before it"),
  ),
  reason: optional(text("Why it was corrected, a code; only of a correction")),
};
const SIGNED_BY = oneOf("Who signed it", "meter", "registrar");

export const DAY = named(
  "Day",
  "One reading, a day record or the correction in its place, without its slots",
  objectOf<DaySummary>(DAY_MEMBERS),
);

export const DAY_DETAIL = named(
  "DayDetail",
  "One reading with its slots",
  objectOf<DayDetail>({
    ...DAY_MEMBERS,
    slotWh: arrayOf(WH, { description: "Energy of each slot; empty when unusable" }),
    slotExportWh: optional(arrayOf(natural("Energy given to the grid in each slot, Wh"))),
    quality: text("One letter a slot", { pattern: "^[A-Za-z]*$" }),
    registerFirstWh: natural("Register at the beginning, Wh"),
    registerLastWh: natural("Register at the end, Wh"),
    seq: natural("Number among the records of its key"),
    kid: HASH,
    tzdata: text("Version of the time zone data"),
    firmware: text("Hash of the meter's program"),
    latitudeE7: optional(LATITUDE),
    longitudeE7: optional(LONGITUDE),
    events: arrayOf(
      objectOf<DayDetail["events"][number]>({
        atSeconds: seconds("When"),
        code: text("What"),
        note: optional(text("Plain text of the meter")),
      }),
    ),
    signedBy: SIGNED_BY,
    replaced: arrayOf(
      named(
        "ReplacedReading",
        "A reading in whose place another stands",
        objectOf<DayDetail["replaced"][number]>({
          ...PLACED,
          fromSeconds: seconds("Beginning"),
          toSeconds: seconds("End, exclusive"),
          stepSeconds: natural("Length of a slot, s; 0: one slot for all of it"),
          wh: WH,
          slots: SLOT_COUNTS,
          slotWh: arrayOf(WH, { description: "Energy of each slot; empty when unusable" }),
          quality: text("One letter a slot", { pattern: "^[A-Za-z]*$" }),
          unusable: optional(
            text("Why it never counted, a code; void: its key was revoked before it"),
          ),
          reason: optional(text("Why it was itself a correction, a code")),
          signedBy: SIGNED_BY,
        }),
      ),
    ),
  }),
);

export const MONTH_SUMMARY = named(
  "Month",
  "Sums of a meter's month over usable days",
  objectOf<MonthSummary>({
    ...CONDITIONS,
    meter: METER,
    month: MONTH,
    wh: WH,
    days: natural("Days with a usable record"),
    slots: SLOT_COUNTS,
  }),
);

export const METER_SUMMARY = named(
  "Meter",
  "A meter and the newest of it",
  objectOf<MeterSummary>({
    meter: METER,
    state: oneOf(
      "waiting: no day yet; frozen: two records with one number",
      "waiting",
      "active",
      "frozen",
      "revoked",
    ),
    zone: ZONE,
    latitudeE7: optional(LATITUDE),
    longitudeE7: optional(LONGITUDE),
    label: optional(text("The operator's own words")),
    online: optional(flag("Whether it is connected; absent when nothing was ever heard")),
    kid: HASH,
    point: HASH,
    enrolPosition: POSITION,
    enrolledAtSeconds: seconds("Enrolled"),
    days: natural("Number of day records"),
    firstDate: optional(DATE),
    lastDay: optional(DAY),
    tariff: optional(text("Tariff that is assigned now")),
    openAlarms: natural("Alarms that are not closed"),
  }),
);

export const TOTAL = natural("All rows that match, on any page");
export const METER_PAGE = objectOf<MeterPage>({ rows: arrayOf(METER_SUMMARY), total: TOTAL });

export const EXCHANGE = named(
  "Exchange",
  "A device that took the place of another at the meter's point",
  objectOf<MeterExchange>({
    position: POSITION,
    atSeconds: seconds("When, as the registrar says"),
    oldKid: HASH,
    newKid: HASH,
    finalWh: optional(natural("Last register of the old device, Wh")),
    firstWh: optional(natural("First register of the new one, Wh")),
    unmeteredWh: optional(natural("Used between the two, as far as known, Wh")),
    reason: optional(text("Why, a code")),
  }),
);

export const EVENT = named(
  "Event",
  "What a meter said happened to it, in a record that it signed",
  objectOf<MeterEventRow>({
    position: POSITION,
    atSeconds: seconds("By the meter's clock"),
    code: text("What"),
    before: optional(text("Plain text of the meter")),
    after: optional(text("Plain text of the meter")),
  }),
);
