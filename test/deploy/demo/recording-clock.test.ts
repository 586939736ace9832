// deploy/demo/recording-clock.ts: a time that the zone's clock skips proves a clock without summer time.
import assert from "node:assert/strict";
import { test } from "node:test";

import { findFixedOffset } from "../../../deploy/demo/recording-clock.ts";

/** Naive seconds of civil times. */
const naive = (...times: readonly string[]): number[] =>
  times.map((time) => Date.parse(`${time}Z`) / 1000);

const CASES: readonly (readonly [zone: string, times: string[], offset: string | undefined])[] = [
  ["Europe/Paris", ["2007-03-25T01:59", "2007-03-25T02:00", "2007-03-25T03:00"], "+01:00"],
  ["Europe/Paris", ["2007-03-25T01:59", "2007-03-25T03:00", "2007-07-01T12:00"], undefined],
  ["Europe/Paris", ["2007-03-26T02:30", "2007-10-28T02:00"], undefined],
  ["America/Los_Angeles", ["2024-03-10T02:15"], "-08:00"],
  ["Australia/Lord_Howe", ["2024-10-06T02:15"], "+10:30"],
  ["Australia/Lord_Howe", ["2024-10-06T02:30"], undefined],
  ["America/Santiago", ["2024-09-08T00:30"], "-04:00"],
  ["Asia/Kolkata", ["2024-03-31T02:30"], undefined],
  ["Europe/Paris", [], undefined],
];
for (const [zone, times, offset] of CASES) {
  test(`${zone}, ${times.join(" ") || "nothing"}: ${offset ?? "the zone's own clock"}`, () => {
    assert.equal(findFixedOffset(naive(...times), zone), offset);
  });
}

test("what is no time of the calendar is left to the meter, which names its row", () => {
  assert.equal(findFixedOffset([Number.NaN, -1, 0, 1e15], "Europe/Paris"), undefined);
});
