/** From slots to envelopes: what a failed commit must not lose, and what a power cut leaves to the next start. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { DayWork } from "../../../device/run/day-work.ts";
import { replayRows } from "../../../device/run/measure-rows.ts";
import type { Row } from "../../../hardware/source.ts";
import { ManualClock } from "../../../shared/base/clock.ts";
import { fail, isCoded } from "../../../shared/base/error.ts";
import { nobleSuite } from "../../../shared/crypto/noble-suite.ts";
import { instant, MeterBench } from "../../support/meter-bench.ts";

const HOUR = 3600;
const START = instant("2024-01-10T00:00+01:00");

function workOn(bench: MeterBench): { days: DayWork; sealed: string[] } {
  const { journal, sampler, calendar, facts, key, randomBytes, boot } = bench;
  const sealed: string[] = [];
  const days = new DayWork({
    ...{ journal, sampler, calendar, facts, provenance: () => ({ boot, sync: "test" }) },
    seal: { journal, suite: nobleSuite, key, randomBytes },
    report: () => undefined,
    onSealed: ({ date }) => sealed.push(date),
  });
  return { days, sealed };
}

/** Hours of 100 Wh from the beginning on; `last` is done in the place of the row after them. */
async function* hours(count: number, from: number, last: () => void): AsyncGenerator<Row> {
  for (let at = START; at < START + count * HOUR; at += HOUR) {
    if (at < from) continue;
    yield { from: at, to: at + HOUR, wh: 100, power: 100_000, partial: false, line: 2 };
  }
  last();
}

function replay(bench: MeterBench, days: DayWork, count: number, last = (): void => undefined) {
  const rows = (from = START) => hours(count, from, last);
  return replayRows({
    ...{ sampler: bench.sampler, days, signal: new AbortController().signal },
    clock: new ManualClock((START + 90 * 86_400) * 1000),
    source: { step: HOUR, energy: "metered", rows },
  });
}

test("slots that a full disk has refused are committed with the register, or not at all", () => {
  const bench = new MeterBench({ maxGapMs: 90_000 });
  const { days } = workOn(bench);
  const read = (minute: number): void =>
    bench.add({ at: (START + minute * 60) * 1000, register: 10 * minute });
  for (let minute = 0; minute <= 20; minute++) read(minute);
  days.commit();
  for (let minute = 21; minute <= 50; minute++) read(minute);
  bench.sampler.note((START + 3000) * 1000, "test", "kept");
  bench.faults = {
    beforeCommit: () => {
      throw new Error("database or disk is full");
    },
  };
  for (const _ of [1, 2]) assert.throws(() => days.commit(), /disk is full/);
  bench.check();
  bench.faults = {};
  days.commit();
  bench.check();
  const slots = bench.journal.all<{ wh: number }>("SELECT wh FROM slot ORDER BY start");
  assert.deepEqual(
    slots.map(({ wh }) => wh),
    [150, 150, 150],
  );
  assert.equal(bench.journal.all("SELECT * FROM event").length, 1);
});

test("a power cut after the last row of a recording leaves no day unclosed or unsealed", async () => {
  for (const cut of ["closed", "committed"]) {
    const bench = new MeterBench({ step: HOUR });
    bench.enrol();
    for (let at = START; at < START + 24 * HOUR; at += HOUR) {
      bench.addRow({ from: at, to: at + HOUR, wh: 100 });
    }
    bench.sampler.advance((START + 24 * HOUR) * 1000, 0);
    if (cut === "closed") bench.close();
    else bench.commit();
    bench.reload();
    const { days, sealed } = workOn(bench);
    await replay(bench, days, 24);
    assert.deepEqual(sealed, ["2024-01-10"], cut);
    bench.check();
  }
});

test("the rows before a malformed one count", async () => {
  const bench = new MeterBench({ step: HOUR });
  bench.enrol();
  for (const attempt of [1, 2]) {
    const { days, sealed } = workOn(bench);
    const broken = replay(bench, days, 50, () => fail("replay-row", "line 52: energy is x"));
    await assert.rejects(broken, (error) => isCoded(error, "replay-row"));
    assert.deepEqual(sealed, attempt === 1 ? ["2024-01-10", "2024-01-11"] : []);
    assert.equal(bench.sampler.register, 5000);
    bench.reload();
  }
});
