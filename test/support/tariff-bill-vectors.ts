/**
 * Frozen bills of every kind of charge over five days with a clock change, the end of a month, a gap and a lost day.
 * `node dist/test/support/write-bill-vectors.js` writes them; tests compare file, builder, engine and second verifier.
 */
import type { JsonObject } from "../../shared/base/canonical-json.ts";
import { isCoded } from "../../shared/base/error.ts";
import type { BillableDay, BillInput } from "../../shared/money/bill.ts";
import type { IssuedBill } from "../../shared/money/recompute-bill.ts";
import { dayBounds } from "../../shared/time/civil-day.ts";
import { leafOf, makeBillInput, makeDays } from "./bill-case.ts";
import { makeIssued } from "./random-bill.ts";

export interface TariffBillVector {
  readonly name: string;
  /** Under which the bill is refused; absent for a right one. */
  readonly code?: string;
  readonly evidence: Pick<BillInput, "days" | "assignments" | "tariffs" | "prices">;
  readonly payload: IssuedBill["payload"];
  readonly plaintext: string;
}

export interface TariffBillVectors {
  readonly origin: string;
  readonly bills: readonly TariffBillVector[];
}

const ZONE = "Europe/Berlin";
const FROM = dayBounds(ZONE, "2024-03-29")?.from ?? 0;
const TO = dayBounds(ZONE, "2024-04-02")?.to ?? 0;
const HOUR = 3600;

/** Hourly days with export; the fourth is lost, the first ends in a gap that the second recovers. */
function makeVectorDays(step: number): BillableDay[] {
  const days = makeDays(ZONE, { from: FROM, to: TO }, "tariff bill vector", step);
  return days
    .map((day, i): BillableDay => {
      const count = day.wh.length;
      const cut = (count * 3) / 4;
      const quality = [
        `${"M".repeat(cut)}${"G".repeat(count - cut)}`,
        `GR${"M".repeat(count - 2)}`,
      ][i];
      const letters = quality ?? day.quality;
      const measured = (value: number, slot: number): number => (letters[slot] === "G" ? 0 : value);
      const wh = day.wh.map((value, slot) => measured(Math.floor((value * step) / HOUR), slot));
      const exported = [...day.wh].reverse().map((value, slot) => measured(value % 500, slot));
      return { ...day, wh, exported, quality: letters };
    })
    .filter((_, i) => i !== 3);
}

const energy = (rate: JsonObject, code = "energy"): JsonObject => {
  return { kind: "energy", code, label: "Energy", ...rate };
};
const nightly: JsonObject = {
  bands: [
    { code: "holiday", label: "holidays", when: [{ weekdays: [8] }], nano: 110_000_000 },
    {
      code: "night",
      label: "at night",
      when: [
        {
          hours: [
            [0, 360],
            [1320, 1440],
          ],
        },
        { months: [4], dates: [["12-24", "01-02"]] },
      ],
      nano: 180_000_000,
    },
    {
      code: "day",
      label: "by day",
      steps: [{ upto: 9_000, nano: 300_000_000 }, { nano: 350_000_000 }],
      per: "day",
    },
  ],
};
const standing = (per: string): JsonObject => {
  return { kind: "standing", code: `per-${per}`, label: "Standing", nano: 1_234_567_890, per };
};
const minimum = (per: string, nano: number): JsonObject => {
  return { kind: "minimum", code: `least-${per}`, label: "Minimum", nano, per };
};

/** By name. */
const CHARGES: { readonly [name: string]: readonly JsonObject[] } = {
  "steps by month and by day": [
    energy({
      steps: [
        { upto: 31_000, nano: 100_000_001 },
        { upto: 310_000, nano: 200_000_002 },
        { nano: 300_000_003 },
      ],
      per: "month",
    }),
    energy({ steps: [{ upto: 5_500, nano: -1 }, { nano: 250_000_000 }], per: "day" }, "daily"),
    energy({ steps: [{ nano: 7_000_000 }], per: "month", recovered: 3 }, "single"),
  ],
  "a first step that no Wh fits into": [
    energy({
      steps: [{ upto: 1, nano: 1 }, { upto: 9_000, nano: 2 }, { nano: 400_000_000 }],
      per: "month",
    }),
  ],
  "bands with holidays, dates over the new year and steps": [energy(nightly)],
  "bands with a rate for recovered energy": [energy({ ...nightly, recovered: 150_000_000 })],
  "a band that is never in force": [
    energy({
      bands: [
        { code: "may", label: "in May", when: [{ months: [5] }], nano: 1 },
        { code: "rest", label: "else", nano: 222_222_222 },
      ],
    }),
    { kind: "export", code: "export", label: "Export", nano: 82_000_000 },
    {
      kind: "export",
      code: "more",
      label: "Export",
      ...nightly,
      bands: (nightly["bands"] as JsonObject[]).map((b) => ({ ...b, code: `x-${b["code"]}` })),
    },
  ],
  "few prices, a surcharge, export at prices": [
    energy({ series: "few", add: 50_000_000 }),
    { kind: "export", code: "export", label: "Export", series: "few" },
  ],
  "many prices": [
    energy({ series: "many" }),
    { kind: "export", code: "export", label: "Export", series: "many", add: -40_000_000 },
  ],
  "demand, minimum, taxes, standing charges": [
    energy({ nano: 211_000_000 }),
    { kind: "demand", code: "peak", label: "Peak", nano: 2_500_000_000 },
    {
      kind: "demand",
      code: "peak-day",
      label: "Peak",
      nano: 1,
      when: [{ hours: [[480, 1200]], weekdays: [1, 2, 3, 4, 5, 6, 7] }],
    },
    ...["day", "month", "bill"].map(standing),
    { kind: "tax", code: "duty", label: "Duty", nano: 20_500_000, on: ["energy", "peak"] },
    minimum("day", 100_000_000_000),
    minimum("month", 1),
    { kind: "tax", code: "vat", label: "VAT", nano: 190_000_000 },
  ],
};

