/** Each local rule of a day: the frozen days pass, and one change for each code is refused with that code. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkDay, type DayContext, DEFAULT_MAX_WATT } from "../../../shared/day/check-day.ts";
import type { DayPlaintext } from "../../../shared/day/day-plaintext.ts";
import { parsePlaintext } from "../../../shared/record/plaintext.ts";
import { codeOf } from "../../support/code-of.ts";
import { buildDayVectors, type DayVectors } from "../../support/day-vectors.ts";
import { readVectors } from "../../support/json-file.ts";

const vectors = readVectors<DayVectors>("days.json");
const METER = "352522395";

function openVector(name: string): DayPlaintext {
  const vector = vectors.days.find((day) => day.name === name);
  assert.ok(vector !== undefined, name);
  return parsePlaintext("day", vector.plaintext);
}

const ordinary = openVector("an ordinary day");
const wholeDay = openVector("one slot for the whole day");

function check(
  change: Partial<DayPlaintext>,
  context: Partial<DayContext> = {},
  day = ordinary,
): void {
  const changed = { ...day, ...change };
  checkDay({ from: changed.from, to: changed.to }, changed, { meter: METER, ...context });
}

describe("frozen days", () => {
  it("are what the builder builds", () => {
    assert.deepEqual(buildDayVectors(), vectors);
  });
  for (const { name, slots, from, to, plaintext } of vectors.days) {
    it(`${name}: ${slots} slots`, () => {
      const day = parsePlaintext("day", plaintext);
      checkDay({ from, to }, day, { meter: METER });
      assert.equal(day.wh.length, slots);
    });
  }
  it("have the slots that records.md names", () => {
    const slots = Object.fromEntries(vectors.days.map((day) => [day.name, day.slots]));
    assert.equal(slots["an ordinary day"], 96);
    assert.equal(slots["Berlin, 23 hours"], 92);
    assert.equal(slots["Berlin, 25 hours"], 100);
    assert.equal(slots["Lord Howe, 24.5 hours"], 98);
    assert.equal(slots["Troll, 22 hours"], 88);
    assert.equal(slots["one slot for the whole day"], 1);
  });
});

describe("one change, one code", () => {
  const { from, to, wh, quality, register } = ordinary;
  const withWh = (slot: number, value: number): Partial<DayPlaintext> => {
    const changed = wh.with(slot, value);
    return { wh: changed, register: [register[0], register[1] + value - (wh[slot] ?? 0)] };
  };
  const cases: [string, string, Partial<DayPlaintext>, Partial<DayContext>?][] = [
    ["another meter", "day-meter", { meter: "352522396" }],
    ["a date that does not occur", "day-calendar", { zone: "Pacific/Apia", day: "2011-12-30" }],
    ["no date at all", "calendar", { day: "2023-02-29" }],
    ["the date before", "day-calendar", { day: "2024-02-28" }],
    ["another zone", "day-calendar", { zone: "Europe/London" }],
    ["an unknown zone", "zone", { zone: "Europe/Atlantis" }],
    ["two local days at once", "day-calendar", { to: to + 900 }],
    ["an end before the beginning", "day-calendar", { to: from }],
    ["bounds that the step does not divide", "day-step", { from: from + 60, wh: wh.slice(1) }],
    ["a step that does not exist", "day-step", { step: 1200 as 900 }],
    ["a slot less", "day-slots", { wh: wh.slice(1) }],
    ["a letter more", "day-slots", { quality: `${quality}M` }],
    ["a part of the day with all slots", "day-slots", { from: from + 900 }],
    ["step 0 with many slots", "day-slots", { step: 0 }],
    ["an unknown letter", "day-quality", { quality: `${quality.slice(1)}X` }],
    ["a lower case letter that is none", "day-quality", { quality: `${quality.slice(1)}g` }],
    [
      "a substituted slot, which only corrections have",
      "day-quality",
      { quality: `${quality.slice(1)}S` },
    ],
    ["a gap with energy", "day-gap", { quality: `${quality.slice(1)}G`, ...withWh(95, 1) }],
    [
      "a register that gained more than the slots",
      "day-sum",
      { register: [register[0], register[1] + 1] },
    ],
    ["a register that ran backwards", "day-sum", { register: [register[1], register[0]] }],
    ["sums beyond integers", "day-sum", { wh: wh.map(() => Number.MAX_SAFE_INTEGER) }],
    ["a register that does not go on", "day-register", {}, { before: { taken: register[0] + 1 } }],
    ["a slot above the connection", "day-power", withWh(7, DEFAULT_MAX_WATT / 4 + 1)],
    ["a slot above a smaller connection", "day-power", withWh(7, 1_501), { maxWatt: 6_000 }],
    ["a mean below the least", "day-range", { current: [[1, 2, 3]] }],
    ["a mean above the greatest", "day-range", { voltage: [[4, 2, 3]] }],
    ["below absolute zero", "day-range", { temperature: [0, -273_151, 0] }],
    ["more than 100 % humidity", "day-range", { humidity: [9_000, 0, 10_001] }],
    ["a place beyond the pole", "day-range", { location: [900_000_001, 0] }],
    ["an event of another day", "day-event", { events: [[to + 1, "start"]] }],
    ["a clock entry beyond the slots", "day-event", { clock: [[96, 1, "ntp", 0]] }],
    [
      "clock entries out of order",
      "day-event",
      {
        clock: [
          [5, 1, "ntp", 0],
          [4, 1, "ntp", 0],
        ],
      },
    ],
    ["export with a slot less", "day-slots", { out: { wh: wh.slice(1), register: [0, 0] } }],
    ["an export register that does not add up", "day-sum", { out: { wh, register: [0, 1] } }],
    [
      "an export register that does not go on",
      "day-register",
      { out: { wh: wh.map(() => 0), register: [5, 5] } },
      { before: { taken: register[0], given: 4 } },
    ],
  ];
  for (const [name, code, change, context] of cases) {
    it(`${name}: ${code}`, () => {
      assert.equal(
        codeOf(() => check(change, context)),
        code,
      );
    });
  }

  it("a period that is not that of line 1: day-period", () => {
    for (const period of [
      { from, to: to + 900 },
      { from: from - 900, to },
    ]) {
      assert.equal(
        codeOf(() => checkDay(period, ordinary, { meter: METER })),
        "day-period",
      );
    }
  });
});

describe("what is allowed", () => {
  it("a register that goes on from the previous day", () => {
    check({}, { before: { taken: ordinary.register[0], given: 9 } });
  });

  it("a shorter day inside one local day", () => {
    const wh = ordinary.wh.slice(40, 50);
    const from = ordinary.from + 40 * 900;
    const sum = wh.reduce((a, b) => a + b, 0);
    const part = {
      from,
      to: from + 9_000,
      wh,
      quality: "M".repeat(10),
      register: [0, sum] as const,
    };
    check({ ...part, clock: [], events: [] });
  });

  it("a shorter day of one slot, to the second", () => {
    const from = wholeDay.from + 7;
    check({ from, events: [[from, "start"]] }, {}, wholeDay);
  });

  it("a recovered slot that holds the energy of the gap before it", () => {
    const wh = [...ordinary.wh.map(() => 0).slice(1), 90_000];
    const quality = `${"G".repeat(95)}R`;
    check({ wh, quality, register: [10, 90_010] });
    assert.equal(
      codeOf(() => check({ wh, quality: `${"G".repeat(95)}M`, register: [10, 90_010] })),
      "day-power",
    );
  });

  it("a whole day's energy in one slot, up to the connection's limit", () => {
    const limit = (DEFAULT_MAX_WATT * 86_400) / 3_600;
    check({ wh: [limit], register: [0, limit] }, {}, wholeDay);
    const above = { wh: [limit + 1], register: [0, limit + 1] as const };
    assert.equal(
      codeOf(() => check(above, {}, wholeDay)),
      "day-power",
    );
  });
});
