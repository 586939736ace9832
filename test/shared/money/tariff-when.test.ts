import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Json } from "../../../shared/base/canonical-json.ts";
import { BandSchedule, decodeWhen } from "../../../shared/money/tariff-when.ts";
import { parseDate } from "../../../shared/time/calendar-date.ts";
import { codeOf } from "../../support/code-of.ts";

const at = (hour: number, minute = 0): number => hour * 60 + minute;

describe("bands by time", () => {
  it("the first band whose rule holds counts, the last one otherwise", () => {
    const schedule = new BandSchedule([
      [{ weekdays: [1, 2, 3, 4, 5], hours: [[at(16), at(21)]] }],
      [{ hours: [[at(0), at(6)]] }, { weekdays: [6, 7] }],
      undefined,
    ]);
    const friday = parseDate("2024-03-01");
    const saturday = parseDate("2024-03-02");
    const bands = (day: number): number[] =>
      [at(0), at(5, 59), at(6), at(15, 59), at(16), at(20, 59), at(21)].map((minute) =>
        schedule.bandAt(day, minute),
      );
    assert.deepEqual(bands(friday), [1, 1, 2, 2, 0, 0, 2]);
    assert.deepEqual(bands(saturday), [1, 1, 1, 1, 1, 1, 1]);
  });

  it("a holiday is weekday 8 and no other", () => {
    const schedule = new BandSchedule(
      [[{ weekdays: [3] }], [{ weekdays: [8] }], undefined],
      ["2024-12-25"],
    );
    // Both are Wednesdays.
    assert.equal(schedule.bandAt(parseDate("2024-12-18"), 0), 0);
    assert.equal(schedule.bandAt(parseDate("2024-12-25"), 0), 1);
    assert.equal(schedule.bandAt(parseDate("2024-12-26"), 0), 2);
  });

  it("dates are half open and may run over the end of a year", () => {
    const schedule = new BandSchedule([[{ dates: [["10-15", "03-02"]] }], undefined]);
    const bands = [
      "2024-10-14",
      "2024-10-15",
      "2024-12-31",
      "2025-01-01",
      "2025-03-01",
      "2025-03-02",
    ];
    assert.deepEqual(
      bands.map((date) => schedule.bandAt(parseDate(date), 0)),
      [1, 0, 0, 0, 0, 1],
    );
  });

  it("months and hours of one rule must both hold", () => {
    const schedule = new BandSchedule([[{ months: [6, 7], hours: [[at(12), at(24)]] }], undefined]);
    assert.equal(schedule.bandAt(parseDate("2024-06-30"), at(12)), 0);
    assert.equal(schedule.bandAt(parseDate("2024-06-30"), at(11, 59)), 1);
    assert.equal(schedule.bandAt(parseDate("2024-08-01"), at(13)), 1);
  });

  for (const [name, rules] of [
    ["an empty rule", [{}]],
    ["no rule", []],
    ["a thirteenth month", [{ months: [13] }]],
    ["hours over midnight", [{ hours: [[1320, 360]] }]],
    ["a date without a day", [{ dates: [["02", "03-01"]] }]],
    ["an unknown member", [{ months: [1], days: [1] }]],
  ] as const) {
    it(`${name}: schema`, () => {
      assert.equal(
        codeOf(() => decodeWhen(rules as unknown as Json, "when")),
        "schema",
      );
    });
  }
});