const few = Array.from({ length: 5 * 24 }, (_, i) => ((i * i) % 5) * 30_000_000 - 20_000_000);
const many = Array.from({ length: 5 * 24 }, (_, i) => ((i * 7919) % 4096) * 40_000);

function makeInput(charges: readonly JsonObject[], step = HOUR): BillInput {
  const body: JsonObject = {
    ...{ v: 1, name: "Vector", currency: "EUR", minor: 2, holidays: ["2024-03-31"] },
    charges,
  };
  const price = (id: string, position: number, from: number, nano: readonly number[]) => {
    return { leaf: leafOf(`${id} ${position}`), position, id, from, step: HOUR, nano };
  };
  return {
    ...makeBillInput(ZONE, { from: FROM, to: TO }, "tariff bill vector"),
    days: makeVectorDays(step),
    tariffs: [{ leaf: leafOf("tariff"), position: 2, id: "flat", ver: 1, body }],
    prices: [
      price("few", 10, FROM, few.slice(0, 20)),
      // an hour of the gap has no price
      price("few", 11, FROM + 21 * HOUR, few.slice(21)),
      price("many", 12, FROM, many),
    ],
  };
}

function vector(name: string, input: BillInput, other?: TariffBillVector): TariffBillVector {
  const { days, assignments, tariffs, prices = [] } = input;
  const evidence = { days, assignments, tariffs, prices };
  try {
    return { name, evidence, ...makeIssued(input) };
  } catch (error) {
    if (!isCoded(error) || other === undefined) throw error;
    return { ...other, name, code: error.code, evidence };
  }
}

export function buildTariffBillVectors(): TariffBillVectors {
  const bills = Object.entries(CHARGES).map(([name, charges]) => vector(name, makeInput(charges)));
  const flat = energy({ nano: 123_456_789 });
  const peak: JsonObject = { kind: "demand", code: "peak", label: "Peak", nano: 900_000_000 };
  const turns = makeInput([flat, peak, standing("bill"), standing("day")], 600);
  const cut = FROM + 30 * HOUR + 700;
  const [first] = turns.tariffs;
  if (first !== undefined) {
    const tariffs = [...turns.tariffs, { ...first, leaf: leafOf("b"), position: 3, id: "b" }];
    const assignments = [
      ...turns.assignments,
      { position: 4, tariff: "b", from: cut, to: TO - 999 },
    ];
    bills.push(
      vector("two tariffs in turn, cut within a slot", { ...turns, tariffs, assignments }),
    );
  }
  const [right] = bills;
  const series = makeInput([energy({ series: "few" })]);
  // the recovered slot is the 26th hour, its gap begins with the 19th
  const prices = (series.prices ?? []).slice(0, 2).map((price, i) => {
    return i === 0 ? price : { ...price, from: FROM + 26 * HOUR };
  });
  bills.push(
    vector(
      "a recovered slot with a price in its gap and none of its own",
      { ...series, prices },
      right,
    ),
  );
  bills.push(
    vector(
      "an amount out of range",
      makeInput([
        energy({ nano: Number.MAX_SAFE_INTEGER }),
        { kind: "tax", code: "tax", label: "Tax", nano: Number.MAX_SAFE_INTEGER },
      ]),
      right,
    ),
  );
  return {
    origin:
      "Built by this project from seeds (test/support/tariff-bill-vectors.ts) and frozen; a second implementation in Python, from docs/formats.md alone, computes the same.",
    bills,
  };
}
