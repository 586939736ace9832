/** Envelopes, and the whole cheap-to-expensive check of one (records.md section 1, security of D1). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isCoded } from "../../../shared/base/error.ts";
import { applyRecord } from "../../../shared/chain/chain-rules.ts";
import { ListedLog } from "../../../shared/chain/log-view.ts";
import { VerifyKeyCache } from "../../../shared/chain/rule-context.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import {
  computeCt,
  joinEnvelope,
  MAX_METER_LINE2,
  splitEnvelope,
} from "../../../shared/record/envelope.ts";
import { MAX_METER_LINE1, parseRecord } from "../../../shared/record/record.ts";
import { openLine2, parseLine2 } from "../../../shared/record/sealed-box.ts";
import { codeOf } from "../../support/code-of.ts";
import { DAY_S, SampleChain, START } from "../../support/sample-chain.ts";

const suite = nodeSuite;

test("an envelope is one line or two, printable ASCII, within its limits", () => {
  const split = (text: string) => splitEnvelope(Buffer.from(text, "latin1"));
  assert.deepEqual(split("a"), { line1: "a" });
  assert.deepEqual(split("a\nb"), { line1: "a", line2: "b" });
  assert.deepEqual(splitEnvelope(joinEnvelope({ line1: "a", line2: "b" })), {
    line1: "a",
    line2: "b",
  });
  assert.deepEqual(splitEnvelope(joinEnvelope({ line1: "a" })), { line1: "a" });
  for (const text of ["a\nb\n", "a\nb\nc", "a\r\nb", "\u00e9", "a\u0000", "\u007f"]) {
    assert.equal(
      codeOf(() => split(text)),
      "form",
      JSON.stringify(text),
    );
  }
  split(`${"a".repeat(MAX_METER_LINE1)}\n${"b".repeat(MAX_METER_LINE2)}`);
  assert.equal(
    codeOf(() => split("a".repeat(MAX_METER_LINE1 + 1))),
    "size",
  );
  assert.equal(
    codeOf(() => split(`${"a".repeat(MAX_METER_LINE1 + 1)}\nb`)),
    "size",
  );
  assert.equal(
    codeOf(() => split(`a\n${"b".repeat(MAX_METER_LINE2 + 1)}`)),
    "size",
  );
  assert.equal(
    codeOf(() => split("a".repeat(100_000))),
    "size",
  );
});

test("any one-byte change of an envelope is refused with a code (exhaustive: every byte, every value)", () => {
  const chain = new SampleChain(suite, undefined, "envelope");
  const meter = chain.createMeter("352522395");
  chain.append([chain.enrol(meter)], START);
  const line1 = chain.day(meter, START, START + DAY_S);
  const envelope = joinEnvelope({ line1, line2: chain.blobs[0] as string });
  const keys = new VerifyKeyCache(suite);
  /** What a gateway checks of one envelope, cheap to expensive; the state is left as it was. */
  const check = (bytes: Uint8Array): void => {
    const { line1, line2 } = splitEnvelope(bytes);
    const record = parseRecord(suite, line1);
    const mark = chain.state.mark();
    try {
      const log = new ListedLog([]);
      const context = { suite, keys, log, position: 2, height: 1, blockTime: START + DAY_S };
      applyRecord(chain.state, record, context);
      assert.ok(record.typ === "day");
      if (line2 === undefined || computeCt(suite, line2) !== record.payload.ct) throw CT;
      openLine2(suite, parseLine2(line2), chain.utility, record.kid, "day");
    } finally {
      chain.state.rollbackTo(mark);
    }
  };
  const CT = Object.assign(new Error("ct"), { isCt: true });
  check(envelope);
  const codes = new Map<string, number>();
  for (let i = 0; i < envelope.length; i++) {
    const original = envelope[i] as number;
    for (let value = 0; value < 256; value++) {
      if (value === original) continue;
      envelope[i] = value;
      try {
        check(envelope);
        assert.fail(`byte ${i} = ${value} was accepted`);
      } catch (error) {
        const code = error === CT ? "ct" : isCoded(error) ? error.code : undefined;
        if (code === undefined) throw error;
        codes.set(code, (codes.get(code) ?? 0) + 1);
      }
    }
    envelope[i] = original;
  }
  const total = [...codes.values()].reduce((sum, n) => sum + n, 0);
  assert.equal(total, envelope.length * 255);
  for (const code of ["form", "base64", "signature", "ct"]) assert.ok(codes.has(code), code);
  check(envelope);
});
