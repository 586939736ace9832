import assert from "node:assert/strict";
import { test } from "node:test";
import { isWithin, joinRanges } from "../../../gateway/web/time-range.ts";
import { dayBounds } from "../../../shared/time/civil-day.ts";

const ZONE = "Europe/Berlin";

test("ranges that touch are one, others stay apart", () => {
  const range = (fromSeconds: number, toSeconds: number) => ({ fromSeconds, toSeconds });
  assert.deepEqual(joinRanges([range(0, 10), range(10, 20), range(30, 40)]), [
    range(0, 20),
    range(30, 40),
  ]);
  assert.deepEqual(joinRanges([]), []);
});

test("a day is within a range only with its first and its last second", () => {
  const day = dayBounds(ZONE, "2024-03-31");
  assert.ok(day);
  assert.equal(day.to - day.from, 82_800);
  const at = (from: number, to: number) => [{ fromSeconds: from, toSeconds: to }];
  assert.equal(isWithin(at(day.from, day.to), ZONE, "2024-03-31"), true);
  assert.equal(isWithin(at(day.from + 1, day.to), ZONE, "2024-03-31"), false);
  assert.equal(isWithin(at(day.from, day.to - 1), ZONE, "2024-03-31"), false);
  assert.equal(isWithin(at(day.from - 9, day.to + 9), ZONE, "2024-03-31"), true);
  assert.equal(isWithin([], ZONE, "2024-03-31"), false);
});
