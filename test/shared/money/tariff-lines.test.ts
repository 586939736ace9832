import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Json } from "../../../shared/base/canonical-json.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { type BillInput, computeBill } from "../../../shared/money/bill.ts";
import type { LoggedPrice } from "../../../shared/money/price-series.ts";
import { dayBounds, listOffsets, monthBounds, type Span } from "../../../shared/time/civil-day.ts";
import { leafOf, makeBillInput } from "../../support/bill-case.ts";
import { codeOf } from "../../support/code-of.ts";

const BERLIN = "Europe/Berlin";
const JANUARY = monthBounds(BERLIN, "2024-01");
const HOUR = 3600;

/** Hourly days of a span: what `whAt` says of each hour's first instant. */
function hourly(span: Span, whAt: (at: number) => number, more: object = {}): BillInput["days"] {
  const count = (span.to - span.from) / HOUR;
  const wh = Array.from({ length: count }, (_, i) => whAt(span.from + i * HOUR));
  return [{ leaf: leafOf("day"), ...span, step: HOUR, wh, quality: "M".repeat(count), ...more }];
}

function bill(
  charges: readonly unknown[],
  days: BillInput["days"],
  more: { body?: object; prices?: readonly LoggedPrice[]; span?: Span; zone?: string } = {},
) {
  const { span = JANUARY, zone = BERLIN, prices } = more;
  const input: BillInput = {
    ...makeBillInput(zone, span, "x"),
    offsets: listOffsets(zone, span.from, span.to),
    days,
    tariffs: [
      {
        leaf: leafOf("tariff"),
        position: 2,
        id: "flat",
        ver: 1,
        body: { v: 1, name: "T", currency: "EUR", minor: 2, ...more.body, charges } as Json,
      },
    ],
    ...(prices === undefined ? {} : { prices }),
  };
  return computeBill(nodeSuite, input);
}

const lineOf = ({
  code,
  label,
  qty,
  unit,
  nano,
  amount,
}: ReturnType<typeof bill>["lines"][number]) => [code, label, qty, unit, nano, amount] as const;

describe("tiers", () => {
  const charge = {
    kind: "energy",
    code: "energy",
    label: "Energy",
    steps: [
      { upto: 300_000, nano: 100_000_000 },
      { upto: 500_000, nano: 200_000_000 },
      { nano: 300_000_000 },
    ],
    per: "month",
  };

  it("by use of the month: each step takes what lies in it", () => {
    const { lines, total } = bill(
      [charge],
      hourly(JANUARY, () => 1000),
    );
    assert.deepEqual(lines.map(lineOf), [
      ["energy", "Energy, first 300 kWh", 300_000, "wh", 100_000_000, 3000],
      ["energy", "Energy, 300 kWh to 500 kWh", 200_000, "wh", 200_000_000, 4000],
      ["energy", "Energy, above 500 kWh", 244_000, "wh", 300_000_000, 7320],
    ]);
    assert.equal(total, 14_320);
  });

  it("a bill of half a month has half of the step", () => {
    const span = { from: JANUARY.from, to: (dayBounds(BERLIN, "2024-01-16") as Span).from };
    const { lines } = bill(
      [charge],
      hourly(span, () => 1000),
      { span },
    );
    // 15 of 31 days: 145,161 Wh and 241,935 Wh.
    assert.deepEqual(
      lines.map(({ qty, label }) => [label, qty]),
      [
        ["Energy, first 145.161 kWh", 145_161],
        ["Energy, 145.161 kWh to 241.935 kWh", 96_774],
        ["Energy, above 241.935 kWh", 118_065],
      ],
    );
  });

  it("a step by the day is that times the days", () => {
    const daily = { ...charge, steps: [{ upto: 13_500, nano: 1 }, { nano: 2 }], per: "day" };
    const { lines } = bill(
      [daily],
      hourly(JANUARY, () => 1000),
    );
    assert.deepEqual(
      lines.map(({ qty }) => qty),
      [31 * 13_500, 744_000 - 31 * 13_500],
    );
  });

  it("two months in one bill are two counts", () => {
    const span = { from: JANUARY.from, to: monthBounds(BERLIN, "2024-02").to };
    const { lines } = bill(
      [charge],
      hourly(span, () => 500),
      { span },
    );
    assert.deepEqual(
      lines.map(({ qty }) => qty),
      [300_000, 72_000, 300_000, 48_000],
    );
  });
});

