// What blocks took: real times, a bounded number of rows, sums by day; gathered without making a block wait.
import assert from "node:assert/strict";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { makeBlock } from "../../../gateway/app/block-maker.ts";
import { CostDesk } from "../../../gateway/app/cost-desk.ts";
import { systemClock } from "../../../gateway/app/system-clock.ts";
import { openReadOnly } from "../../../gateway/ledger/database.ts";
import { Ledger } from "../../../gateway/ledger/ledger.ts";
import { Miner } from "../../../gateway/ledger/miner.ts";
import { createProjector } from "../../../gateway/projection/projector.ts";
import { createReadModel } from "../../../gateway/projection/read-model.ts";
import type { ReadModel } from "../../../gateway/projection/read-model-types.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { seededBytes } from "../../support/seeded-bytes.ts";
import { TestLedger, ZONE } from "../../support/test-ledger.ts";

let house: TestLedger;
beforeEach(() => {
  house = new TestLedger();
});
afterEach(() => house.close());

function read<T>(work: (model: ReadModel) => T): T {
  const db = openReadOnly(join(house.folder, "gateway.db"));
  try {
    return work(createReadModel(db, { suite: nodeSuite }));
  } finally {
    db.close();
  }
}

const COST = { records: 3, templateUs: 1, miningUs: 20, hashes: 9, checkUs: 300, writeUs: 4_000 };

test("a block that is made leaves what it took, in real time", async () => {
  const meter = house.enrol();
  house.hold(house.day(meter));
  const desk = new CostDesk(house.ledger.costs, ZONE);
  const miner = new Miner();
  try {
    await makeBlock({
      ledger: house.ledger,
      miner,
      clock: house.clock,
      randomBytes: seededBytes("nonce"),
      realMs: () => systemClock.monotonicMs(),
      onAppended: () => undefined,
      onSpent: (spending) => desk.note(spending),
      onEvent: (event) => assert.fail(JSON.stringify(event)),
    });
  } finally {
    await miner.close();
  }
  assert.deepEqual(
    read((model) => model.blockCosts(undefined, 9)),
    [],
    "no block waits for it",
  );
  desk.flush();
  const [cost, ...more] = read((model) => model.blockCosts(undefined, 9));
  assert.deepEqual(more, []);
  assert.equal(cost?.height, 1);
  assert.equal(cost?.records, house.ledger.tip().logSize - 1);
  assert.ok((cost?.hashes ?? 0) > 0);
  for (const name of ["templateMicros", "miningMicros", "writeMicros"] as const) {
    assert.ok((cost?.[name] ?? 0) > 0, name);
  }
  assert.ok((cost?.storeBytes ?? 0) > 16_384);
  desk.flush();
  assert.equal(read((model) => model.blockCosts(undefined, 9)).length, 1);
});

test("checking is measured in real time, whatever a clock simulates", () => {
  const { keys, clock } = house;
  house.ledger.close();
  let ms = 0;
  house.ledger = Ledger.open({
    ...{ path: join(house.folder, "gateway.db"), suite: nodeSuite, keys, clock },
    randomBytes: seededBytes("nonce"),
    projector: createProjector({ suite: nodeSuite, utility: keys.utility }),
    realMs: () => {
      clock.advance(86_400_000);
      ms += 7;
      return ms;
    },
  });
  const { added } = house.mine();
  assert.deepEqual(
    added.map(({ checkMs }) => checkMs),
    [7],
  );
});

test("days are sums, by the gateway's own midnight", () => {
  const desk = new CostDesk({ add: (costs) => house.ledger.costs.add(costs) }, ZONE);
  const ms = { templateMs: 1, miningMs: 2, checkMs: 3, writeMs: 4, hashes: 5, records: 6 };
  // 23:30 and 00:30 in Berlin.
  for (const [height, time] of [
    [1, 1_704_061_800],
    [2, 1_704_065_400],
    [3, 1_704_065_401],
  ] as const) {
    desk.note({ height, time, ...ms });
  }
  desk.flush();
  const days = read((model) => model.dayCosts(undefined, 9));
  assert.deepEqual(
    days.map(({ date, blocks, records, checkMicros }) => [date, blocks, records, checkMicros]),
    [
      ["2024-01-01", 2, 12, 6_000],
      ["2023-12-31", 1, 6, 3_000],
    ],
  );
  assert.equal(read((model) => model.dayCosts("2024-01-01", 9)).length, 1);
});

test("single blocks are kept for the newest ones only, days for good", () => {
  const costs = Array.from({ length: 5_200 }, (_, i) => {
    return { ...COST, height: i + 1, at: 100 + i, date: 20_240_101 + (i % 2) };
  });
  house.ledger.costs.add(costs);
  const rows = read((model) => model.blockCosts(undefined, 10_000));
  assert.deepEqual([rows.length, rows[0]?.height, rows.at(-1)?.height], [5_000, 5_200, 201]);
  const days = read((model) => model.dayCosts(undefined, 9));
  assert.deepEqual(
    days.map(({ blocks }) => blocks),
    [2_600, 2_600],
  );
  assert.deepEqual(
    read((model) => model.blockCosts(203, 9)).map(({ height }) => height),
    [202, 201],
  );
});
