/**
 * A power cut as the file system sees it: the write-ahead log ends anywhere, or its end is garbage. What opens is the
 * state after the last transaction that was whole, never a mixture; and the settings on which that rests are set.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import Database from "better-sqlite3";
import { insertNotice } from "../../../device/event/notice-store.ts";
import { Journal } from "../../../device/journal/journal.ts";
import { instant, MeterBench } from "../../support/meter-bench.ts";
import { makeTestFolder } from "../../support/process.ts";
import { seededBytes } from "../../support/seeded-bytes.ts";

const START = instant("2024-01-10T00:00+01:00");
const WAL_HEADER = 32;
const FRAME_HEADER = 24;

/** All that a journal holds, in short. */
function summarise(file: string): string {
  const db = new Database(file, { readonly: true });
  try {
    assert.equal(db.pragma("integrity_check", { simple: true }), "ok");
    const tables = ["state", "slot", "event", "day", "outbox", "notice", "receipt", "loose"];
    const rows = tables.map((table) => db.prepare(`SELECT * FROM ${table}`).all());
    return createHash("sha256").update(JSON.stringify(rows)).digest("hex");
  } finally {
    db.close();
  }
}

interface Taken {
  /** Length of the log when a transaction had returned. */
  readonly end: number;
  readonly summary: string;
}

/** A folder with the database as it is without the log, the whole log, and what held after each transaction. */
function record(): { folder: string; wal: Buffer; taken: Taken[]; pageSize: number } {
  const bench = new MeterBench();
  const { journal, folder } = bench;
  const file = path.join(bench.folder, "meter.db");
  journal.get("PRAGMA wal_checkpoint(TRUNCATE)");
  const base = mkdtempSync(path.join(makeTestFolder(), "base-"));
  copyFileSync(file, path.join(base, "meter.db"));
  const taken: Taken[] = [{ end: 0, summary: summarise(file) }];
  const note = (): void => {
    taken.push({ end: readFileSync(`${file}-wal`).length, summary: summarise(file) });
  };
  bench.faults = { afterCommit: note };
  bench.enrol();
  for (let quarter = 0; quarter < 100; quarter++) {
    const from = START + quarter * 900;
    bench.addRow({ from, to: from + 900, wh: 20 + quarter });
    if (quarter % 12 !== 11) continue;
    bench.sampler.advance((from + 900) * 1000, 0);
    bench.commit();
  }
  journal.transact("notice", () =>
    insertNotice(journal, { code: "tamper" }, { boot: 1, monotonicMs: 5, at: START }),
  );
  assert.equal(bench.close().length, 1);
  assert.ok(bench.seal());
  const pageSize = journal.get<{ page_size: number }>("PRAGMA page_size")?.page_size ?? 0;
  const wal = readFileSync(`${file}-wal`);
  assert.equal(taken.at(-1)?.end, wal.length, "no checkpoint in between");
  journal.close();
  rmSync(folder, { recursive: true });
  return { folder: base, wal, taken, pageSize };
}

const { folder, wal, taken, pageSize } = record();

/** What a meter finds that starts with this log. */
function openWith(log: Uint8Array): string {
  const file = path.join(folder, "try.db");
  for (const end of ["", "-wal", "-shm"]) rmSync(`${file}${end}`, { force: true });
  copyFileSync(path.join(folder, "meter.db"), file);
  writeFileSync(`${file}-wal`, log);
  const journal = new Journal(file);
  try {
    return summarise(file);
  } finally {
    journal.close();
  }
}

/** After the last transaction that ended at or before `length`. */
function expectedAt(length: number): string | undefined {
  return taken.findLast(({ end }) => end <= length)?.summary;
}

const FRAME = FRAME_HEADER + pageSize;
const frames = (wal.length - WAL_HEADER) / FRAME;

test("a log cut at each frame and in between holds what had been committed before the cut", () => {
  assert.ok(Number.isInteger(frames) && frames > 20, `${frames} frames`);
  for (let frame = 0; frame < frames; frame++) {
    const begin = WAL_HEADER + frame * FRAME;
    for (const length of [
      begin,
      begin + 11,
      begin + FRAME_HEADER,
      begin + 512,
      begin + FRAME - 1,
    ]) {
      assert.equal(openWith(wal.subarray(0, length)), expectedAt(length), `cut at ${length}`);
    }
  }
  assert.equal(openWith(wal), taken.at(-1)?.summary);
  for (const length of [0, 7, WAL_HEADER - 1]) {
    assert.equal(openWith(wal.subarray(0, length)), taken[0]?.summary);
  }
});

test("a log whose end is garbage, or where one sector was not written, holds what came before it", () => {
  const random = seededBytes("torn log");
  for (let frame = 0; frame < frames; frame++) {
    const begin = WAL_HEADER + frame * FRAME;
    const garbage = Buffer.from(wal);
    garbage.set(random(wal.length - begin), begin);
    assert.equal(openWith(garbage), expectedAt(begin), `garbage from frame ${frame}`);
    const lost = Buffer.from(wal);
    const sector = begin + FRAME_HEADER + 512 * ((random(1)[0] ?? 0) % (pageSize / 512));
    for (let i = 0; i < 512; i++) lost[sector + i] = (lost[sector + i] ?? 0) ^ 0xff;
    assert.equal(openWith(lost), expectedAt(begin), `a lost sector in frame ${frame}`);
  }
});

test("a transaction that has returned is on the card: WAL, and every commit is flushed", () => {
  const bench = new MeterBench();
  const pragma = (name: string): unknown =>
    Object.values(bench.journal.get(`PRAGMA ${name}`) ?? {})[0];
  assert.deepEqual([pragma("journal_mode"), pragma("synchronous")], ["wal", 2]);
});
