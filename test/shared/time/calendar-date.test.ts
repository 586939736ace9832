import assert from "node:assert/strict";
import { it } from "node:test";
import {
  formatDate,
  LAST_DAY_NUMBER,
  monthDays,
  monthOf,
  nextMonth,
  parseDate,
} from "../../../shared/time/calendar-date.ts";
import { codeOf } from "../../support/code-of.ts";

it("dates are days since 1970 and back", () => {
  assert.equal(parseDate("1970-01-01"), 0);
  assert.equal(parseDate("2000-03-01") - parseDate("2000-02-28"), 2);
  assert.equal(parseDate("2100-03-01") - parseDate("2100-02-28"), 1);
  assert.equal(formatDate(LAST_DAY_NUMBER), "9999-12-31");
  for (let day = 0; day < 60_000; day += 7) assert.equal(parseDate(formatDate(day)), day);
});

it("months", () => {
  const { first, after } = monthDays("2024-02");
  assert.equal(after - first, 29);
  assert.equal(nextMonth("2024-12"), "2025-01");
  assert.equal(monthOf("2024-12-31"), "2024-12");
});

it("refuses what D cannot write", () => {
  assert.equal(
    codeOf(() => formatDate(LAST_DAY_NUMBER + 1)),
    "calendar",
  );
  assert.equal(
    codeOf(() => formatDate(-1)),
    "calendar",
  );
  assert.equal(
    codeOf(() => formatDate(0.5)),
    "calendar",
  );
  assert.equal(
    codeOf(() => nextMonth("9999-12")),
    "calendar",
  );
});