describe("times of use", () => {
  const charge = {
    kind: "energy",
    code: "energy",
    label: "Energy",
    bands: [
      {
        code: "peak",
        label: "peak",
        nano: 400_000_000,
        when: [{ weekdays: [1, 2, 3, 4, 5], hours: [[960, 1260]] }],
      },
      { code: "off-peak", label: "off-peak", nano: 150_000_000 },
    ],
  };

  it("hours are those of the local clock, holidays are none of the weekdays", () => {
    const days = hourly(JANUARY, () => 100);
    const { lines } = bill([charge], days, { body: { holidays: ["2024-01-01"] } });
    // 23 weekdays in January 2024, one of them a holiday.
    assert.deepEqual(lines.map(lineOf), [
      ["peak", "Energy, peak", 22 * 5 * 100, "wh", 400_000_000, 440],
      ["off-peak", "Energy, off-peak", (744 - 22 * 5) * 100, "wh", 150_000_000, 951],
    ]);
  });

  it("the night of a clock change has the hours that it has", () => {
    const night = [
      { code: "night", label: "night", nano: 1, when: [{ hours: [[0, 360]] }] },
      { code: "day", label: "day", nano: 2 },
    ];
    const hoursOfNight = (month: string): number => {
      const span = monthBounds(BERLIN, month);
      const { lines } = bill(
        [{ ...charge, bands: night }],
        hourly(span, () => 1),
        { span },
      );
      return lines[0]?.qty ?? 0;
    };
    assert.equal(hoursOfNight("2024-03"), 31 * 6 - 1);
    assert.equal(hoursOfNight("2024-10"), 31 * 6 + 1);
  });

  it("recovered energy has the cheapest rate of its gap, or the one that is named", () => {
    // Tuesday: measured to 13:00, nothing until 18:00, and what the register says then.
    const day = dayBounds(BERLIN, "2024-01-02") as Span;
    const days = hourly(day, (at) => ((at - day.from) / HOUR === 18 ? 900 : 0), {
      quality: `${"M".repeat(13)}GGGGGR${"M".repeat(5)}`,
    });
    const lines = bill([charge], days, { span: day }).lines;
    assert.deepEqual(lines.map(lineOf), [
      ["off-peak", "Energy, off-peak", 900, "wh", 150_000_000, 14],
    ]);
    const named = bill([{ ...charge, recovered: 200_000_000 }], days, { span: day }).lines;
    assert.deepEqual(named.at(-1), {
      code: "energy",
      label: "Energy, recovered",
      qty: 900,
      unit: "wh",
      nano: 200_000_000,
      amount: 18,
    });
  });

  it("a gap within the peak is the peak's", () => {
    const day = dayBounds(BERLIN, "2024-01-02") as Span;
    const days = hourly(day, (at) => ((at - day.from) / HOUR === 18 ? 900 : 0), {
      quality: `${"M".repeat(16)}GGR${"M".repeat(5)}`,
    });
    assert.equal(bill([charge], days, { span: day }).lines[0]?.code, "peak");
  });
});

