/** Sealing: what the utility opens, and exactly one envelope a seq whatever fails when. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { raiseAlarm } from "../../../device/journal/alarm-store.ts";
import { nobleSuite } from "../../../shared/crypto/noble-suite.ts";
import { parseRecord } from "../../../shared/record/record.ts";
import { instant, MeterBench } from "../../support/meter-bench.ts";

const START = instant("2024-01-10T00:00+01:00");

/** A bench with `days` closed days of one slot. */
function closedDays(days: number): MeterBench {
  const bench = new MeterBench({ step: 0 });
  for (let i = 0; i < days; i++) {
    const from = START + i * 86_400;
    bench.addRow({ from, to: from + 86_400, wh: 1000 + i, temperature: -1250 });
  }
  bench.sampler.advance((START + days * 86_400) * 1000, 0);
  assert.equal(bench.close().length, days);
  return bench;
}

test("days wait for the enrolment, then are sealed in order", () => {
  const bench = closedDays(3);
  assert.equal(bench.seal(), undefined);
  const enrolment = bench.enrol();
  const sealed = [bench.seal(), bench.seal(), bench.seal()];
  assert.deepEqual(
    sealed.map((day) => [day?.seq, day?.date, day?.wh]),
    [
      [1, "2024-01-10", 1000],
      [2, "2024-01-11", 1001],
      [3, "2024-01-12", 1002],
    ],
  );
  assert.equal(bench.seal(), undefined);
  const [first] = bench.envelopes();
  const record = parseRecord(nobleSuite, first?.envelope.split("\n")[0] ?? "");
  assert.equal(record.prev, enrolment.leaf);
  assert.deepEqual(bench.open(1).temperature, [-1250, -1250, -1250]);
  bench.check();
});

test("two days of equal readings have different salts and keys", () => {
  const bench = closedDays(2);
  bench.enrol();
  bench.seal();
  bench.seal();
  assert.notEqual(bench.open(1).salt, bench.open(2).salt);
});

for (const when of ["beforeCommit", "afterCommit"] as const) {
  test(`a fault ${when === "beforeCommit" ? "before" : "after"} the commit neither skips nor repeats a seq`, () => {
    const bench = closedDays(4);
    bench.enrol();
    for (let i = 0; i < 4; i++) {
      bench.faults = {
        [when]: (name: string) => {
          if (name === "seal") throw new Error("power cut");
        },
      };
      assert.throws(() => bench.seal(), /power cut/);
      bench.faults = {};
      bench.reload();
      assert.equal(bench.envelopes().length, when === "beforeCommit" ? i : i + 1);
      if (when === "beforeCommit") bench.seal();
    }
    const stored = bench.envelopes();
    assert.deepEqual(
      stored.map(({ seq }) => seq),
      [1, 2, 3, 4],
    );
    bench.reload();
    assert.deepEqual(bench.envelopes(), stored);
    assert.equal(bench.seal(), undefined);
  });
}

test("a fault while a day is closed loses neither slots nor day", () => {
  for (const when of ["beforeCommit", "afterCommit"] as const) {
    const bench = new MeterBench({ step: 0 });
    bench.addRow({ from: START, to: START + 86_400, wh: 7 });
    bench.sampler.advance((START + 86_400) * 1000, 0);
    bench.faults = {
      [when]: (name: string) => {
        if (name === "close") throw new Error("power cut");
      },
    };
    assert.throws(() => bench.close(), /power cut/);
    bench.faults = {};
    bench.reload();
    bench.close();
    assert.deepEqual(
      bench.days().map(({ register }) => register),
      [[0, 7]],
    );
    bench.check();
  }
});

test("a frozen key seals no more; measuring and closing go on", () => {
  const bench = closedDays(1);
  bench.enrol();
  raiseAlarm(bench.journal, { code: "frozen", at: START, note: "test" });
  assert.equal(bench.seal(), undefined);
  const from = START + 86_400;
  bench.addRow({ from, to: from + 86_400, wh: 5 });
  bench.sampler.advance((from + 86_400) * 1000, 0);
  assert.equal(bench.close().length, 1);
});
