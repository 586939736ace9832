/**
 * Revocations, corrections, swaps and credits in `gateway verify`: days over numbers and days through the rules give the
 * same verdicts and state, from a dump and from a store; what is changed in either is refused.
 */
import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import Database from "better-sqlite3";
import fc from "fast-check";
import { openDumpSource } from "../../../gateway/verify/dump-source.ts";
import { DAY, type RecordFacts, unknownFacts } from "../../../gateway/verify/facts.ts";
import { RecordFold } from "../../../gateway/verify/record-fold.ts";
import { RecordReader } from "../../../gateway/verify/record-reader.ts";
import { SeenDays } from "../../../gateway/verify/seen-days.ts";
import { openStoreSource } from "../../../gateway/verify/store-source.ts";
import { verify } from "../../../gateway/verify/verify.ts";
import { isCoded } from "../../../shared/base/error.ts";
import { thumbprint } from "../../../shared/crypto/key.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { RandomLog, step, type Verdict } from "../../support/random-log.ts";
import { instant, RuleBench } from "../../support/rule-bench.ts";
import { DAY_S, START } from "../../support/sample-chain.ts";
import { START as LEDGER_START, TestLedger } from "../../support/test-ledger.ts";

const folder = mkdtempSync(path.join(tmpdir(), "wattproof-verify-rare-"));
after(() => rmSync(folder, { recursive: true }));

