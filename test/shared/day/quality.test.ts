import assert from "node:assert/strict";
import { it } from "node:test";
import { countSlots, kindOfQuality } from "../../../shared/day/quality.ts";

it("letters are counted by kind, and the total is their sum", () => {
  const counts = countSlots(["MIE", "mieR", "SGG"], 5);
  assert.deepEqual(counts, {
    total: 15,
    measured: 3,
    partial: 3,
    recovered: 1,
    substituted: 1,
    gap: 2,
    missing: 5,
  });
});

it("only M, I and E have a lower case", () => {
  for (const letter of ["r", "s", "g", "X", "", "1"])
    assert.equal(kindOfQuality(letter), undefined);
});
