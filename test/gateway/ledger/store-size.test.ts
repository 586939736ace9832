// Bytes that a meter-day takes in the store, all tables and indexes and free space in pages included.
import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { TestLedger } from "../../support/test-ledger.ts";

const METERS = 60;
const DAYS = 20;
/** The limit is 2,900 for two recipients; the days of this test are sealed to one, which takes 136 bytes less. */
const MOST_BYTES = 2_400;

test(`a meter-day takes at most ${MOST_BYTES} bytes`, (context) => {
  const t = new TestLedger();
  try {
    const path = join(t.folder, "gateway.db");
    const size = (): number => {
      t.ledger.db.pragma("wal_checkpoint(TRUNCATE)");
      return statSync(path).size;
    };
    const meters = Array.from({ length: METERS }, () => t.enrol());
    t.mine();
    const before = size();
    for (let day = 0; day < DAYS; day++) {
      t.hold(...meters.map((meter) => t.day(meter)));
      t.mine();
    }
    const each = (size() - before) / (METERS * DAYS);
    context.diagnostic(`${Math.round(each)} bytes a meter-day`);
    assert.equal(t.ledger.tip().logSize, 1 + METERS + METERS * DAYS);
    assert.ok(each <= MOST_BYTES, `${each} bytes`);
  } finally {
    t.close();
  }
});