describe("published prices", () => {
  const charge = {
    kind: "energy",
    code: "energy",
    label: "Energy",
    series: "spot",
    add: 50_000_000,
  };
  const price = (from: number, nano: readonly number[], position: number): LoggedPrice => ({
    leaf: leafOf(`price ${position}`),
    position,
    id: "spot",
    from,
    step: HOUR,
    nano,
  });

  it("a slot has the price of its first instant and the surcharge; the bill names the records", () => {
    const day = dayBounds(BERLIN, "2024-01-02") as Span;
    const prices = [
      price(day.from + 12 * HOUR, Array(12).fill(-20_000_000), 9),
      price(day.from, Array(12).fill(80_000_000), 5),
      price(day.to, [1], 11),
    ];
    const { lines, payload } = bill(
      [charge],
      hourly(day, () => 1000),
      { span: day, prices },
    );
    assert.deepEqual(lines.map(lineOf), [
      ["energy", "Energy", 12_000, "wh", 30_000_000, 36],
      ["energy", "Energy", 12_000, "wh", 130_000_000, 156],
    ]);
    assert.deepEqual(payload.tariffs, [leafOf("tariff"), leafOf("price 5"), leafOf("price 9")]);
  });

  it("many prices are one line, exact over all and rounded once", () => {
    const nano = Array.from({ length: 744 }, (_, i) => 100_000_001 + 7 * i);
    const { lines } = bill(
      [charge],
      hourly(JANUARY, (at) => 1 + ((at / HOUR) % 5)),
      {
        prices: [price(JANUARY.from, nano, 5)],
      },
    );
    const exact = nano.reduce(
      (sum, rate, i) =>
        sum + BigInt(rate + 50_000_000) * BigInt(1 + ((JANUARY.from / HOUR + i) % 5)),
      0n,
    );
    assert.equal(lines.length, 1);
    assert.equal(lines[0]?.unit, "wh-mean");
    assert.equal(BigInt(lines[0]?.amount ?? 0), (exact + 5_000_000_000n) / 10_000_000_000n);
  });

  it("a slot without a price makes no bill", () => {
    const prices = [price(JANUARY.from, [1, 2, 3], 5)];
    assert.equal(
      codeOf(() =>
        bill(
          [charge],
          hourly(JANUARY, () => 1),
          { prices },
        ),
      ),
      "price-none",
    );
  });
});

describe("other charges", () => {
  const energy = { kind: "energy", code: "energy", label: "Energy", nano: 300_000_000 };

  it("export is a credit, on the meter's own count of it", () => {
    const day = dayBounds(BERLIN, "2024-01-02") as Span;
    const days = hourly(day, () => 100, { exported: Array(24).fill(250) });
    const { lines, total } = bill(
      [energy, { kind: "export", code: "export", label: "Delivered", nano: 82_000_000 }],
      days,
      { span: day },
    );
    assert.deepEqual(lines.map(lineOf), [
      ["energy", "Energy", 2400, "wh", 300_000_000, 72],
      ["export", "Delivered", 6000, "wh", -82_000_000, -49],
    ]);
    assert.equal(total, 23);
  });

  it("demand is the highest quarter of an hour of each month, and says which", () => {
    const days = hourly(JANUARY, () => 100).map((day) => {
      const wh = Array(744 * 4).fill(25);
      wh[4 * 24 * 9 + 4 * 18 + 1] = 1500;
      wh[4 * 24 * 10 + 3] = 2000;
      return {
        ...day,
        step: 900,
        wh,
        quality: `${"M".repeat(4 * 24 * 10 + 3)}R${"M".repeat(2012)}`,
      };
    });
    const demand = { kind: "demand", code: "demand", label: "Peak", nano: 5_000_000_000 };
    const { lines } = bill([demand], days);
    assert.deepEqual(lines.map(lineOf), [
      ["demand", "Peak, 2024-01-10 18:15", 6000, "w", 5_000_000_000, 3000],
    ]);
    const atNight = bill([{ ...demand, when: [{ hours: [[0, 360]] }] }], days).lines;
    assert.deepEqual(
      atNight.map(({ label, qty }) => [label, qty]),
      [["Peak, 2024-01-01 00:00", 100]],
    );
  });

  it("shorter slots are added up to quarters, ten minutes by their share", () => {
    const day = dayBounds(BERLIN, "2024-01-02") as Span;
    const wh = Array(144).fill(0);
    wh[1] = 300;
    wh[2] = 100;
    const demand = { kind: "demand", code: "demand", label: "Peak", nano: 1 };
    const days = [{ leaf: leafOf("d"), ...day, step: 600, wh, quality: "M".repeat(144) }];
    // The second quarter holds half of the second slot and all of the third: 250 Wh.
    assert.deepEqual(
      bill([demand], days, { span: day }).lines.map(({ label, qty }) => [label, qty]),
      [["Peak, 2024-01-02 00:15", 1000]],
    );
  });

  it("a minimum is made up for, taxes come last and on what they name", () => {
    const charges = [
      energy,
      { kind: "standing", code: "base", label: "Base", nano: 2_000_000_000, per: "month" },
      { kind: "standing", code: "post", label: "Post", nano: 1_500_000_000, per: "bill" },
      { kind: "minimum", code: "least", label: "Minimum", nano: 30_000_000_000, per: "month" },
      { kind: "tax", code: "duty", label: "Duty", nano: 100_000_000, on: ["energy"] },
      { kind: "tax", code: "vat", label: "VAT", nano: 190_000_000 },
      { kind: "tax", code: "on-all", label: "On all", nano: 10_000_000, on: ["energy", "vat"] },
    ];
    const { lines, total } = bill(
      charges,
      hourly(JANUARY, () => 100),
    );
    // 74.4 kWh × 0.30 = 22.32
    assert.deepEqual(
      lines.map(({ code, qty, unit, amount }) => [code, qty, unit, amount]),
      [
        ["energy", 74_400, "wh", 2232],
        ["base", 1, "month", 200],
        ["post", 1, "each", 150],
        ["least", 418, "each", 418],
        ["duty", 2232, "tax", 223],
        ["vat", 3000, "tax", 570],
        ["on-all", 2802, "tax", 28],
      ],
    );
    assert.equal(
      total,
      lines.reduce((sum, { amount }) => sum + amount, 0),
    );
  });

  it("a bill that is above the minimum has no line of it", () => {
    const least = {
      kind: "minimum",
      code: "least",
      label: "Minimum",
      nano: 1_000_000_000,
      per: "month",
    };
    assert.equal(
      bill(
        [energy, least],
        hourly(JANUARY, () => 100),
      ).lines.length,
      1,
    );
  });
});

