/** Summer time as Green Button's rules: decoded again with plain calendar arithmetic, they give the zone's own changes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readLocalTime } from "../../../gateway/export/dst-rule.ts";
import { listOffsets } from "../../../shared/time/civil-day.ts";

const NO_RULE = "FFFFFFFF";

/** Wall-clock time of a rule in a year, as seconds since 1970 as if it were UTC. */
function occurrence(rule: string, year: number): number {
  const bits = Number.parseInt(rule, 16);
  const field = (low: number, width: number): number => Math.floor(bits / 2 ** low) % 2 ** width;
  const [month, operator, dom, dow] = [field(28, 4), field(25, 3), field(20, 5), field(17, 3)];
  const days = new Date(Date.UTC(year, month, 0)).getUTCDate();
  const weekday = (day: number): number =>
    new Date(Date.UTC(year, month - 1, day)).getUTCDay() || 7;
  const fitting = Array.from({ length: days }, (_, i) => i + 1).filter(
    (day) => weekday(day) === dow,
  );
  const day =
    operator === 0
      ? dom
      : operator === 1
        ? fitting.find((one) => one >= dom)
        : operator === 7
          ? fitting.at(-1)
          : fitting[operator - 2];
  assert.ok(day !== undefined);
  return Date.UTC(year, month - 1, day, field(12, 5)) / 1000 + field(0, 12);
}

test("the known rules, to the digit", () => {
  assert.deepEqual(readLocalTime("America/New_York", 2024), {
    dstStartRule: "360E2000",
    dstEndRule: "B40E2000",
    dstOffset: 3600,
    tzOffset: -5 * 3600,
  });
  assert.deepEqual(readLocalTime("Europe/Berlin", 2024), {
    dstStartRule: "3E0E2000",
    dstEndRule: "AE0E3000",
    dstOffset: 3600,
    tzOffset: 3600,
  });
});

test("south of the equator, half an hour, midnight, a weekday that is not Sunday, no summer time", () => {
  assert.equal(readLocalTime("Australia/Lord_Howe", 2024).dstOffset, 1800);
  assert.equal(readLocalTime("Australia/Sydney", 2024).dstStartRule.slice(0, 1), "A");
  for (const zone of ["Asia/Tokyo", "UTC", "Asia/Kolkata"]) {
    const { dstStartRule, dstEndRule, dstOffset } = readLocalTime(zone, 2024);
    assert.deepEqual([dstStartRule, dstEndRule, dstOffset], [NO_RULE, NO_RULE, 0]);
  }
  assert.equal(readLocalTime("Asia/Kolkata", 2024).tzOffset, 19_800);
});

test("a year that such rules cannot tell has none, and keeps its offset", () => {
  const { dstStartRule, dstEndRule } = readLocalTime("Europe/Istanbul", 2016);
  assert.deepEqual([dstStartRule, dstEndRule], [NO_RULE, NO_RULE]);
});

for (const zone of [
  "Europe/Berlin",
  "Europe/London",
  "America/New_York",
  "America/Santiago",
  "Australia/Sydney",
  "Australia/Lord_Howe",
  "Asia/Jerusalem",
  "Pacific/Auckland",
]) {
  test(`${zone}: the rules give the changes of this year and of the next`, () => {
    const { dstStartRule, dstEndRule, dstOffset, tzOffset } = readLocalTime(zone, 2024);
    for (const year of [2024, 2025]) {
      const [from, to] = [Date.UTC(year, 0, 1) / 1000, Date.UTC(year + 1, 0, 1) / 1000];
      const changes = listOffsets(zone, from, to).slice(1);
      const start = occurrence(dstStartRule, year) - tzOffset;
      const end = occurrence(dstEndRule, year) - tzOffset - dstOffset;
      const expected = [
        [start, tzOffset + dstOffset],
        [end, tzOffset],
      ].sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0));
      assert.deepEqual(changes, expected);
    }
  });
}
