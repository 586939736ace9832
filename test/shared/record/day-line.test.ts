/** The fast reading of a day record gives what the long one gives: the record, or the code of what is wrong. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isCoded } from "../../../shared/base/error.ts";
import { createSigningKey } from "../../../shared/crypto/key.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { dayHeaderPart, parseLine1 } from "../../../shared/record/day-line.ts";
import { parseRecord, signRecord } from "../../../shared/record/record.ts";
import { seededBytes } from "../../support/seeded-bytes.ts";

const key = createSigningKey(nodeSuite, seededBytes("day-line"));
const H = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const kidByHeader = new Map([[dayHeaderPart(key.kid), key.kid]]);

/** The record or the code of what is wrong with it. */
function outcome(parse: () => unknown): unknown {
  try {
    return parse();
  } catch (error) {
    if (isCoded(error)) return error.code;
    throw error;
  }
}

function signDay(seq: number, from: number, to: number): string {
  return signRecord(nodeSuite, key, "day", { v: 1, seq, prev: H, ct: H, pt: H, from, to });
}

test("the fast reading of a day gives what the long one gives", () => {
  const natural = fc.maxSafeNat();
  fc.assert(
    fc.property(fc.integer({ min: 1 }), natural, natural, (seq, from, to) => {
      const line1 = signDay(seq, from, to);
      assert.deepEqual(parseLine1(nodeSuite, kidByHeader, line1), parseRecord(nodeSuite, line1));
    }),
    { seed: 1, numRuns: 100 },
  );
});

test("any changed character gives the same verdict on both ways", () => {
  const line1 = signDay(7, 1_704_063_600, 1_704_150_000);
  for (let at = 0; at < line1.length; at++) {
    for (const other of ["A", "g", "_", ".", "="]) {
      const changed = line1.slice(0, at) + other + line1.slice(at + 1);
      assert.deepEqual(
        outcome(() => parseLine1(nodeSuite, kidByHeader, changed)),
        outcome(() => parseRecord(nodeSuite, changed)),
        `${other} at ${at}`,
      );
    }
  }
});

test("payloads that are nearly a day's get the code of the long way", () => {
  const header = dayHeaderPart(key.kid);
  const payloads = [
    `{"ct":"${H}","from":1,"prev":"${H}","pt":"${H}","seq":0,"to":2,"v":1}`,
    `{"ct":"${H}","from":01,"prev":"${H}","pt":"${H}","seq":1,"to":2,"v":1}`,
    `{"ct":"${H}","from":1,"prev":"${H}","pt":"${H}","seq":9007199254740992,"to":2,"v":1}`,
    `{"ct":"${H}","from":1,"prev":"${H}","pt":"${H}","seq":1,"to":2,"v":2}`,
    `{"ct":"${H.slice(0, -1)}B","from":1,"prev":"${H}","pt":"${H}","seq":1,"to":2,"v":1}`,
    `{"ct":"${H}","extra":1,"from":1,"prev":"${H}","pt":"${H}","seq":1,"to":2,"v":1}`,
    `{ "ct":"${H}","from":1,"prev":"${H}","pt":"${H}","seq":1,"to":2,"v":1}`,
    "{}",
  ];
  const codes = payloads.map((payload) => {
    const part = Buffer.from(payload).toString("base64url");
    const line1 = `${header}.${part}.${"A".repeat(86)}`;
    const fast = outcome(() => parseLine1(nodeSuite, kidByHeader, line1));
    assert.deepEqual(
      fast,
      outcome(() => parseRecord(nodeSuite, line1)),
      payload,
    );
    return fast;
  });
  assert.ok(codes.every((code) => typeof code === "string"));
});
