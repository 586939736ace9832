/** The dump of a real store: complete, in order, verified by the independent verifier, opened only with keys. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { dumpChain } from "../../../gateway/dump/chain-dump.ts";
import { dumpDayRows } from "../../../gateway/dump/day-rows.ts";
import { type Db, openReadOnly } from "../../../gateway/ledger/database.ts";
import { openDumpSource } from "../../../gateway/verify/dump-source.ts";
import { openStoreSource } from "../../../gateway/verify/store-source.ts";
import { verify } from "../../../gateway/verify/verify.ts";
import { WattproofError } from "../../../shared/base/error.ts";
import { parseDumpLine } from "../../../shared/chain/dump.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { TestLedger } from "../../support/test-ledger.ts";

let house: TestLedger;
let db: Db;
let store: string;

before(() => {
  house = new TestLedger();
  const meters = [house.enrol(), house.enrol()];
  house.mine();
  for (let i = 0; i < 3; i++) {
    house.hold(...meters.map((meter) => house.day(meter)));
    house.mine();
  }
  house.mine();
  // one day that opens to nonsense: in the chain, and not among what counts
  const [first] = meters;
  assert.ok(first);
  house.hold(house.day(first, { garbage: true }));
  house.mine();
  house.hold(house.day(first));
  house.mine();
  store = path.join(house.folder, "gateway.db");
  db = openReadOnly(store);
});
after(() => {
  db.close();
  house.close();
});

const suite = nodeSuite;
const withKeys = () => ({ suite, utility: house.keys.utility });

async function verifyLines(lines: readonly string[], name: string) {
  const file = path.join(house.folder, name);
  writeFileSync(file, lines.map((line) => `${line}\n`).join(""));
  return verify(openDumpSource(file), { workers: 1 });
}

test("dump and live store verify and agree", async () => {
  const fromDump = await verifyLines([...dumpChain(db, { suite })], "plain.jsonl");
  const fromStore = await verify(openStoreSource(store), { workers: 1 });
  assert.deepEqual(fromDump, fromStore);
  const tip = house.ledger.tip();
  assert.deepEqual(
    [fromDump.blocks, fromDump.records, fromDump.blobs, fromDump.checkpoint, fromDump.opened],
    [tip.height + 1, tip.logSize, 8, tip.logSize, 0],
  );
});

test("a dump without keys shows nothing private", () => {
  const lines = [...dumpChain(db, { suite })];
  const kinds = new Set(lines.map((line) => parseDumpLine(line).kind));
  assert.deepEqual([...kinds], ["block", "blob", "checkpoint"]);
  for (const meter of house.meters) assert.ok(!lines.some((line) => line.includes(meter.id)));
});

test("with keys the days that count follow, each with its row", async () => {
  const lines = [...dumpChain(db, withKeys())];
  const report = await verifyLines(lines, "opened.jsonl");
  assert.deepEqual([report.opened, report.unusable], [7, 0]);
  const opened = lines.map(parseDumpLine).filter((line) => line.kind === "opened");
  const rows = opened.map((line) => line.opened["row"] as { readonly [name: string]: string });
  assert.equal(rows.length, 7);
  assert.equal(rows[0]?.["meter_id"], house.meters[0]?.id);
  assert.equal(rows[0]?.["timestamp"], "2024-01-01 00:00:00");
  assert.equal(rows[0]?.["voltage_v"], "230.00");
  // whatever is changed in an opened line is caught
  const index = lines.findIndex((line) => line.startsWith('{"opened"'));
  const line = lines[index] as string;
  for (const [from, to] of [
    ['"wh":[40', '"wh":[41'],
    ['"voltage_v":"230.00"', '"voltage_v":"231.00"'],
    ['"leaf":"', '"leaf":"A'],
    ['"meter":"3', '"meter":"4'],
  ] as const) {
    assert.ok(line.includes(from), from);
    const changed = lines.with(index, line.replace(from, to));
    await assert.rejects(verifyLines(changed, "changed.jsonl"), (error: unknown) => {
      assert.ok(error instanceof WattproofError);
      return ["opened", "schema"].includes(error.code);
    });
  }
  const twice = [...lines, line];
  await assert.rejects(verifyLines(twice, "twice.jsonl"), { code: "dump" });
});

test("the rows as CSV", () => {
  const [header, ...rows] = [...dumpDayRows(db, withKeys())];
  assert.equal(
    header,
    "meter_id,location,timestamp,energy_kwh,current_a,voltage_v,temperature_c,humidity_pct",
  );
  assert.equal(rows.length, 7);
  assert.equal(rows[0], `${house.meters[0]?.id},,2024-01-01 00:00:00,6.24,2.10,230.00,21.50,45.00`);
});
