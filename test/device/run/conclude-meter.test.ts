/** A meter that is taken out: one last day, whatever cuts in between any two steps, and nothing after it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { insertNotice } from "../../../device/event/notice-store.ts";
import {
  isConcluded,
  loadRetirement,
  readFinalRegister,
} from "../../../device/journal/retirement.ts";
import { retire } from "../../../device/run/conclude-meter.ts";
import { sealNextEvent } from "../../../device/seal/seal-event.ts";
import { nobleSuite } from "../../../shared/crypto/noble-suite.ts";
import { instant, MeterBench } from "../../support/meter-bench.ts";

const START = instant("2024-01-10T00:00+01:00");
const NOON = START + 86_400 + 43_200;
const PROVENANCE = { boot: 1, sync: "test" };

/** Read once a minute from START until `last`, ten Wh each; all of it durable. */
function measured(last: number): MeterBench {
  const bench = new MeterBench({ maxGapMs: 90_000 });
  bench.enrol();
  for (let at = START; at <= last; at += 60) {
    bench.add({ at: at * 1000, register: (at - START) / 6 });
    bench.sampler.advance(at * 1000);
  }
  bench.close();
  while (bench.seal() !== undefined);
  return bench;
}

/** What `meter retire` does, from wherever it was cut off. */
function conclude(bench: MeterBench, endMs: number): void {
  retire(bench.journal, bench.sampler, endMs, PROVENANCE);
  bench.close();
  while (bench.seal() !== undefined);
}

const spans = (bench: MeterBench) => bench.days().map(({ from, to }) => [from, to]);

test("cut off before or after any of its steps, the same last day comes of it once", () => {
  for (const step of ["samples", "close", "seal"]) {
    for (const when of ["beforeCommit", "afterCommit"] as const) {
      const bench = measured(NOON + 400);
      const endMs = (NOON + 430) * 1000;
      let cuts = 0;
      bench.faults = {
        [when]: (name: string) => {
          if (name !== step || cuts++ > 0) return;
          throw new Error("cut");
        },
      };
      assert.throws(() => conclude(bench, endMs), /cut/, `${step} ${when}`);
      bench.reload();
      // Asked again much later: the end stays where it was, once it was on disk.
      const again = loadRetirement(bench.journal) === undefined ? endMs : endMs + 9_000_000;
      conclude(bench, again);
      bench.reload();
      conclude(bench, again);
      assert.deepEqual(spans(bench), [
        [START, START + 86_400],
        [START + 86_400, NOON],
      ]);
      assert.deepEqual(bench.envelopes().length, 2);
      const final = (NOON - START) / 6;
      // Readings at whole minutes: six of them since noon.
      assert.deepEqual(readFinalRegister(bench.journal), { final, unmetered: 60 });
      assert.deepEqual(bench.days().at(-1)?.register[1], final);
      bench.check();
    }
  }
});

test("a slot that was over when it ended counts in part; nothing is sealed after the last day", () => {
  const bench = measured(NOON + 400);
  assert.equal(isConcluded(bench.journal), false);
  conclude(bench, (NOON + 86_400) * 1000);
  assert.equal(isConcluded(bench.journal), true);
  const last = bench.days().at(-1);
  assert.deepEqual([last?.to, last?.quality.at(-1)], [NOON + 900, "m"]);
  assert.equal(readFinalRegister(bench.journal).unmetered, 0);
  const { journal, key, randomBytes, facts } = bench;
  const time = { boot: 1, monotonicMs: 0, at: NOON };
  journal.transact("notice", () => insertNotice(journal, { code: "tamper" }, time));
  const context = { journal, suite: nobleSuite, key, randomBytes };
  assert.equal(sealNextEvent(context, facts), undefined);
  // What a clock or a caller may still say of later days.
  bench.sampler.advance((NOON + 3 * 86_400) * 1000, 0);
  assert.deepEqual(bench.close(), []);
});

test("at midnight, in the first slot of a day, and before the first reading there is no part of a day to seal", () => {
  const bench = measured(START + 86_400 + 120);
  conclude(bench, (START + 86_400 + 130) * 1000);
  assert.deepEqual(spans(bench), [[START, START + 86_400]]);
  assert.equal(isConcluded(bench.journal), true);
  const empty = new MeterBench();
  empty.enrol();
  conclude(empty, START * 1000);
  assert.deepEqual([spans(empty), isConcluded(empty.journal)], [[], true]);
  assert.deepEqual(readFinalRegister(empty.journal), { final: 0, unmetered: 0 });
});
