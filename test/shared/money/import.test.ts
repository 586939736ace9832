/** Importers of public rate databases, on what they publish and on what they must refuse. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, it, test } from "node:test";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { computeBill } from "../../../shared/money/bill.ts";
import { importRatebook } from "../../../shared/money/import-ratebook.ts";
import { importUrdb } from "../../../shared/money/import-urdb.ts";
import type { TariffBody } from "../../../shared/money/tariff.ts";
import { listUsHolidays } from "../../../shared/money/us-holidays.ts";
import { listOffsets, monthBounds } from "../../../shared/time/civil-day.ts";
import { leafOf, makeBillInput } from "../../support/bill-case.ts";
import { codeOf } from "../../support/code-of.ts";
import { requireSharedData, sharedDataPath } from "../../support/project-root.ts";

const ZONE = "America/New_York";
const OPTIONS = { zone: ZONE, currency: "USD", minor: 2 };
const RATEBOOK = sharedDataPath("tariffs", "ratebook");
const row = (hours: (hour: number) => number): number[] =>
  Array.from({ length: 24 }, (_, hour) => hours(hour));
const grid = (period: (month: number, hour: number) => number): number[][] =>
  Array.from({ length: 12 }, (_, month) => row((hour) => period(month + 1, hour)));

/** The amounts of a month at one Wh-rate an hour, by code. */
function billMonth(body: TariffBody, month: string, wh: number) {
  const span = monthBounds(ZONE, month);
  const hours = (span.to - span.from) / 3600;
  return computeBill(nodeSuite, {
    ...makeBillInput(ZONE, span, "x"),
    offsets: listOffsets(ZONE, span.from, span.to),
    days: [
      {
        leaf: leafOf("d"),
        ...span,
        step: 3600,
        wh: Array(hours).fill(wh),
        quality: "M".repeat(hours),
      },
    ],
    tariffs: [{ leaf: leafOf("t"), position: 2, id: "flat", ver: 1, body: body as never }],
  });
}

test("every file of the ratebook collection is imported, and bills a month by its own numbers", (t) => {
  if (!requireSharedData(t, "tariffs", "ratebook")) return;
  const files = readdirSync(RATEBOOK).filter((name) => name.endsWith(".json"));
  assert.ok(files.length > 0);
  for (const name of files) {
    const book = JSON.parse(readFileSync(path.join(RATEBOOK, name), "utf8"));
    const body = importRatebook(book, OPTIONS);
    const month = `${Number(book.effective_range.start.slice(0, 4)) + (book.effective_range.scheduled_end ? 0 : 1)}-07`;
    const { lines, total } = billMonth(body, month, 1000);
    // The same by hand: each hour of July by the grid, tiers by period, holidays as weekends.
    const days = 31;
    const use = new Map<number, number>();
    const holidays = new Set(body.holidays ?? []);
    for (let day = 1; day <= days; day++) {
      const date = `${month}-${String(day).padStart(2, "0")}`;
      const weekday = new Date(`${date}T12:00:00Z`).getUTCDay();
      const isWeekend = weekday === 0 || weekday === 6 || holidays.has(date);
      for (const period of book.schedule[isWeekend ? "weekend" : "weekday"][6]) {
        use.set(period, (use.get(period) ?? 0) + 1);
      }
    }
    const lineAmounts: number[] = [];
    for (const [period, kwh] of use) {
      let below = 0;
      for (const tier of book.energy.periods[period].tiers) {
        const max =
          tier.max === null
            ? Number.POSITIVE_INFINITY
            : Number(tier.max) * (tier.max_unit === "kWh daily" ? days : 1);
        const part = Math.min(kwh, max) - Math.min(kwh, below);
        below = max;
        if (part > 0)
          lineAmounts.push(Math.round(part * (Number(tier.rate) + Number(tier.adj)) * 100 + 1e-7));
      }
    }
    const energy = lines.filter(({ unit }) => unit === "wh").map(({ amount }) => amount);
    assert.deepEqual(
      energy.toSorted((a, b) => a - b),
      lineAmounts.toSorted((a, b) => a - b),
      name,
    );
    let sum = lineAmounts.reduce((all, amount) => all + amount, 0);
    for (const { amount, unit } of book.fixed_charges)
      sum += Math.round(Number(amount) * (unit === "$/day" ? days : 1) * 100);
    if (book.min_charge !== null)
      sum = Math.max(sum, Math.round(Number(book.min_charge.amount) * 100));
    assert.equal(total, sum, name);
  }
});

const URDB = {
  label: "5c9bc0b0",
  utility: "Example Electric",
  name: "Residential time of use",
  startdate: 1_704_085_200,
  energyratestructure: [
    [{ rate: 0.11, adj: 0.0125, unit: "kWh" }],
    [
      { rate: 0.3, max: 100, unit: "kWh", sell: 0.04 },
      { rate: 0.35, unit: "kWh", sell: 0.04 },
    ],
  ],
  energyweekdayschedule: grid((month, hour) =>
    month >= 6 && month <= 9 && hour >= 16 && hour < 20 ? 1 : 0,
  ),
  energyweekendschedule: grid(() => 0),
  fixedchargefirstmeter: 12.5,
  fixedchargeunits: "$/month",
  mincharge: 5,
  minchargeunits: "$/month",
  flatdemandstructure: [[{ rate: 2.5 }], [{ rate: 0 }]],
  flatdemandmonths: [1, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1],
  flatdemandunit: "kW",
  demandcomments: "none of our business",
};

