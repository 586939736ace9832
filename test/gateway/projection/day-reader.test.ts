// Days and months of any period: what lies between two dates is found across the ends of months and years.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { openReadOnly } from "../../../gateway/ledger/database.ts";
import { createReadModel } from "../../../gateway/projection/read-model.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { TestLedger } from "../../support/test-ledger.ts";

const DAYS = 65;

test("a period of several months has all of its days", () => {
  const t = new TestLedger();
  try {
    const meter = t.enrol();
    t.mine();
    for (let day = 0; day < DAYS; day += 5) {
      t.hold(...Array.from({ length: 5 }, () => t.day(meter)));
      t.mine();
    }
    const db = openReadOnly(join(t.folder, "gateway.db"));
    try {
      const model = createReadModel(db, { suite: nodeSuite });
      const dates = (from: string, to: string): string[] =>
        model.days(meter.id, from, to).map(({ date }) => date);
      const all = dates("2024-01-01", "2024-12-31");
      assert.equal(all.length, DAYS);
      assert.equal(new Set(all).size, DAYS);
      assert.deepEqual(dates("2024-01-31", "2024-02-02"), [
        "2024-01-31",
        "2024-02-01",
        "2024-02-02",
      ]);
      assert.deepEqual(dates("2024-02-28", "2024-03-01"), [
        "2024-02-28",
        "2024-02-29",
        "2024-03-01",
      ]);
      assert.deepEqual(
        model.months(meter.id).map(({ month, days }) => [month, days]),
        [
          ["2024-01", 31],
          ["2024-02", 29],
          ["2024-03", 5],
        ],
      );
    } finally {
      db.close();
    }
  } finally {
    t.close();
  }
});
