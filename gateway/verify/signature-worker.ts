/**
 * A worker thread of the verifier: reads day records (chain rule C1), verifies their signatures (C5) and hashes
 * their leaves. What it cannot vouch for it leaves to the main thread, which applies every rule again in order and
 * so finds the exact code.
 *
 * In: keys ({@link KeyMessage}), then lines ({@link LinesMessage}). Out: {@link FactsMessage}, a column a field.
 */
import { parentPort } from "node:worker_threads";
import { isCoded } from "../../shared/base/error.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import type { EcPublicJwk, VerifyKey } from "../../shared/crypto/suite.ts";
import { dayHeaderPart, parseLine1 } from "../../shared/record/day-line.ts";
import { type ParsedRecord, verifyRecordSignature } from "../../shared/record/record.ts";

export interface KeyMessage {
  readonly kind: "key";
  readonly kid: string;
  readonly jwk: EcPublicJwk;
}

export interface LinesMessage {
  readonly kind: "lines";
  readonly id: number;
  readonly lines: readonly string[];
}

/** What is known of each line: the record if it is a day whose signature holds, else undefined. */
export interface FactsMessage {
  readonly id: number;
  readonly days: readonly (Fact | undefined)[];
}

/** kid, leaf, prev, ct, pt, seq, from, to */
export type Fact = readonly [string, string, string, string, string, number, number, number];

const keys = new Map<string, VerifyKey>();
const kidByHeader = new Map<string, string>();

function readDay(line1: string): Fact | undefined {
  let record: ParsedRecord;
  try {
    record = parseLine1(nodeSuite, kidByHeader, line1);
  } catch (error) {
    if (isCoded(error)) return undefined;
    throw error;
  }
  const key = keys.get(record.kid);
  if (record.typ !== "day" || key === undefined) return undefined;
  if (!verifyRecordSignature(nodeSuite, key, line1)) return undefined;
  const { ct, pt, from, to } = record.payload;
  return [record.kid, record.leaf, record.prev, ct, pt, record.seq, from, to];
}

parentPort?.on("message", (message: KeyMessage | LinesMessage) => {
  if (message.kind === "key") {
    keys.set(message.kid, nodeSuite.importVerifyKey(message.jwk));
    kidByHeader.set(dayHeaderPart(message.kid), message.kid);
    return;
  }
  const facts: FactsMessage = { id: message.id, days: message.lines.map(readDay) };
  parentPort?.postMessage(facts);
});
