import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  isHash,
  readBillNo,
  readDate,
  readInteger,
  readMeter,
  readMonth,
  readSearch,
  readYear,
} from "../../../gateway/web/parameters.ts";
import { isCoded } from "../../../shared/base/error.ts";

const refused = (error: unknown): boolean => isCoded(error, "parameter");

describe("parameters", () => {
  test("whatever comes, a reader returns the very text or refuses with a code", () => {
    const readers = [readMeter, readDate, readMonth, readYear, readBillNo];
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: "binary" })), (text) => {
        for (const read of readers) {
          try {
            assert.equal(read(text), text);
          } catch (error) {
            assert.ok(refused(error), String(error));
          }
        }
      }),
      { seed: 352, numRuns: 300 },
    );
  });

  test("dates are those of the calendar", () => {
    for (const good of ["2024-02-29", "2000-02-29", "1999-12-31"])
      assert.equal(readDate(good), good);
    for (const bad of [
      "2023-02-29",
      "1900-02-29",
      "2024-04-31",
      "2024-1-1",
      "2024-01-01 ",
      "",
      "+002024-01",
    ]) {
      assert.throws(() => readDate(bad), refused, bad);
    }
  });

  test("years are those in which something can have been measured", () => {
    assert.equal(readDate("1970-01-01"), "1970-01-01");
    assert.equal(readYear("2199"), "2199");
    for (const year of ["0000", "0001", "1969", "2200", "9999"]) {
      assert.throws(() => readDate(`${year}-06-01`), refused, year);
      assert.throws(() => readMonth(`${year}-06`), refused, year);
      assert.throws(() => readYear(year), refused, year);
    }
  });

  test("integers keep their bounds and one spelling", () => {
    assert.equal(readInteger("0", "n"), 0);
    assert.equal(readInteger("9007199254740991", "n"), Number.MAX_SAFE_INTEGER);
    for (const bad of ["", "-1", "01", "1.0", "1e3", "0x1", " 1", "9007199254740992", "NaN"]) {
      assert.throws(() => readInteger(bad, "n"), refused, bad);
    }
    assert.throws(() => readInteger("101", "n", 1, 100), refused);
  });

  test("a search is trimmed, bounded, and nothing when empty", () => {
    assert.equal(readSearch("  352 "), "352");
    assert.equal(readSearch("   "), undefined);
    assert.equal(readSearch(undefined), undefined);
    assert.throws(() => readSearch("x".repeat(101)), refused);
  });

  test("a hash has 43 characters of base64url", () => {
    assert.equal(isHash("A".repeat(43)), true);
    assert.equal(isHash("A".repeat(42)), false);
    assert.equal(isHash(`${"A".repeat(42)}+`), false);
  });
});
