// Which readings count, which bills are overtaken, sums: as shared code says of the same histories, rolled back and rebuilt.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { Ledger } from "../../../gateway/ledger/ledger.ts";
import { createProjector } from "../../../gateway/projection/projector.ts";
import { dumpProjection, rebuildProjection } from "../../../gateway/projection/rebuild.ts";
import { encodeBase64url } from "../../../shared/base/bytes.ts";
import { ManualClock } from "../../../shared/base/clock.ts";
import { decodeHeader } from "../../../shared/chain/block.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { computeCt } from "../../../shared/record/envelope.ts";
import { localDayOf } from "../../../shared/time/civil-day.ts";
import { ZONE } from "../../support/house-reading.ts";
import { playHouse } from "../../support/random-swaps.ts";
import { Dice } from "../../support/random-tariff.ts";
import { seededBytes } from "../../support/seeded-bytes.ts";
import type { SwappedHouse } from "../../support/swapped-house.ts";

const HOUSES = 30;
const LATER = 1_735_700_000;

/** Dumps of the projection after each block of a house, and the ledger that holds them all. */
function project(house: SwappedHouse, folder: string) {
  const { chain } = house;
  const [genesis, ...rest] = chain.blocks;
  const { key: signing, note } = chain.member(0);
  assert.ok(genesis && note);
  const projector = createProjector({ suite: nodeSuite, utility: chain.utility });
  const ledger = Ledger.create({
    path: path.join(folder, "gateway.db"),
    suite: nodeSuite,
    keys: { signing, note },
    clock: new ManualClock(LATER * 1000),
    randomBytes: seededBytes("ledger"),
    projector,
    genesis,
  });
  const { point, meter } = house;
  const salt = house.bills[0]?.plaintext.opening ?? "";
  ledger.vault.putPoint({ point, meter, salt, zone: ZONE });
  const lines2 = new Map(chain.blobs.map((line2) => [computeCt(nodeSuite, line2), line2]));
  const dumps = [[...dumpProjection(ledger.db)]];
  for (const block of rest) {
    ledger.append(block, lines2);
    dumps.push([...dumpProjection(ledger.db)]);
  }
  return { ledger, projector, dumps };
}

function leafAt(ledger: Ledger, position: number): string {
  const tile = ledger.db
    .prepare("SELECT hashes FROM tile WHERE id = ?")
    .get(Math.floor(position / 64)) as { hashes: Buffer };
  const at = (position % 64) * 32;
  return encodeBase64url(tile.hashes.subarray(at, at + 32));
}

function checkReadings(house: SwappedHouse, ledger: Ledger): void {
  const { db } = ledger;
  const counting = house.effective(0, LATER);
  const rows = db
    .prepare("SELECT pos FROM day WHERE code IS NULL AND lost IS NULL AND body IS NOT NULL")
    .all() as { pos: number }[];
  assert.deepEqual(
    rows.map(({ pos }) => leafAt(ledger, pos)).sort(),
    counting.map(({ leaf }) => leaf).sort(),
    "the readings that count",
  );
  const stale = db.prepare("SELECT bill FROM overtaken").all() as { bill: number }[];
  assert.deepEqual(
    stale.map(({ bill }) => bill),
    house.bills.filter((bill) => house.isOvertaken(bill)).map(({ position }) => position),
    "the bills that are overtaken",
  );
  const byDate = new Map<string, number>();
  for (const { from, day } of counting) {
    const date = localDayOf(ZONE, from).replaceAll("-", "");
    byDate.set(date, (byDate.get(date) ?? 0) + day.wh.reduce((sum, wh) => sum + wh, 0));
  }
  const totals = db.prepare("SELECT date, wh, days FROM day_total ORDER BY date").all();
  assert.deepEqual(
    totals,
    [...byDate].map(([date, wh]) => ({ date: Number(date), wh, days: 1 })),
    "the totals of dates",
  );
  const months = new Map<string, { wh: number; days: number; records: number }>();
  const monthOf = (date: string) => {
    const month = date.slice(0, 6);
    const sum = months.get(month) ?? { wh: 0, days: 0, records: 0 };
    months.set(month, sum);
    return sum;
  };
  for (const [date, wh] of byDate) {
    const sum = monthOf(date);
    sum.wh += wh;
    sum.days += 1;
  }
  for (const { typ, from } of house.readings) {
    monthOf(localDayOf(ZONE, from).replaceAll("-", "")).records += typ === "day" ? 1 : 0;
  }
  const sums = db.prepare("SELECT month, wh, days, records FROM month ORDER BY month").all();
  assert.deepEqual(
    sums,
    [...months].sort().map(([month, sum]) => ({ month: Number(month), ...sum })),
    "the sums of months",
  );
}

test("histories by dice: rows, sums and overtaken bills, forward, back and anew", () => {
  let corrections = 0;
  let voids = 0;
  let overtaken = 0;
  for (let seed = 1; seed <= HOUSES; seed++) {
    const house = playHouse(new Dice(seed), `readings ${seed}`);
    const folder = mkdtempSync(path.join(tmpdir(), "wattproof-readings-"));
    const { ledger, projector, dumps } = project(house, folder);
    const { db } = ledger;
    try {
      checkReadings(house, ledger);
      corrections += house.readings.filter(({ typ }) => typ === "correction").length;
      voids += house.readings.filter(({ voidBy }) => voidBy !== undefined).length;
      overtaken += db.prepare("SELECT * FROM overtaken").all().length;
      for (let height = 1; height < dumps.length; height++) {
        const { header, records } = house.chain.blocks[
          height
        ] as SwappedHouse["chain"]["blocks"][0];
        const first = decodeHeader(header).logSize - records.length;
        db.exec("BEGIN");
        projector.rollback(db, first, height);
        assert.deepEqual(
          [...dumpProjection(db)],
          dumps[height - 1],
          `${seed}: back to ${height - 1}`,
        );
        db.exec("ROLLBACK");
        projector.reset();
      }
      rebuildProjection(db, { suite: nodeSuite, projector });
      assert.deepEqual([...dumpProjection(db)], dumps.at(-1), `${seed}: rebuilt`);
    } catch (error) {
      throw new Error(`house ${seed}`, { cause: error });
    } finally {
      ledger.close();
      rmSync(folder, { recursive: true, force: true });
    }
  }
  assert.ok(corrections > 100 && voids > 10 && overtaken > 3, `${[corrections, voids, overtaken]}`);
});
