// The read model over a real store: what it says must be what was sealed, and no statement may scan.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import Database from "better-sqlite3";
import { type Db, openReadOnly } from "../../../gateway/ledger/database.ts";
import { ChainReader } from "../../../gateway/projection/chain-reader.ts";
import { createReadModel } from "../../../gateway/projection/read-model.ts";
import type { ReadModel } from "../../../gateway/projection/read-model-types.ts";
import { decodeBase64url } from "../../../shared/base/bytes.ts";
import { parseReceipt } from "../../../shared/chain/receipt.ts";
import { verifyConsistency, verifyInclusion } from "../../../shared/chain/tree.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { issueBillOf, issueTariffOf } from "../../support/test-bill.ts";
import { TestLedger, type TestMeter } from "../../support/test-ledger.ts";

let t: TestLedger;
let model: ReadModel;
let db: Db;
let meter: TestMeter;
let broken: TestMeter;
const statements: string[] = [];

before(() => {
  t = new TestLedger();
  meter = t.enrol(t.addMeter("352522395"));
  broken = t.enrol(t.addMeter("352522396"));
  const idle = t.addMeter("352600000");
  t.enrol(idle);
  issueTariffOf(t, meter);
  t.mine();
  t.hold(t.day(meter), t.day(meter), t.day(broken), t.day(broken, { garbage: true }));
  t.mine();
  t.hold(t.day(meter));
  t.mine();
  issueBillOf(t, meter, "352522395-2024-01");
  t.mine();
  t.hold(t.day(meter));
  t.ledger.vault.setOnline([{ meter: "352522395", online: true, at: 1 }]);
  t.ledger.counters.add([
    { code: "held", count: 6 },
    { code: "refused-seq", count: 2 },
  ]);
  db = openReadOnly(join(t.folder, "gateway.db"));
  // Every statement that the read model prepares, for the query plans.
  const prepare = db.prepare.bind(db);
  const spy = Object.create(db, {
    prepare: {
      value: (sql: string) => {
        statements.push(sql);
        return prepare(sql);
      },
    },
    transaction: { value: db.transaction.bind(db) },
  }) as Db;
  model = createReadModel(spy, { suite: nodeSuite });
});

after(() => {
  db.close();
  t.close();
});

test("the overview counts what is in the chain and what is held", () => {
  const overview = model.overview();
  assert.equal(overview.tip.height, 4);
  assert.equal(overview.tip.finalHeight, 4);
  assert.equal(overview.tip.chainId, t.ledger.state.chain.id);
  assert.equal(overview.meters, 3);
  assert.equal(overview.online, 1);
  assert.equal(overview.held, 1);
  assert.equal(overview.bills, 1);
  assert.equal(overview.openAlarms, 1);
  assert.deepEqual(
    overview.recentDays.map(({ date, meters }) => [date, meters]),
    [
      ["2024-01-01", 2],
      ["2024-01-02", 1],
      ["2024-01-03", 1],
    ],
  );
});

test("meters are listed by id, found by prefix, and tell their state", () => {
  const all = model.meters();
  assert.deepEqual(
    all.rows.map((row) => [row.meter, row.state, row.days]),
    [
      ["352522395", "active", 3],
      ["352522396", "active", 2],
      ["352600000", "waiting", 0],
    ],
  );
  assert.equal(all.total, 3);
  assert.equal(model.meters({ search: "352522" }).total, 2);
  assert.equal(model.meters({ search: "nothing" }).total, 0);
  assert.deepEqual(
    model.meters({ offset: 1, limit: 1 }).rows.map((row) => row.meter),
    ["352522396"],
  );
  const one = model.meter("352522395");
  assert.equal(one?.online, true);
  assert.equal(one?.firstDate, "2024-01-01");
  assert.equal(one?.lastDay?.date, "2024-01-03");
  assert.equal(one?.tariff, "flat");
  assert.equal(model.meter("352522396")?.openAlarms, 1);
  assert.equal(model.meter("352999999"), undefined);
});

test("a day shows what the meter sealed", () => {
  const [day, ...more] = model.day("352522395", "2024-01-02");
  assert.equal(more.length, 0);
  assert.ok(day);
  assert.equal(day.slotWh.length, 96);
  assert.equal(day.wh, day.registerLastWh - day.registerFirstWh);
  assert.equal(day.quality, "M".repeat(96));
  assert.equal(day.slots.measured, 96);
  assert.equal(day.seq, 2);
  assert.equal(day.kid, meter.key.kid);
  assert.equal(day.state, "final");
  assert.equal(day.zone, "Europe/Berlin");
  assert.deepEqual(day.voltageMilliVolt, [{ mean: 230_000, min: 228_000, max: 233_000 }]);
  assert.deepEqual(day.temperatureMilliCelsius, { mean: 21_500, min: 20_000, max: 23_000 });
  assert.equal(model.positionOf(day.leaf), day.position);
  assert.deepEqual(model.day("352522395", "2025-01-01"), []);
  const days = model.days("352522395", "2023-12-01", "2024-01-02");
  assert.deepEqual(
    days.map(({ date }) => date),
    ["2024-01-01", "2024-01-02"],
  );
});

