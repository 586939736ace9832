/** Days over numbers and days through the rules of shared/chain: the same verdict and the same state, always. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DAY, type RecordFacts, unknownFacts } from "../../../gateway/verify/facts.ts";
import { RecordFold } from "../../../gateway/verify/record-fold.ts";
import { RecordReader } from "../../../gateway/verify/record-reader.ts";
import { isCoded } from "../../../shared/base/error.ts";
import { thumbprint } from "../../../shared/crypto/key.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { DAY_S, SampleChain, START } from "../../support/sample-chain.ts";

const suite = nodeSuite;
const BLOCK = { height: 1, time: START + 5 * DAY_S };

/** A step of a log: which meter, how its next day lies, or an enrolment that moves or renews it. */
const step = fc.record({
  meter: fc.nat(2),
  what: fc.constantFrom("day", "day", "day", "day", "day", "again", "enrol"),
  gap: fc.constantFrom(0, 0, 0, 0, 1, -1, DAY_S),
  length: fc.constantFrom(DAY_S, DAY_S, DAY_S, 3_600, 71_999, 72_000, 100_800, 100_801, 0),
});

function applyAll(lines: readonly string[], members: RecordFacts["admitted"], fast: boolean) {
  const fold = new RecordFold(suite);
  const reader = new RecordReader();
  reader.addKeys(fold.addKeys(members));
  const verdicts: string[] = [];
  let days = 0;
  lines.forEach((line1, position) => {
    let facts = unknownFacts([line1]);
    if (fast) {
      reader.start(1);
      reader.readText(line1);
      facts = reader.finish();
      reader.addKeys(fold.addKeys(facts.admitted));
    }
    const block = position === 0 ? { height: 0, time: START } : BLOCK;
    try {
      if (facts.status[0] === DAY) {
        days += 1;
        fold.applyDay(facts, 0, position, block);
      } else {
        fold.applyText(facts, 0, line1, position, block);
      }
      verdicts.push("ok");
    } catch (error) {
      if (!isCoded(error)) throw error;
      verdicts.push(error.code);
    }
  });
  fold.flush();
  const state = Object.fromEntries([...fold.state.entries()].sort(([a], [b]) => (a < b ? -1 : 1)));
  return { verdicts, state, days };
}

test("any log of days and enrolments is judged alike on both ways", () => {
  let accepted = 0;
  let refused = 0;
  fc.assert(
    fc.property(fc.array(step, { minLength: 4, maxLength: 24 }), (steps) => {
      const chain = new SampleChain(suite, undefined, "record-fold");
      const meters = [0, 1, 2].map((n) => chain.createMeter(`10000000${n}`));
      const lines = [chain.genesisLine, ...meters.map((meter) => chain.enrol(meter))];
      const ends = [START, START, START];
      for (const { meter: n, what, gap, length } of steps) {
        const meter = meters[n] as (typeof meters)[number];
        const from = (ends[n] ?? START) + gap;
        if (what === "enrol") {
          const { key, point } = meter;
          const to = [{ key: chain.utility.jwk, use: "utility" as const }];
          lines.push(chain.sign(chain.member(0).key, "enrol", { key: key.jwk, point, to }));
        } else if (what === "again") {
          lines.push(lines.at(-1) ?? "");
        } else {
          lines.push(chain.day(meter, from, from + length));
          ends[n] = from + length;
        }
      }
      const { key } = chain.member(0);
      const member = { kid: thumbprint(suite, key.jwk), key: suite.importVerifyKey(key.jwk) };
      const fast = applyAll(lines, [member], true);
      const slow = applyAll(lines, [], false);
      assert.deepEqual(fast.verdicts, slow.verdicts);
      assert.deepEqual(fast.state, slow.state);
      assert.equal(slow.days, 0);
      accepted += fast.verdicts.filter((verdict) => verdict === "ok").length;
      refused += fast.verdicts.filter((verdict) => verdict !== "ok").length;
    }),
    { seed: 5, numRuns: 40 },
  );
  // Both kinds were there, or the test says nothing.
  assert.ok(accepted > 200 && refused > 50, `${accepted} accepted, ${refused} refused`);
});

test("more than 64 records of one key in a block are refused, however they were read", () => {
  const chain = new SampleChain(suite, undefined, "record-fold-limit");
  const meter = chain.createMeter("100000000");
  const lines = [chain.genesisLine, chain.enrol(meter)];
  for (let i = 0; i < 65; i++) {
    const at = START - (70 - i) * DAY_S;
    lines.push(i % 5 === 4 ? chain.event(meter, at) : chain.day(meter, nthFrom(i), nthFrom(i + 1)));
  }
  const { key } = chain.member(0);
  const member = { kid: thumbprint(suite, key.jwk), key: suite.importVerifyKey(key.jwk) };
  const { verdicts, days } = applyAll(lines, [member], true);
  assert.deepEqual(verdicts, applyAll(lines, [], false).verdicts);
  assert.equal(days, 52);
  assert.deepEqual(new Set(verdicts.slice(0, -1)), new Set(["ok"]));
  assert.equal(verdicts.at(-1), "limit");
});

/** Days follow each other, without those places that events take. */
function nthFrom(i: number): number {
  return START - 100 * DAY_S + (i - Math.floor((i + 0) / 5)) * DAY_S;
}