describe("a rate of the Utility Rate Database", () => {
  it("becomes charges", () => {
    const { charges, name, from } = importUrdb({ items: [URDB] }, OPTIONS);
    assert.deepEqual([name, from], ["Example Electric, Residential time of use", 1_704_085_200]);
    assert.deepEqual(charges, [
      {
        kind: "energy",
        code: "energy",
        label: "Energy",
        bands: [
          {
            code: "rate-1",
            label: "rate 1",
            steps: [{ nano: 300_000_000, upto: 100_000 }, { nano: 350_000_000 }],
            per: "month",
            when: [{ months: [6, 7, 8, 9], weekdays: [1, 2, 3, 4, 5, 8], hours: [[960, 1200]] }],
          },
          { code: "rate-2", label: "rate 2", nano: 122_500_000 },
        ],
      },
      {
        kind: "export",
        code: "export",
        label: "Energy delivered",
        bands: [
          {
            code: "export-1",
            label: "rate 1",
            nano: 40_000_000,
            when: [{ months: [6, 7, 8, 9], weekdays: [1, 2, 3, 4, 5, 8], hours: [[960, 1200]] }],
          },
          { code: "export-2", label: "rate 2", nano: 0 },
        ],
      },
      {
        kind: "standing",
        code: "standing",
        label: "Service charge",
        nano: 12_500_000_000,
        per: "month",
      },
      {
        kind: "demand",
        code: "flat-demand-1",
        label: "Peak demand",
        nano: 2_500_000_000,
        when: [{ months: [6, 7, 8, 9] }],
      },
      {
        kind: "minimum",
        code: "minimum",
        label: "Minimum bill",
        nano: 5_000_000_000,
        per: "month",
      },
    ]);
  });

  it("alone, without what it may lack, is a flat tariff", () => {
    const { name, energyratestructure: _, startdate: __ } = URDB;
    const rate = {
      name,
      energyratestructure: [[{ rate: 1e-7 }]],
      energyweekdayschedule: grid(() => 0),
    };
    assert.deepEqual(importUrdb(rate, OPTIONS).charges, [
      { kind: "energy", code: "energy", label: "Energy", nano: 100 },
    ]);
  });

  const refused: [string, object][] = [
    ["a ratchet", { demandratchetpercentage: Array(12).fill(0.8) }],
    [
      "tiers by demand",
      {
        energyratestructure: [[{ rate: 1, max: 3, unit: "kWh/kW" }, { rate: 2 }]],
        energyweekdayschedule: grid(() => 0),
      },
    ],
    ["a demand in kVA", { flatdemandunit: "kVA" }],
    [
      "a demand in steps",
      { flatdemandstructure: [[{ rate: 2, max: 5 }, { rate: 3 }], [{ rate: 0 }]] },
    ],
    ["a period that is not described", { energyweekdayschedule: grid(() => 7) }],
    ["a charge a year", { fixedchargeunits: "$/year" }],
    ["a grid of eleven months", { energyweekdayschedule: grid(() => 0).slice(1) }],
    ["a rate that is a word", { energyratestructure: [[{ rate: "much" }]] }],
  ];
  for (const [name, change] of refused) {
    it(`${name}: tariff-file`, () => {
      assert.equal(
        codeOf(() => importUrdb({ ...URDB, ...change }, OPTIONS)),
        "tariff-file",
      );
    });
  }
  for (const given of [undefined, null, [], {}, { items: [] }, "x"]) {
    it(`${JSON.stringify(given)}: tariff-file`, () => {
      assert.equal(
        codeOf(() => importUrdb(given, OPTIONS)),
        "tariff-file",
      );
      assert.equal(
        codeOf(() => importRatebook(given, OPTIONS)),
        "tariff-file",
      );
    });
  }
});

describe("holidays of the United States", () => {
  it("fall on their dates", () => {
    const all = [
      "new_years_day",
      "mlk_day",
      "washingtons_birthday",
      "good_friday",
      "memorial_day",
      "juneteenth",
      "independence_day",
      "labor_day",
      "columbus_day",
      "veterans_day",
      "thanksgiving",
      "christmas",
    ];
    assert.deepEqual(listUsHolidays(all, [2026], "actual_day"), [
      "2026-01-01",
      "2026-01-19",
      "2026-02-16",
      "2026-04-03",
      "2026-05-25",
      "2026-06-19",
      "2026-07-04",
      "2026-09-07",
      "2026-10-12",
      "2026-11-11",
      "2026-11-26",
      "2026-12-25",
    ]);
    assert.deepEqual(listUsHolidays(["good_friday"], [2024, 2025, 2027, 2038], "actual_day"), [
      "2024-03-29",
      "2025-04-18",
      "2027-03-26",
      "2038-04-23",
    ]);
  });

  it("on a weekend are observed on the day beside it", () => {
    assert.deepEqual(listUsHolidays(["independence_day"], [2026, 2027], "observed"), [
      "2026-07-03",
      "2027-07-05",
    ]);
  });

  it("a name that is not known: tariff-file", () => {
    assert.equal(
      codeOf(() => listUsHolidays(["toString"], [2026], "observed")),
      "tariff-file",
    );
  });
});
