/**
 * What a block takes of any held records while some are not over yet: it is valid in its order, and what waits still fits
 * behind it, in its order too. Only evidence waits for nothing: behind it its key's records, and what names them, may be
 * refused.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { chooseRecords } from "../../../gateway/ledger/block-choice.ts";
import type { Held } from "../../../gateway/ledger/mempool.ts";
import { isCoded } from "../../../shared/base/error.ts";
import { applyRecord } from "../../../shared/chain/chain-rules.ts";
import { ChainState } from "../../../shared/chain/chain-state.ts";
import { ListedLog } from "../../../shared/chain/log-view.ts";
import { VerifyKeyCache } from "../../../shared/chain/rule-context.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import type { ParsedRecord } from "../../../shared/record/record.ts";
import { RandomLog, step } from "../../support/random-log.ts";
import { instant } from "../../support/rule-bench.ts";
import { START } from "../../support/sample-chain.ts";

const keys = new VerifyKeyCache(nodeSuite);

/** A chain to which records are applied one after the other. */
class Fold {
  readonly state = new ChainState();
  readonly records: ParsedRecord[] = [];
  readonly log = new ListedLog(this.records);

  /** The code with which the record is refused, if it is. */
  apply(record: ParsedRecord, blockTime: number): string | undefined {
    const position = this.records.length;
    const place = { position, height: Math.min(1, position), blockTime };
    try {
      applyRecord(this.state, record, { suite: nodeSuite, keys, log: this.log, ...place }, true);
      this.records.push(record);
      return undefined;
    } catch (error) {
      if (!isCoded(error)) throw error;
      return error.code;
    }
  }
}

test("a block is valid in its order, and what waits fits behind it", () => {
  const counts = { waited: 0, rare: 0, refused: 0 };
  const logs = fc.array(step, { minLength: 20, maxLength: 60 });
  fc.assert(
    fc.property(logs, fc.nat(), fc.integer({ min: 1, max: 6 }), (steps, cut, day) => {
      const { records } = new RandomLog(nodeSuite, steps);
      const first = 3 + (cut % (records.length - 2));
      const fold = new Fold();
      records.slice(0, first).forEach((record, i) => {
        assert.equal(fold.apply(record, i === 0 ? START : instant(100)), undefined);
      });
      const held = records.slice(first).map((record, id): Held => {
        const none = { blob: null, meter: undefined, opened: undefined, own: false, at: 0 };
        const bytes = new Uint8Array(0);
        return { id, record, packed: bytes, leafHash: bytes, line1Chars: 500, ...none };
      });
      const parent = { height: 0, range: { size: first } };
      const time = instant(day);
      const chain = { suite: nodeSuite, keys, parent, state: fold.state, log: fold.log };
      const { chosen, bytes } = chooseRecords(chain, held, time);
      assert.equal(bytes, 500 * chosen.length);
      assert.deepEqual(
        chosen.map(({ id }) => id),
        chosen.map(({ id }) => id).sort((a, b) => a - b),
      );
      for (const { record } of chosen) {
        assert.equal(fold.apply(record, time), undefined, `${record.typ} in the block`);
      }
      const waiting = held.filter((one) => !chosen.includes(one));
      const hasEvidence = held.some(({ record }) => record.typ === "evidence");
      for (const { record } of waiting) {
        const code = fold.apply(record, instant(100));
        if (!hasEvidence) assert.equal(code, undefined, `${record.typ} behind the block`);
        else if (code !== undefined) counts.refused += 1;
        counts.waited += 1;
        if (record.typ !== "day" && record.typ !== "event") counts.rare += 1;
      }
    }),
    { seed: 11, numRuns: 150 },
  );
  assert.ok(counts.waited > 150 && counts.rare > 50, JSON.stringify(counts));
});
