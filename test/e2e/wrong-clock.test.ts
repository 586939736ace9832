/**
 * Real processes on a machine that wakes up in 1970: killed and started again in the same boot, they measure on by the
 * monotonic clock; when the clock is known, every reading gets its time, and the next process knows it at once.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Journal } from "../../device/journal/journal.ts";
import { loadSamplerState } from "../../device/journal/sampler-store.ts";
import { enrolLoneMeter, prepareLoneMeter } from "../support/lone-meter.ts";

const PROGRAM = fileURLToPath(new URL("../support/clocked-meter.js", import.meta.url));
/** True seconds in a second: a slot of a minute is half a second long. */
const RATE = 120;
const START_MS = Date.parse("2024-01-10T06:00:00Z");
/** Between two readings, with patience for a busy machine. */
const SLACK_S = 3 * RATE;

test("1970, two kills, then the time: slots are right, once; the next process knows the time", async (t) => {
  const config = {
    sources: [{ kind: "pzem-004t", port: "/dev/null" }],
    step: 900,
    interval_s: 1,
    max_gap_s: 300,
    save_every_s: 60,
    contact_wait_s: 0,
  };
  const meter = prepareLoneMeter(config);
  enrolLoneMeter(meter);
  const folder = path.dirname(meter.files.journal);
  const originMs = Number(process.hrtime.bigint() / 1000n) / 1000;
  const say = (world: object): void =>
    writeFileSync(path.join(folder, "world.json"), JSON.stringify(world));
  const args = [PROGRAM, folder, String(originMs), String(START_MS), String(RATE)];
  const live = async (ms: number, half?: () => void): Promise<void> => {
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    const ended = once(child, "exit");
    try {
      await once(child.stdout, "data");
      await sleep(ms / 2);
      half?.();
      await sleep(ms / 2);
    } finally {
      child.kill("SIGKILL");
      assert.deepEqual(await ended, [null, "SIGKILL"], "it must not end by itself");
    }
  };
  const look = <T>(work: (journal: Journal) => T): T => {
    const journal = new Journal(meter.files.journal);
    try {
      return work(journal);
    } finally {
      journal.close();
    }
  };
  const count = (table: string): number =>
    look((journal) => journal.get<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)?.n ?? 0);
  const lost = { boot: "one", errorMs: -START_MS, code: "unset" };

  say(lost);
  await live(6000);
  await live(4000);
  assert.ok(count("loose") > 0, "measured without a clock");
  assert.deepEqual([count("slot"), count("notice"), count("outbox")], [0, 0, 0]);
  await live(8000, () => say({ ...lost, errorMs: 0, code: "ntp" }));
  assert.equal(count("loose"), 0);
  // Known from the boot on: a process that starts while nobody vouches believes what the one before it knew.
  say({ ...lost, errorMs: 86_400_000 });
  await live(8000);

  look((journal) => {
    const slots = journal.all<{ start: number; wh: number; quality: string }>(
      "SELECT * FROM slot ORDER BY start",
    );
    assert.ok(slots.length >= 2, `${slots.length} slots`);
    for (const { start, wh, quality } of slots) {
      const name = new Date(start * 1000).toISOString();
      assert.ok(
        start * 1000 >= START_MS - 900_000 && start * 1000 < START_MS + 3_600_000 * 2,
        name,
      );
      // One Wh a second; what a kill has cut is partial, what it cost is made up for in the next.
      if (quality === "M") assert.ok(Math.abs(wh - 900) <= SLACK_S, `${name}: ${wh} Wh`);
    }
    const codes = journal.all<{ code: string }>("SELECT code FROM notice ORDER BY id");
    assert.deepEqual(
      codes.map(({ code }) => code),
      ["retime", "clock-refused"],
    );
    assert.equal(journal.readState<{ seq: number }>("chain")?.seq, 2, "both are sealed");
    const state = loadSamplerState(journal);
    const register = (state?.register ?? 0) + (state?.open?.wh ?? 0);
    const seconds = (Number(process.hrtime.bigint() / 1_000_000n) - originMs) * (RATE / 1000);
    t.diagnostic(`${slots.length} slots, ${register} Wh in ${Math.round(seconds)} s`);
    assert.ok(register <= seconds && register > seconds - 15 * SLACK_S);
  });
});
