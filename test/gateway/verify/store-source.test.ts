/** A damaged or missing store is a coded refusal, as a damaged dump is. */
import assert from "node:assert/strict";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import Database from "better-sqlite3";
import { BlobReader } from "../../../gateway/verify/blob-reader.ts";
import { RecordReader } from "../../../gateway/verify/record-reader.ts";
import { openStoreReader } from "../../../gateway/verify/store-reader.ts";
import { openStoreSource } from "../../../gateway/verify/store-source.ts";
import { verify } from "../../../gateway/verify/verify.ts";
import type { VerifySource } from "../../../gateway/verify/verify-source.ts";
import type { WattproofError } from "../../../shared/base/error.ts";
import { TestLedger } from "../../support/test-ledger.ts";

let house: TestLedger;
before(() => {
  house = new TestLedger();
  const meter = house.enrol();
  house.mine();
  for (let i = 0; i < 2; i++) {
    house.hold(house.day(meter));
    house.mine();
  }
});
after(() => house.close());

/** The store after a change by hand. */
function damaged(name: string, sql: string): string {
  const folder = path.join(house.folder, name);
  mkdirSync(folder);
  for (const part of ["gateway.db", "gateway.db-wal"]) {
    cpSync(path.join(house.folder, part), path.join(folder, part));
  }
  const file = path.join(folder, "gateway.db");
  const db = new Database(file);
  db.pragma("foreign_keys = OFF");
  db.exec(sql);
  db.close();
  return file;
}
const run = (file: string) => verify(openStoreSource(file), { workers: 1 });

test("what is missing or changed in a store is named", async () => {
  assert.equal((await run(damaged("whole", "SELECT 1"))).records, 4);
  const tip = { height: 3, record: 3 };
  const places: readonly [sql: string, code: string, detail: object][] = [
    ["DELETE FROM blob WHERE id = (SELECT max(id) FROM blob)", "blob", tip],
    ["DELETE FROM checkpoint", "tail-missing", { height: 3 }],
    ["UPDATE block SET seal = zeroblob(64) WHERE height = 3", "seal", { height: 3 }],
    ["UPDATE record SET line1 = x'ff' WHERE pos = 3", "form", {}],
    ["PRAGMA user_version = 99", "store", {}],
    ["DROP TABLE checkpoint", "store", {}],
  ];
  for (const [i, [sql, code, detail]] of places.entries()) {
    await assert.rejects(run(damaged(String(i), sql)), (error: unknown) => {
      const { leaf: _, ...place } = (error as { detail: { leaf?: string } }).detail;
      assert.deepEqual([(error as { code: string }).code, place], [code, detail], sql);
      return true;
    });
  }
});

/** The same source, of which all lines 2 are read by themselves, as those of a dump are. */
function plainly(file: string): VerifySource {
  const source = openStoreSource(file);
  return {
    ...source,
    *items() {
      for (const item of source.items()) {
        yield item.kind === "source-blobs" ? { ...item, wereShown: false } : item;
      }
    },
  };
}

async function verdictOf(source: VerifySource): Promise<unknown> {
  try {
    return await verify(source, { workers: 1 });
  } catch (error) {
    const { code, message, detail } = error as WattproofError;
    return { code, message, detail };
  }
}

