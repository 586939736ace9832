// The CSV of a store: what counts, once.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { dumpDayRows } from "../../../gateway/dump/day-rows.ts";
import { openReadOnly } from "../../../gateway/ledger/database.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { makeCorrectedHouse } from "../../support/corrected-house.ts";

test("a corrected day has one row, that of the correction", () => {
  const { t, old } = makeCorrectedHouse();
  const db = openReadOnly(join(t.folder, "gateway.db"));
  try {
    const options = { suite: nodeSuite, utility: t.keys.utility };
    const rows = [...dumpDayRows(db, options)].filter((row) => row.startsWith(old.id));
    // 31 days, of which the 15th has two devices.
    assert.equal(rows.length, 32);
    const corrected = rows.filter((row) => row.includes("2024-01-09 "));
    assert.equal(corrected.length, 1);
    assert.equal(corrected[0]?.split(",")[3], "11.75");
  } finally {
    db.close();
    t.close();
  }
});
