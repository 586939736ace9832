/** The frozen chains: the builder still makes the same bytes, and both suites reach the frozen verdicts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeBase64url, encodeHex } from "../../../shared/base/bytes.ts";
import { applyBlock, type ParentBlock } from "../../../shared/chain/block-rules.ts";
import { applyRecord } from "../../../shared/chain/chain-rules.ts";
import { ChainState } from "../../../shared/chain/chain-state.ts";
import { parseCheckpoint } from "../../../shared/chain/checkpoint.ts";
import { parseDumpLine } from "../../../shared/chain/dump.ts";
import { ListedLog } from "../../../shared/chain/log-view.ts";
import { verifyReceipt } from "../../../shared/chain/receipt.ts";
import { VerifyKeyCache } from "../../../shared/chain/rule-context.ts";
import { nobleSuite } from "../../../shared/crypto/noble-suite.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { type ParsedRecord, parseRecord } from "../../../shared/record/record.ts";
import { buildChainVectors, type ChainVectors } from "../../support/chain-vectors.ts";
import { codeOf } from "../../support/code-of.ts";
import { readVectors } from "../../support/json-file.ts";

const vectors = readVectors<ChainVectors>("chain.json");

test("the builder makes the frozen bytes", () => {
  assert.deepEqual(JSON.parse(JSON.stringify(buildChainVectors())), vectors);
});

for (const suite of [nodeSuite, nobleSuite]) {
  for (const vector of vectors.chains) {
    test(`${vector.name} (${suite.name})`, () => {
      const keys = new VerifyKeyCache(suite);
      const state = new ChainState();
      const records: ParsedRecord[] = [];
      const log = new ListedLog(records);
      let parent: ParentBlock | undefined;
      /** Size → root at the end of each block. */
      const roots = new Map<number, Uint8Array>([[0, new Uint8Array(0)]]);
      let note = "";
      for (const line of vector.dump.map(parseDumpLine)) {
        if (line.kind === "checkpoint") note = line.note;
        if (line.kind !== "block") continue;
        const context = { suite, keys, log };
        const checked = applyBlock(state, parent, line.block, context);
        const { header, hash, range } = checked;
        records.push(...checked.records);
        parent = { height: header.height, hash, time: header.time, range };
        roots.set(range.size, range.root());
      }
      assert.ok(parent !== undefined);
      const { range, hash, height } = parent;
      assert.deepEqual(
        [state.chain.id, encodeHex(hash), range.size, encodeHex(range.root())],
        [vector.chain, vector.tip, vector.log_size, vector.log_root],
      );
      assert.equal(parseCheckpoint(note).size, vector.log_size);
      const verifiers = state.gateways().map(({ name, note: key }) => ({
        name,
        publicKey: decodeBase64url(key ?? ""),
      }));
      for (const { leaf, old, text } of vector.receipts) {
        const root = roots.get(old);
        const trust = {
          origin: state.chain.origin,
          verifiers,
          threshold: 1,
          known: root === undefined ? [] : [{ size: old, root }],
        };
        verifyReceipt(suite, text, decodeBase64url(leaf), trust);
      }
      for (const { record, time, code } of vector.refused) {
        const place = { position: range.size, height: height + 1, blockTime: time };
        const context = { suite, keys, log, ...place };
        const apply = () => applyRecord(state, parseRecord(suite, record), context);
        assert.equal(codeOf(apply), code);
      }
    });
  }
}