test("a signed day that opens to nonsense is shown as unusable and raises an alarm", () => {
  const [day] = model.day("352522396", "2024-01-02");
  assert.ok(day?.unusable);
  assert.equal(day.wh, 0);
  assert.equal(day.slots.total, 0);
  const [alarm] = model.alarms({ limit: 10 });
  assert.equal(alarm?.code, day.unusable);
  assert.equal(alarm?.meter, "352522396");
  assert.equal(alarm?.position, day.position);
});

test("months sum the usable days", () => {
  const [month, ...more] = model.months("352522395");
  assert.equal(more.length, 0);
  assert.equal(month?.month, "2024-01");
  assert.equal(month?.days, 3);
  assert.equal(month?.slots.measured, 288);
  const days = model.days("352522395", "2024-01-01", "2024-01-31");
  assert.equal(
    month?.wh,
    days.reduce((sum, { wh }) => sum + wh, 0),
  );
  assert.equal(month?.voltageMilliVolt?.[0]?.max, 233_000);
  assert.equal(model.months("352522396")[0]?.days, 1);
});

test("a bill is found by meter and number and names what it used", () => {
  const page = model.bills({ meter: "352522395" });
  assert.equal(page.total, 1);
  assert.equal(model.bills().rows[0]?.no, "352522395-2024-01");
  const bill = model.bill("352522395-2024-01");
  assert.equal(bill?.month, "2024-01");
  assert.deepEqual(
    bill?.used.map(({ date, position }) => [date, position]),
    model.days("352522395", "2024-01-01", "2024-01-03").map((day) => [day.date, day.position]),
  );
  assert.deepEqual(
    bill?.tariffs.map(({ id, version }) => [id, version]),
    [["flat", 1]],
  );
  assert.equal(bill?.leaf, model.record(bill?.position ?? -1)?.leaf);
  assert.equal(model.bill("none"), undefined);
});

test("blocks go down from the tip and link to each other", () => {
  const blocks = model.blocks(undefined, 10);
  assert.deepEqual(
    blocks.map(({ height }) => height),
    [4, 3, 2, 1, 0],
  );
  assert.deepEqual(
    model.blocks(3, 2).map(({ height }) => height),
    [2, 1],
  );
  blocks.slice(0, -1).forEach((block, i) => {
    assert.equal(block.prevHash, blocks[i + 1]?.hash);
  });
  const detail = model.block(2);
  assert.equal(detail?.nextHash, blocks[1]?.hash);
  assert.equal(detail?.gatewayName, "gw-1");
  assert.equal(model.block(9), undefined);
});

test("every record comes with proofs that hold", () => {
  const { logSize } = model.overview().tip;
  const records = model.records(0, 100);
  assert.equal(records.length, logSize);
  for (const { position } of records) {
    const record = model.record(position);
    assert.ok(record?.checkpoint && record.receipt);
    const leaf = decodeBase64url(record.leaf);
    const root = decodeBase64url(record.block.logRoot);
    const path = record.inclusion.map(decodeBase64url);
    verifyInclusion(nodeSuite, leaf, position, record.block.logSize, path, root);
    const { size, consistency } = record.checkpoint;
    const tipRoot = decodeBase64url(model.overview().tip.logRoot);
    if (size === logSize) {
      const proof = consistency.map(decodeBase64url);
      verifyConsistency(nodeSuite, record.block.logSize, root, size, tipRoot, proof);
    }
    assert.equal(parseReceipt(record.receipt).index, position);
  }
  const day = model.record(model.day("352522395", "2024-01-02")[0]?.position ?? -1);
  assert.equal(day?.subject, "2024-01-02");
  assert.equal(day?.signer, "352522395");
  const next = model.record(day?.nextPosition ?? -1);
  assert.equal(next?.previousPosition, day?.position);
  assert.equal(model.record(10_000), undefined);
});

test("the next record of a key is looked for only so far", () => {
  const chain = new ChainReader(db, nodeSuite);
  const { kid } = t.keys.signing;
  assert.equal(chain.nextPosition(kid, 0), 1);
  assert.equal(chain.nextPosition(kid, 0, 2), undefined);
  const last = chain.nextPosition(kid, 0, 2) ?? t.ledger.tip().logSize;
  assert.equal(chain.nextPosition(kid, last), undefined);
});

test("counters are listed by count", () => {
  assert.deepEqual(model.counters(), [
    { code: "held", count: 6 },
    { code: "refused-seq", count: 2 },
  ]);
});

test("no statement scans a table that grows with the chain", () => {
  const plain = new Database(join(t.folder, "gateway.db"), { readonly: true });
  // Bounded or explicitly slow: labels, counters, held records, dates that are asked for, the first rows of an index.
  const allowed = /SCAN (vault_point|vault_counter|held|CONSTANT ROW|asked)/;
  for (const sql of statements.filter((text) => /^(SELECT|WITH)/.test(text))) {
    const plan = plain.prepare(`EXPLAIN QUERY PLAN ${sql}`);
    const parameters = Array.from({ length: sql.split("?").length - 1 }, () => 0);
    for (const { detail } of plan.all(...parameters) as { detail: string }[]) {
      if (!detail.startsWith("SCAN") || allowed.test(detail)) continue;
      assert.ok(/LIMIT/.test(sql) && !/TEMP B-TREE/.test(detail), `${detail}: ${sql}`);
    }
  }
  plain.close();
});
