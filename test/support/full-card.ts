/**
 * Test only, a program: a meter on a small file system that is filled up under it and freed again. Everything is
 * asserted in here; it prints `ok` at the end.
 *
 * usage: full-card.js tmpfs|limit   (TMPDIR is the file system; `limit`: files are limited instead, by `prlimit`)
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { appendFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { EventRecorder } from "../../device/event/event-recorder.ts";
import { loadAlarms } from "../../device/journal/alarm-store.ts";
import { Reserve } from "../../device/journal/reserve.ts";
import { StorageWatch } from "../../device/journal/storage-watch.ts";
import { DayWork } from "../../device/run/day-work.ts";
import { ManualClock, unixNow } from "../../shared/base/clock.ts";
import { nobleSuite } from "../../shared/crypto/noble-suite.ts";
import { instant, MeterBench } from "./meter-bench.ts";

const mode = process.argv[2];
const bench = new MeterBench();
const journalFile = path.join(bench.folder, "meter.db");
const filler = path.join(mkdtempSync(path.join(tmpdir(), "fill-")), "filler");

/** Not one byte more can be written. */
function fill(): void {
  if (mode === "limit") {
    const most = Math.max(statSync(journalFile).size, statSync(`${journalFile}-wal`).size);
    limitFiles(String(most));
    return;
  }
  for (let size = 65_536; size >= 1; size = Math.floor(size / 2)) {
    try {
      for (;;) appendFileSync(filler, Buffer.alloc(size));
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, "ENOSPC");
    }
  }
}

function makeRoom(): void {
  if (mode === "limit") limitFiles("unlimited");
  else rmSync(filler);
}

function limitFiles(most: string): void {
  const { status } = spawnSync("prlimit", [`--fsize=${most}:`, "--pid", String(process.pid)]);
  assert.equal(status, 0);
}

const START = instant("2024-01-10T00:00+01:00");
const clock = new ManualClock(START * 1000);
const reports: string[] = [];
const { journal, sampler, calendar, facts, key, randomBytes, boot } = bench;
const reserve = new Reserve(path.join(bench.folder, "meter.reserve"), 512 * 1024);
const report = (event: { event: string; code?: string; detail?: string }): void => {
  if (event.event === "alarm") reports.push(event.detail ?? "");
};
const events = new EventRecorder({
  journal,
  now: () => ({ boot, monotonicMs: clock.wallMs(), at: unixNow(clock) }),
  onRecorded: () => days.sealSoon(),
});
const storage = new StorageWatch({ journal, reserve, clock, record: events.record, report });
const days: DayWork = new DayWork({
  ...{ journal, sampler, calendar, facts, storage },
  provenance: () => ({ boot, sync: "test" }),
  seal: { journal, suite: nobleSuite, key, randomBytes },
  beforeCommit: () => events.flush(),
  report: () => undefined,
  onSealed: () => undefined,
});
storage.begin(false);
bench.enrol();

let measured = 0;
/** Days of 25 Wh a slot, with the voltage of a house, committed as a meter does it. */
async function measure(count: number): Promise<void> {
  for (let quarter = 0; quarter < count * 96; quarter++) {
    const from = START + measured * 900;
    bench.addRow({ from, to: from + 900, wh: 25, voltage: [230_000 + quarter] });
    measured += 1;
    clock.setWall((from + 900) * 1000);
    sampler.advance(clock.wallMs(), 0);
    days.commit();
    if (measured % 96 === 0) await days.settle();
  }
}

const alarms = (): string[] => loadAlarms(journal).map(({ note }) => note);
const sealed = (): string[] => bench.envelopes().map(({ envelope }) => envelope);

await measure(3);
const before = sealed();
assert.equal(before.length, 3);
assert.deepEqual([reports, alarms()], [[], []]);

fill();
await measure(3);
assert.match(reports[0] ?? "", /lives on its reserve/);
if (mode !== "limit") {
  assert.match(alarms()[0] ?? "", /lives on its reserve/);
  assert.equal(sealed().length, 7, "three more days and the event");
  bench.check();
  fill();
}
const durable = sealed();
assert.deepEqual(durable.slice(0, 3), before, "what waits is left as it is");
await measure(12);
assert.ok(reports.some((note) => /stay in memory/.test(note)));
assert.deepEqual(sealed().slice(0, durable.length), durable);
assert.equal(sampler.register, measured * 25, "measuring goes on");

makeRoom();
await measure(1);
assert.equal(reports.at(-1), "there is space on the card again");
assert.deepEqual(alarms(), []);
bench.check();
const told = journal.all<{ code: string }>("SELECT code FROM notice ORDER BY id");
assert.deepEqual(
  told.map(({ code }) => code),
  ["storage-full", "storage-free"],
);
await days.settle();
const envelopes = bench.envelopes();
assert.equal(envelopes.length, 19 + 2, "every day and both events, none twice");
assert.deepEqual(
  envelopes.map(({ seq }) => seq),
  envelopes.map((_, i) => i + 1),
);
const closed = journal.get<{ n: number; wh: number }>(
  "SELECT count(*) AS n, sum(wh) AS wh FROM day",
);
assert.deepEqual(closed, { n: 19, wh: 19 * 96 * 25 });
writeFileSync(1, "ok\n");
journal.close();
