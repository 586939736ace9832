/** Days and months counted from offsets alone, against the calendar of the platform. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  dayBounds,
  listOffsets,
  localDayOf,
  monthBounds,
  nextLocalDay,
} from "../../../shared/time/civil-day.ts";
import { countStarts } from "../../../shared/time/local-start.ts";

const ZONES = [
  "Europe/Berlin",
  "Australia/Lord_Howe",
  "Antarctica/Troll",
  "Pacific/Apia",
  "Africa/Cairo",
  "America/Asuncion",
  "America/St_Johns",
  "Antarctica/Casey",
  "Pacific/Kwajalein",
];

function count(zone: string, unit: "day" | "month", from: number, to: number): number {
  const offsets = listOffsets(zone, from, to).map(([start, offset]) => ({ from: start, offset }));
  return countStarts(offsets, unit, from, to);
}

/** By walking the calendar day by day. */
function walk(zone: string, unit: "day" | "month", from: number, to: number): number {
  let found = 0;
  for (let date = localDayOf(zone, from); ; date = nextLocalDay(zone, date)) {
    const start = dayBounds(zone, date)?.from ?? 0;
    if (start >= to) return found;
    if (start >= from && (unit === "day" || date.endsWith("-01"))) found++;
  }
}

const period = fc
  .tuple(
    fc.constantFrom(...ZONES),
    fc.integer({ min: 7e8, max: 18e8 }),
    fc.integer({ min: 1, max: 8e6 }),
  )
  .map(([zone, from, length]) => ({ zone, from, to: from + length }));

describe("countStarts", () => {
  it("counts a day that does not occur not at all, and one that a clock shows twice once", () => {
    const months: [string, string, number][] = [
      ["Pacific/Apia", "2011-12", 30],
      ["Pacific/Kwajalein", "1993-08", 30],
      ["America/St_Johns", "2008-11", 30],
      ["Antarctica/Casey", "2010-03", 31],
      ["America/Asuncion", "2023-10", 31],
      ["Europe/Berlin", "2024-02", 29],
    ];
    for (const [zone, month, days] of months) {
      const { from, to } = monthBounds(zone, month);
      assert.equal(count(zone, "day", from, to), days, zone);
      assert.equal(count(zone, "month", from, to), 1, zone);
      assert.equal(count(zone, "month", from + 1, to), 0, zone);
    }
  });

  it("counts what a walk through the calendar counts", () => {
    fc.assert(
      fc.property(period, fc.constantFrom("day" as const, "month" as const), (span, unit) => {
        const { zone, from, to } = span;
        assert.equal(count(zone, unit, from, to), walk(zone, unit, from, to));
      }),
      { seed: 2, numRuns: 300 },
    );
  });

  it("adds up, wherever a period is cut", () => {
    fc.assert(
      fc.property(
        period,
        fc.double({ min: 0, max: 1, noNaN: true }),
        ({ zone, from, to }, share) => {
          const cut = from + Math.floor((to - from) * share);
          const whole = count(zone, "day", from, to);
          assert.equal(count(zone, "day", from, cut) + count(zone, "day", cut, to), whole);
        },
      ),
      { seed: 3, numRuns: 300 },
    );
  });
});
