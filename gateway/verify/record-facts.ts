/** Records made of what a reader found out about them (facts.ts): no parsing again, no hashing again. */
import { decodeBase64url, decodeUtf8 } from "../../shared/base/bytes.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import { hashLeaf, type ParsedRecord } from "../../shared/record/record.ts";
import {
  CT_AT,
  DAY,
  HASH_BYTES,
  HASHES,
  LEAF_AT,
  NUMBERS,
  PREV_AT,
  PT_AT,
  type RecordFacts,
  UNKNOWN,
} from "./facts.ts";

/** A hash as H. `at`: LEAF_AT and so on. */
export function hashText({ hashes }: RecordFacts, i: number, at: number): string {
  const { buffer, byteOffset } = hashes;
  return Buffer.from(buffer, byteOffset + i * HASHES + at, HASH_BYTES).toString("base64url");
}

/** The record of a `DAY`; its line 1, which nothing needs any more, is left out. */
export function toDayRecord(facts: RecordFacts, i: number, kid: string): ParsedRecord<"day"> {
  const at = i * NUMBERS;
  const seq = facts.numbers[at + 1] as number;
  const from = facts.numbers[at + 2] as number;
  const to = facts.numbers[at + 3] as number;
  const [leaf, prev] = [hashText(facts, i, LEAF_AT), hashText(facts, i, PREV_AT)];
  const [ct, pt] = [hashText(facts, i, CT_AT), hashText(facts, i, PT_AT)];
  const payload = { v: 1 as const, seq, prev, ct, pt, from, to };
  return { typ: "day", kid, seq, prev, leaf, line1: "", payload };
}

/** The record of a `VOUCHED` line 1: its form was checked by whoever vouched for it, so JSON.parse is enough. */
export function toVouchedRecord(line1: string, leaf: string): ParsedRecord {
  const [head = "", body = ""] = line1.split(".");
  const { kid, typ } = parsePart(head) as { readonly kid: string; readonly typ: string };
  const payload = parsePart(body) as ParsedRecord["payload"];
  const { seq, prev } = payload;
  const name = typ.slice("wattproof-".length, -"+jws".length);
  return { typ: name, kid, seq, prev, leaf, line1, payload } as ParsedRecord;
}

function parsePart(part: string): unknown {
  return JSON.parse(decodeUtf8(decodeBase64url(part)));
}

/** The leaf of a record by its index in all these batches, as H. */
export function findLeaf(facts: readonly RecordFacts[], index: number): string {
  let at = index;
  for (const batch of facts) {
    if (at >= batch.count) {
      at -= batch.count;
    } else if (batch.status[at] === UNKNOWN) {
      const texts = batch.status.subarray(0, at).filter((status) => status !== DAY).length;
      return hashLeaf(nodeSuite, batch.texts[texts] ?? "");
    } else {
      return hashText(batch, at, LEAF_AT);
    }
  }
  return "";
}