/** The lines in batches, each read by a reader that knows the keys so far, or by none. */
function fold(verdicts: readonly Verdict[], batch: number, isFast: boolean) {
  let days = 0;
  const seen = new SeenDays((no) => records.kidOf(no));
  const records = new RecordFold(nodeSuite, () => seen);
  const reader = new RecordReader();
  const genesis = verdicts[0]?.record;
  if (isFast && genesis?.typ === "genesis") {
    const members = genesis.payload.members.map(({ key: jwk }) => {
      return { kid: thumbprint(nodeSuite, jwk), key: nodeSuite.importVerifyKey(jwk) };
    });
    reader.addKeys(records.addKeys(members));
  }
  const codes: string[] = [];
  for (let at = 0; at < verdicts.length; at += batch) {
    const lines = verdicts.slice(at, at + batch).map(({ record }) => record.line1);
    let facts: RecordFacts = unknownFacts(lines);
    if (isFast) {
      reader.start(lines.length);
      for (const line1 of lines) reader.readText(line1);
      facts = reader.finish();
      reader.addKeys(records.addKeys(facts.admitted));
    }
    seen.add([facts]);
    let text = 0;
    lines.forEach((_, i) => {
      const place =
        at + i === 0 ? { height: 0, time: START } : { height: 1 + at, time: instant(100) };
      try {
        if (facts.status[i] === DAY) {
          days += 1;
          records.applyDay(facts, i, codes.filter((code) => code === "ok").length, place);
        } else {
          const line1 = facts.texts[text++] ?? "";
          records.applyText(facts, i, line1, codes.filter((code) => code === "ok").length, place);
        }
        codes.push("ok");
      } catch (error) {
        if (!isCoded(error)) throw error;
        codes.push(error.code);
      }
    });
  }
  records.flush();
  const state = [...records.state.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
  return { codes, state: new Map(state), days };
}

/** Accepted records, and behind those that come before it one that was refused: where a verification ends. */
function withRefusals({ verdicts }: RandomLog): readonly (readonly Verdict[])[] {
  const isAccepted = ({ code }: Verdict) => code === "ok";
  const refused = verdicts.flatMap((verdict, i) =>
    isAccepted(verdict) ? [] : [[...verdicts.slice(0, i).filter(isAccepted), verdict]],
  );
  return [verdicts.filter(isAccepted), ...refused.slice(-4)];
}

test("any log: over numbers and through the rules the same verdicts and the same state", () => {
  let days = 0;
  const refused = new Set<string>();
  const logs = fc.array(step, { minLength: 20, maxLength: 60 });
  fc.assert(
    fc.property(logs, fc.integer({ min: 1, max: 9 }), (steps, batch) => {
      const log = new RandomLog(nodeSuite, steps);
      const state = new Map([...log.state.entries()].sort(([a], [b]) => (a < b ? -1 : 1)));
      withRefusals(log).forEach((verdicts, i) => {
        const fast = fold(verdicts, batch, true);
        const slow = fold(verdicts, batch, false);
        const codes = verdicts.map(({ code }) => code);
        assert.deepEqual([fast.codes, slow.codes], [codes, codes]);
        assert.deepEqual(fast.state, slow.state);
        if (i === 0) assert.deepEqual(fast.state, state);
        days += fast.days;
        refused.add(`${verdicts.at(-1)?.record.typ} ${codes.at(-1)}`);
      });
    }),
    { seed: 9, numRuns: 40 },
  );
  assert.ok(days > 300, `${days} days over numbers`);
  for (const name of ["correction overlap", "correction reference", "revoke inactive-key"]) {
    assert.ok(refused.has(name), name);
  }
});

/** A swap after void days, with everything that such a house has. */
function swappedHouse(): RuleBench {
  const b = new RuleBench(nodeSuite, "verify-rare");
  const meter = b.enrol();
  const [first = ""] = b.days(meter, 0, 4);
  const { point } = meter;
  const span = (n: number) => ({ point, from: instant(n), to: instant(n + 1) });
  const fixed = b.take(b.operator, "correction", { ...span(0), of: first });
  b.take(meter.key, "correction", { ...span(0), of: first });
  b.take(b.operator, "correction", { ...span(0), of: fixed });
  b.take(b.operator, "revoke", { kid: meter.key.kid, last: 2, reason: "swap" });
  const next = b.enrol("352522395", meter);
  b.take(b.operator, "correction", span(2));
  b.days(next, 2, 5);
  const swap = { point, old: meter.key.kid, new: next.key.kid, at: instant(2) };
  b.take(b.operator, "exchange", swap);
  const own = { days: point, n: 0 };
  const bill = b.take(b.operator, "bill", { ...span(0), ...own, tariffs: [] });
  b.take(b.operator, "credit", { ...own, bill });
  return b;
}

const run = (text: string, name: string) => {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return verify(openDumpSource(file), { workers: 1 });
};

test("a dump with all rare types is accepted; no byte of a rare record can be changed", async () => {
  const { chain } = swappedHouse();
  const dump = chain.dump();
  const { records } = await run(dump, "good.jsonl");
  assert.equal(records, chain.records.length);
  const threaded = { ...openDumpSource(path.join(folder, "good.jsonl")), bytes: Infinity };
  assert.equal((await verify(threaded, { workers: 2 })).records, records);
  const rare = chain.records.filter(({ typ }) =>
    ["revoke", "correction", "exchange", "credit"].includes(typ),
  );
  assert.equal(rare.length, 7);
  for (const { line1, typ } of rare) {
    // One place in each part, and some on the way.
    for (let at = 3; at < line1.length; at += 61) {
      const other = line1[at] === "A" ? "B" : "A";
      const changed = dump.replace(line1, line1.slice(0, at) + other + line1.slice(at + 1));
      assert.notEqual(changed, dump);
      await assert.rejects(run(changed, "changed.jsonl"), isCoded, `${typ} at ${at}`);
    }
  }
});

test("a store is verified as its dump is; rows that hide a key's records are found", async () => {
  const t = new TestLedger();
  try {
    const meter = t.enrol();
    t.mine();
    for (let n = 0; n < 5; n++) t.hold(t.day(meter));
    t.mine();
    const at = (n: number) => LEDGER_START + n * DAY_S;
    const span = (n: number) => ({ point: meter.point, from: at(n), to: at(n + 1) });
    const of = t.ledger.state.get("device", meter.key.kid)?.leaf ?? "";
    t.issueBlind({ ...span(4), of });
    t.mine();
    t.ledger.issue("revoke", { kid: meter.key.kid, last: 3, reason: "lost" });
    t.issueBlind(span(3));
    t.mine();
    const file = path.join(t.folder, "gateway.db");
    const report = await verify(openStoreSource(file), { workers: 1 });
    assert.equal(report.records, 10);
    const damaged = (name: string, sql: string) => {
      const copy = path.join(folder, name);
      mkdirSync(copy);
      t.ledger.db.pragma("wal_checkpoint(TRUNCATE)");
      cpSync(file, path.join(copy, "gateway.db"));
      const db = new Database(path.join(copy, "gateway.db"));
      db.exec(sql);
      db.close();
      return verify(openStoreSource(path.join(copy, "gateway.db")), { workers: 1 });
    };
    // Positions: genesis, enrol, five days from 2 on, then what was issued.
    assert.equal((await damaged("whole", "SELECT 1")).records, 10);
    const hiding = [
      "UPDATE record SET prev = 3 WHERE pos = 5",
      "UPDATE record SET prev = NULL WHERE pos = 4",
      "UPDATE record SET prev = 6 WHERE pos = 5",
      "UPDATE record SET prev = 1 WHERE pos = 4",
      "UPDATE key_tip SET pos = 4 WHERE pos = 6",
      "DELETE FROM key_tip",
    ];
    for (const [i, sql] of hiding.entries()) {
      await assert.rejects(damaged(`hiding-${i}`, sql), { code: "store" }, sql);
    }
  } finally {
    t.close();
  }
});
