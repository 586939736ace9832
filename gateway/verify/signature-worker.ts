/**
 * A worker thread of the verifier: reads records (chain rule C1), verifies their signatures (C5), hashes the leaves of
 * days, and hashes lines 2. What it cannot vouch for it leaves to the main thread, which applies every rule again in
 * order and so finds the exact code.
 *
 * In: keys ({@link KeyMessage}), then lines and blobs. Out: {@link FactsMessage}, {@link HashesMessage}.
 */
import { parentPort } from "node:worker_threads";
import { isCoded } from "../../shared/base/error.ts";
import { VerifyKeyCache } from "../../shared/chain/rule-context.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import type { EcPublicJwk } from "../../shared/crypto/suite.ts";
import { dayHeaderPart, parseLine1 } from "../../shared/record/day-line.ts";
import { verifyRecordSignature } from "../../shared/record/record.ts";
import { hashBlob } from "./blob-hash.ts";
import {
  type BlobsMessage,
  type FactsMessage,
  type HashesMessage,
  type KeyMessage,
  type LinesMessage,
  NUMBERS,
  TEXTS,
} from "./worker-messages.ts";

const UNKNOWN = "\n".repeat(TEXTS);

const jwks = new Map<string, EcPublicJwk>();
const kidByHeader = new Map<string, string>();
/** Imports a key when the first record under it comes. */
const keys = new VerifyKeyCache(nodeSuite);

/** The texts of a line, each ended by LF; its numbers go to `numbers` at `at`. */
function readLine(line1: string, numbers: Float64Array, at: number): string {
  try {
    const record = parseLine1(nodeSuite, kidByHeader, line1);
    const { kid, leaf, prev, seq } = record;
    const jwk = jwks.get(kid);
    if (jwk === undefined) return UNKNOWN;
    if (!verifyRecordSignature(nodeSuite, keys.get(kid, jwk), line1)) return UNKNOWN;
    if (record.typ !== "day") return `${kid}${UNKNOWN}`;
    const { ct, pt, from, to } = record.payload;
    numbers[at] = seq;
    numbers[at + 1] = from;
    numbers[at + 2] = to;
    return `${kid}\n${leaf}\n${prev}\n${ct}\n${pt}\n`;
  } catch (error) {
    if (isCoded(error)) return UNKNOWN;
    throw error;
  }
}

function readLines({ id, lines }: LinesMessage): void {
  const all = lines.split("\n");
  const numbers = new Float64Array(all.length * NUMBERS);
  const texts = all.map((line1, i) => readLine(line1, numbers, i * NUMBERS)).join("");
  const facts: FactsMessage = { kind: "facts", id, texts, numbers };
  parentPort?.postMessage(facts, [numbers.buffer]);
}

function hashBlobs({ id, form, bytes, lengths }: BlobsMessage): void {
  let at = 0;
  const hashes = Array.from(lengths, (length) => {
    at += length;
    return hashBlob(form, bytes.subarray(at - length, at));
  });
  parentPort?.postMessage({ kind: "hashes", id, hashes } satisfies HashesMessage);
}

parentPort?.on("message", (message: KeyMessage | LinesMessage | BlobsMessage) => {
  if (message.kind === "lines") readLines(message);
  else if (message.kind === "blobs") hashBlobs(message);
  else {
    jwks.set(message.kid, message.jwk);
    kidByHeader.set(dayHeaderPart(message.kid), message.kid);
  }
});
