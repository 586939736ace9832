/** The journal: durable settings, versions, the run lock, and a life of restarts in which every sum holds. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import Database from "better-sqlite3";
import fc from "fast-check";
import { Journal } from "../../../device/journal/journal.ts";
import { acquireRunLock } from "../../../device/journal/run-lock.ts";
import { loadSamplerState } from "../../../device/journal/sampler-store.ts";
import { SCHEMA_VERSION } from "../../../device/journal/schema.ts";
import { codeOf } from "../../support/code-of.ts";
import { instant, MeterBench } from "../../support/meter-bench.ts";
import { makeTestFolder } from "../../support/process.ts";

test("the file is in WAL with full synchronisation and carries its version", () => {
  const file = path.join(makeTestFolder(), "meter.db");
  const journal = new Journal(file);
  assert.equal(journal.get<{ synchronous: number }>("PRAGMA synchronous")?.synchronous, 2);
  journal.close();
  const db = new Database(file, { readonly: true });
  assert.equal(db.pragma("journal_mode", { simple: true }), "wal");
  assert.equal(db.pragma("user_version", { simple: true }), SCHEMA_VERSION);
  db.close();
});

test("a journal of a newer version, and a file that is none, are refused", () => {
  const file = path.join(makeTestFolder(), "meter.db");
  new Journal(file).close();
  const db = new Database(file);
  db.pragma("user_version = 99");
  db.close();
  assert.equal(
    codeOf(() => new Journal(file)),
    "journal",
  );
  writeFileSync(`${file}.txt`, "not a database, but long enough to be looked at as one".repeat(20));
  assert.equal(
    codeOf(() => new Journal(`${file}.txt`)),
    "journal",
  );
  assert.equal(
    codeOf(() => new Journal(`${file}.none`, { readOnly: true })),
    "journal",
  );
});

test("it can be read while another process writes, and the reader cannot write", () => {
  const file = path.join(makeTestFolder(), "meter.db");
  const journal = new Journal(file);
  journal.transact("test", () => journal.writeState("boot", 3));
  const reader = new Journal(file, { readOnly: true });
  assert.equal(reader.readState("boot"), 3);
  journal.transact("test", () => journal.writeState("boot", 4));
  assert.equal(reader.readState("boot"), 4);
  assert.throws(() => reader.run("DELETE FROM state"), /readonly/);
  reader.close();
  journal.close();
});

test("one running meter a folder", () => {
  const file = path.join(makeTestFolder(), "meter.lock");
  const lock = acquireRunLock(file);
  assert.equal(
    codeOf(() => acquireRunLock(file)),
    "store-locked",
  );
  lock.release();
  acquireRunLock(file).release();
});

test("a lock that cannot be written is not taken for another meter", () => {
  const file = path.join(makeTestFolder(), "nowhere", "meter.lock");
  assert.equal(
    codeOf(() => acquireRunLock(file)),
    "journal",
  );
});

test("a life of readings, outages, restarts and sealing keeps every invariant", () => {
  const START = instant("2024-10-25T09:41+02:00");
  const step = fc.record({
    gap: fc.oneof(fc.constant(1), fc.integer({ min: 2, max: 3000 })),
    readings: fc.integer({ min: 1, max: 60 }),
    wh: fc.integer({ min: 0, max: 40 }),
    action: fc.constantFrom("none", "commit", "close", "seal", "reload", "lose"),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 30 }), (steps) => {
      const bench = new MeterBench({ maxGapMs: 90_000, maxPowerW: 25_000 });
      bench.enrol();
      let minute = 0;
      let register = 123_456;
      for (const { gap, readings, wh, action } of steps) {
        minute += gap;
        for (let i = 0; i < readings; i++, minute++) {
          register += wh;
          bench.add({ at: (START + minute * 60) * 1000, register });
        }
        if (action === "none") continue;
        if (action !== "lose") bench.commit();
        if (action === "close" || action === "seal") bench.close();
        if (action === "seal") while (bench.seal() !== undefined);
        if (action === "reload" || action === "lose") bench.reload();
        bench.check();
      }
      bench.commit();
      bench.reload();
      bench.journal.close();
    }),
    { seed: 5, numRuns: 25 },
  );
});

test("a journal of the first version goes on counting where it was", () => {
  const file = path.join(makeTestFolder(), "meter.db");
  new Journal(file).close();
  const db = new Database(file);
  // What the first version had: one baseline, one remainder, one number of covered milliseconds.
  const open = { from: 900, to: 1800, step: 900, wh: 4, coveredMs: 5000, measured: "M" };
  const old = {
    register: 100,
    begin: 0,
    open: { ...open, recovered: false, statistics: {} },
    baseline: { sensor: "pzem-004t 248", register: 5004 },
    carry: 17,
    lastMs: 905_000,
  };
  const first = ["state", "slot", "event", "day", "outbox", "receipt"];
  const tables = db.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").pluck().all();
  for (const name of tables as string[]) if (!first.includes(name)) db.exec(`DROP TABLE ${name}`);
  db.exec("ALTER TABLE slot DROP COLUMN out");
  db.prepare("INSERT INTO state VALUES ('sampler', ?)").run(JSON.stringify(old));
  db.pragma("user_version = 1");
  db.close();
  const journal = new Journal(file);
  const state = loadSamplerState(journal);
  assert.deepEqual(state?.parts, {
    "pzem-004t": { baseline: old.baseline, carry: 17, lastMs: 905_000 },
  });
  assert.deepEqual(state?.open, { ...old.open, coveredMs: {} });
  assert.equal(state?.register, 100);
  assert.equal("baseline" in (state ?? {}), false);
  journal.close();
});
