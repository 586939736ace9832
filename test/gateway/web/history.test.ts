import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { DaySummary } from "../../../gateway/projection/read-model-types.ts";
import {
  columnsOfDays,
  columnsOfMonths,
  energyOf,
  kindOfLetter,
  kindOfSlots,
  usualWh,
} from "../../../gateway/web/history.ts";
import { countSlots } from "../../support/fake-household.ts";

function day(
  date: string,
  wh: number,
  quality = "MMMM",
  extra: Partial<DaySummary> = {},
): DaySummary {
  return {
    meter: "352522395",
    date,
    zone: "UTC",
    fromSeconds: 0,
    toSeconds: 86_400,
    stepSeconds: 3600,
    wh,
    slots: countSlots(quality),
    state: "final",
    leaf: "",
    ...extra,
  };
}

describe("history", () => {
  test("a day is drawn by the quality of its slots", () => {
    const kinds = {
      MMIE: "solid",
      MmMM: "partial",
      MGMM: "partial",
      MRMM: "partial",
      MSMM: "substituted",
      GGGG: "gap",
      "": "gap",
    };
    for (const [quality, kind] of Object.entries(kinds)) {
      assert.equal(kindOfSlots(countSlots(quality)), kind, quality);
    }
  });

  test("a slot is drawn by its letter", () => {
    const kinds = {
      M: "solid",
      I: "solid",
      E: "solid",
      m: "partial",
      e: "partial",
      R: "partial",
      S: "substituted",
      G: "gap",
    };
    for (const [letter, kind] of Object.entries(kinds))
      assert.equal(kindOfLetter(letter), kind, letter);
  });

  test("no reading is never zero", () => {
    assert.equal(energyOf(day("2024-01-01", 0, "GGGG")), undefined);
    assert.equal(energyOf(day("2024-01-01", 0, "", { unusable: "schema" })), undefined);
    assert.equal(energyOf(day("2024-01-01", 0, "MMMM")), 0);
    assert.equal(energyOf(undefined), undefined);
  });

  test("between the first and the last day a missing one is a gap, outside it is nothing", () => {
    const dates = ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"];
    const days = [day("2024-01-02", 10), day("2024-01-04", 30)];
    const columns = columnsOfDays(dates, days, "2024-01-02", "2024-01-04");
    assert.deepEqual(
      columns.map((c) => c.kind),
      ["none", "solid", "gap", "solid"],
    );
  });

  test("two records of one date are one column, an unusable one adds nothing", () => {
    const days = [
      day("2024-01-01", 10),
      day("2024-01-01", 5),
      day("2024-01-01", 99, "", { unusable: "pt" }),
    ];
    const [column] = columnsOfDays(["2024-01-01"], days, "2024-01-01", "2024-01-01");
    assert.equal(column?.wh, 15);
    assert.equal(column?.days.length, 3);
    assert.equal(column?.kind, "solid");
  });

  test("a month without a row between two others is a gap", () => {
    const month = (name: string) => ({
      meter: "",
      month: name,
      wh: 1,
      days: 1,
      slots: countSlots("M"),
    });
    const columns = columnsOfMonths(
      ["2024-01", "2024-02", "2024-03", "2024-04"],
      [month("2024-01"), month("2024-03")],
    );
    assert.deepEqual(
      columns.map((c) => c.kind),
      ["solid", "gap", "solid", "none"],
    );
  });

  test("the usual weekday is the mean of the same one in the weeks before, whole days only", () => {
    const before = [
      day("2024-01-03", 100),
      day("2024-01-09", 999),
      day("2024-01-10", 200, "MMGG"),
      day("2024-01-17", 300),
    ];
    assert.equal(usualWh("2024-01-24", before), 200);
    assert.equal(usualWh("2024-01-17", before), undefined);
  });
});