describe("a tariff that cannot be computed with", () => {
  const energy = { kind: "energy", code: "energy", label: "Energy", nano: 1 };
  const refused: [string, object[]][] = [
    [
      "steps that fall",
      [
        {
          ...energy,
          nano: undefined,
          steps: [{ upto: 5, nano: 1 }, { upto: 5, nano: 2 }, { nano: 3 }],
          per: "month",
        },
      ],
    ],
    ["a last step that ends", [{ ...energy, steps: [{ upto: 5, nano: 1 }], per: "month" }]],
    ["two rates", [{ ...energy, steps: [{ nano: 1 }], per: "month" }]],
    ["steps without a period", [{ kind: "energy", code: "e", label: "E", steps: [{ nano: 1 }] }]],
    [
      "a first band without a time",
      [
        {
          kind: "energy",
          code: "e",
          label: "E",
          bands: [
            { code: "a", label: "a", nano: 1 },
            { code: "b", label: "b", nano: 1 },
          ],
        },
      ],
    ],
    [
      "a last band with a time",
      [
        {
          kind: "energy",
          code: "e",
          label: "E",
          bands: [{ code: "a", label: "a", nano: 1, when: [{ months: [1] }] }],
        },
      ],
    ],
    [
      "two bands of one code",
      [
        {
          kind: "energy",
          code: "e",
          label: "E",
          bands: [
            { code: "a", label: "a", nano: 1, when: [{ months: [1] }] },
            { code: "a", label: "b", nano: 1 },
          ],
        },
      ],
    ],
    [
      "a tax on what comes later",
      [{ kind: "tax", code: "t", label: "T", nano: 1, on: ["energy"] }, energy],
    ],
    ["export with a rate for recovered energy", [{ ...energy, kind: "export", recovered: 1 }]],
  ];
  for (const [name, charges] of refused) {
    it(`${name}: tariff-body`, () => {
      const given = charges.map((charge) => JSON.parse(JSON.stringify(charge)));
      assert.equal(
        codeOf(() => bill(given, [])),
        "tariff-body",
      );
    });
  }

  it("holidays out of order: tariff-body", () => {
    const body = { holidays: ["2024-12-25", "2024-01-01"] };
    assert.equal(
      codeOf(() => bill([energy], [], { body })),
      "tariff-body",
    );
  });
});