test("lines 2 that are read with their records are judged as those that are read alone", async () => {
  const other = "SELECT body FROM blob WHERE id = (SELECT min(id) FROM blob)";
  const cases: readonly [sql: string, code: string | undefined][] = [
    ["SELECT 1", undefined],
    ["UPDATE blob SET body = x'ff' WHERE id = (SELECT min(id) FROM blob)", "form"],
    ["UPDATE blob SET body = zeroblob(0) WHERE id = (SELECT max(id) FROM blob)", "form"],
    ["UPDATE blob SET body = substr(body, 1, length(body) - 1)", "ct"],
    [`UPDATE blob SET body = (${other})`, "blob"],
    // Both in each other's place.
    ["UPDATE record SET blob = (SELECT sum(id) FROM blob) - blob WHERE blob IS NOT NULL", "blob"],
    ["UPDATE record SET blob = NULL WHERE pos = 2", "blob"],
    ["UPDATE record SET blob = NULL", "blob"],
    // A line 2 of a record that has none, and one of a record that no block has.
    ["UPDATE record SET blob = (SELECT min(id) FROM blob) WHERE pos = 0", undefined],
    ["UPDATE record SET blob = (SELECT max(id) FROM blob) WHERE pos = 0", "blob"],
    ["INSERT INTO record SELECT 4, line1, blob, prev FROM record WHERE pos = 3", undefined],
    [
      `INSERT INTO blob VALUES (99, 0, 1, (${other}));
       INSERT INTO record SELECT 4, line1, 99, prev FROM record WHERE pos = 3`,
      "blob",
    ],
  ];
  for (const [i, [sql, code]] of cases.entries()) {
    const file = damaged(`shown-${i}`, sql);
    const found = await verdictOf(openStoreSource(file));
    assert.deepEqual(found, await verdictOf(plainly(file)), sql);
    assert.equal((found as { code?: string }).code, code, sql);
  }
});

test("a file that is no store, and none at all", async () => {
  const file = path.join(house.folder, "text.db");
  writeFileSync(file, "A".repeat(5_000));
  await assert.rejects(run(file), { code: "store" });
  await assert.rejects(run(path.join(house.folder, "nothing.db")), { code: "not-found" });
});

test("threads with connections of their own give the same verdicts", async () => {
  const threaded = (file: string) =>
    verify({ ...openStoreSource(file), bytes: Number.MAX_SAFE_INTEGER }, { workers: 3 });
  const report = await threaded(damaged("threads", "SELECT 1"));
  assert.deepEqual([report.records, report.blobs], [4, 2]);
  const changed = "UPDATE blob SET body = x'ff' WHERE id = (SELECT max(id) FROM blob)";
  await assert.rejects(threaded(damaged("threads-blob", changed)), { code: "form" });
  const forged = "UPDATE record SET line1 = (SELECT line1 FROM record WHERE pos = 2) WHERE pos = 3";
  await assert.rejects(threaded(damaged("threads-replay", forged)), (error: unknown) => {
    const { code, detail } = error as { code: string; detail: Record<string, unknown> };
    assert.deepEqual([code, detail["height"], detail["record"]], ["seq", 3, 3]);
    return true;
  });
});

test("a block that is appended while the store is read is no fault", async () => {
  const own = new TestLedger();
  const meter = own.enrol();
  own.mine();
  own.hold(own.day(meter));
  own.mine();
  const size = own.ledger.tip().logSize;
  const source = openStoreSource(path.join(own.folder, "gateway.db"));
  const growing = {
    ...source,
    *items() {
      let grown = false;
      for (const item of source.items()) {
        if (!grown) {
          own.hold(own.day(meter));
          own.mine();
          grown = true;
        }
        yield item;
      }
    },
  };
  const report = await verify(growing, { workers: 1 });
  assert.deepEqual([report.records, report.blobs], [size, 1]);
  assert.ok(own.ledger.tip().logSize > size);
  own.close();
});

test("a reader that sees another chain than the main thread reads nothing", () => {
  const file = damaged("other", "SELECT 1");
  const db = new Database(file);
  const hash = db.prepare("SELECT hash FROM block WHERE height = 3").pluck().get() as Buffer;
  db.close();
  const reader = openStoreReader({ file, height: 3, hash });
  assert.equal(reader?.readRows(new RecordReader(), new BlobReader(), 0, 4)?.count, 4);
  assert.equal(reader?.readRows(new RecordReader(), new BlobReader(), 0, 5), undefined);
  reader?.close();
  assert.equal(openStoreReader({ file, height: 2, hash }), undefined);
  assert.equal(openStoreReader({ file, height: 9, hash }), undefined);
});
