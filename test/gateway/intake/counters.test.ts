import assert from "node:assert/strict";
import { test } from "node:test";
import { Counters } from "../../../gateway/intake/counters.ts";

test("counts by code, and gives what is new since the last time once", () => {
  const counters = new Counters();
  counters.add("refused-seq");
  counters.add("held", 3);
  assert.deepEqual(counters.takeChanges(), [
    { code: "refused-seq", count: 1 },
    { code: "held", count: 3 },
  ]);
  assert.deepEqual(counters.takeChanges(), []);
  counters.add("held");
  assert.deepEqual(counters.takeChanges(), [{ code: "held", count: 1 }]);
  assert.deepEqual(counters.list(), [
    { code: "held", count: 4 },
    { code: "refused-seq", count: 1 },
  ]);
});
