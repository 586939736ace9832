/**
 * What is kept of places against the log itself: after any log, each point's last day, each key's void records and the
 * verdict on each correction are those that a walk over all records gives. Undone and done again, or judged over
 * another state, a log leaves the same.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { applyRecord } from "../../../shared/chain/chain-rules.ts";
import { ChainState, type StateChange } from "../../../shared/chain/chain-state.ts";
import { ListedLog } from "../../../shared/chain/log-view.ts";
import { VerifyKeyCache } from "../../../shared/chain/rule-context.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { listEffective } from "../../../shared/day/effective-readings.ts";
import type { ParsedRecord } from "../../../shared/record/record.ts";
import { RandomLog, type Reading, step } from "../../support/random-log.ts";
import { DAY_S, START } from "../../support/sample-chain.ts";

const overlaps = (a: { from: number; to: number }, b: { from: number; to: number }): boolean =>
  a.from < b.to && b.from < a.to;

/** The rules for readings in their plainest form: everything is looked for in the list of all records. */
class Plain {
  readonly log: RandomLog;
  readonly records: readonly ParsedRecord[];

  constructor(log: RandomLog, records: readonly ParsedRecord[]) {
    this.log = log;
    this.records = records;
  }

  get readings(): Reading[] {
    return this.records.filter(
      (record): record is Reading => record.typ === "day" || record.typ === "correction",
    );
  }

  isRevokedBefore({ kid, seq }: ParsedRecord): boolean {
    return this.records.some(
      ({ typ, payload }) => typ === "revoke" && payload.kid === kid && seq > payload.last,
    );
  }

  isVoid(reading: Reading): boolean {
    if (this.isRevokedBefore(reading)) return true;
    let root: Reading | undefined = reading;
    while (root?.typ === "correction" && root.payload.of !== undefined) {
      const { of }: { of?: string } = root.payload;
      root = this.readings.find(({ leaf }) => leaf === of);
    }
    return root?.typ === "day" && this.isRevokedBefore(root);
  }

  standingDays(point: string): Reading[] {
    return this.readings.filter(
      (reading) =>
        reading.typ === "day" && this.log.pointOf(reading) === point && !this.isVoid(reading),
    );
  }

  /** Whether a correction by a key that may sign one keeps its rule. */
  takes(record: ParsedRecord<"correction">, isMeter: boolean): boolean {
    const { point, from, to, of } = record.payload;
    if (to <= from || to - from > 100_800) return false;
    if (of === undefined) {
      const fills = this.readings.filter(
        ({ typ, payload }) =>
          typ === "correction" && payload.of === undefined && payload.point === point,
      );
      const taken = [...this.standingDays(point), ...fills];
      return !isMeter && !taken.some(({ payload }) => overlaps(payload, record.payload));
    }
    const target = this.readings.find(({ leaf }) => leaf === of);
    return (
      target !== undefined &&
      !this.isVoid(target) &&
      this.log.pointOf(target) === point &&
      target.payload.from === from &&
      target.payload.to === to &&
      (!isMeter || target.kid === record.kid)
    );
  }
}

function sorted(state: ChainState): unknown {
  return [...state.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The chain rules let no two readings that count overlap, whatever local rules make of them. */
function checkEffective(log: RandomLog, point: string): void {
  const plain = new Plain(log, log.records);
  const readings = log.records.flatMap((record, position) => {
    if ((record.typ !== "day" && record.typ !== "correction") || log.pointOf(record) !== point) {
      return [];
    }
    const { typ, leaf, payload } = record;
    const isUsable = !/^[A-L]/.test(leaf);
    const isVoid = plain.isVoid(record);
    const { from, to } = payload;
    const of = typ === "correction" && payload.of !== undefined ? { of: payload.of } : {};
    return [{ typ, leaf, position, from, to, isUsable, isVoid, ...of }];
  });
  const counting = listEffective(readings);
  counting.forEach((reading, i) => {
    const next = counting[i + 1];
    if (next !== undefined) assert.ok(reading.to <= next.from, "two readings that count overlap");
  });
}

test("any log: last days, void records and corrections are those of a walk over all records", () => {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 70 }), (steps) => {
      const log = new RandomLog(nodeSuite, steps);
      for (const { point } of log.points) {
        const ends = new Plain(log, log.records).standingDays(point).map((day) => day.payload.to);
        assert.equal(log.state.get("point", point)?.last_to, Math.max(0, ...ends));
        checkEffective(log, point);
      }
      let accepted = 0;
      for (const { record, code } of log.verdicts) {
        const name = `${record.typ} ${code}`;
        seen.set(name, (seen.get(name) ?? 0) + 1);
        if (record.typ === "correction" && /^(ok|overlap|reference|period|role)$/.test(code)) {
          const isMeter = record.kid !== log.records[0]?.kid;
          const plain = new Plain(log, log.records.slice(0, accepted));
          assert.equal(plain.takes(record, isMeter), code === "ok", name);
        }
        if (code === "ok") accepted += 1;
      }
    }),
    { seed: 7, numRuns: 120 },
  );
  // What the logs held; without these the test says little.
  const wanted = [
    ...["day ok", "day overlap", "day period", "day inactive-key", "revoke ok", "enrol ok"],
    ...["correction ok", "correction overlap", "correction reference", "correction period"],
    ...["exchange ok", "exchange exchange", "credit ok", "credit reference", "evidence ok"],
  ];
  for (const name of wanted) assert.ok((seen.get(name) ?? 0) >= 5, `${name}: ${seen.get(name)}`);
});

test("any log: taken back and applied again, and over another state, it leaves the same", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 60 }), fc.nat(), (steps, at) => {
      const { records, state: expected } = new RandomLog(nodeSuite, steps);
      const keys = new VerifyKeyCache(nodeSuite);
      const state = new ChainState();
      const changes: StateChange[][] = [];
      const log = new ListedLog(records);
      const apply = (onto: ChainState, record: ParsedRecord, position: number): void => {
        const height = position === 0 ? 0 : 1;
        const blockTime = position === 0 ? START : START + 100 * DAY_S;
        const context = { suite: nodeSuite, keys, log, position, height, blockTime };
        applyRecord(onto, record, context, true);
      };
      const cut = 1 + (at % records.length);
      records.slice(0, cut).forEach((record, i) => {
        apply(state, record, i);
        if (i % 3 === 0) changes.push(state.takeChanges());
      });
      changes.push(state.takeChanges());
      const before = sorted(state);
      const over = new ChainState(state);
      for (let i = cut; i < records.length; i++) apply(over, records[i] as ParsedRecord, i);
      assert.deepEqual(sorted(state), before, "what lies over it does not change it");
      for (let i = cut; i < records.length; i++) apply(state, records[i] as ParsedRecord, i);
      assert.deepEqual(sorted(state), sorted(expected));
      const merged = new ChainState();
      merged.load(expected.entries());
      for (const [key, entity] of over.entries()) merged.load([[key, entity]]);
      assert.deepEqual(
        sorted(merged),
        sorted(expected),
        "the overlay shows what the chain will be",
      );
      changes.push(state.takeChanges());
      while (changes.length > 0) state.revert(changes.pop() ?? []);
      assert.deepEqual(sorted(state), []);
    }),
    { seed: 8, numRuns: 60 },
  );
});
