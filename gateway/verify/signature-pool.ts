/**
 * The verifier's worker threads: as many as cores, each fed with small batches, so that signatures and hashes of
 * what comes later are checked while earlier blocks are folded.
 */
import { Worker } from "node:worker_threads";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import type { EcPublicJwk } from "../../shared/crypto/suite.ts";
import { type ParsedRecord, parseRecord } from "../../shared/record/record.ts";
import { hashBlob } from "./blob-hash.ts";
import type { RawBlob } from "./verify-source.ts";
import {
  type BlobsMessage,
  type FactsMessage,
  type HashesMessage,
  type KeyMessage,
  type LinesMessage,
  NUMBERS,
  TEXTS,
} from "./worker-messages.ts";

/** A record whose form and signature a worker vouches for; undefined: the fold judges the line itself. */
export type Vouched = ParsedRecord | undefined;

/** Fewer lines than this are not worth starting threads for; the fold verifies them itself. */
const WORTH_THREADS = 256;
/** Lines a batch: long enough to pay for the message, short enough to keep all cores busy at the end. */
const BATCH = 128;

type Order = LinesMessage | BlobsMessage;
type Answer = FactsMessage | HashesMessage;

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

export class SignaturePool {
  readonly #size: number;
  readonly #workers: Worker[] = [];
  readonly #keys: KeyMessage[] = [];
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 0;
  #nextWorker = 0;
  #broken: Error | undefined;

  constructor(workers: number) {
    this.#size = workers;
  }

  /** Makes a public key known to all workers, before the lines that follow. */
  addKey(kid: string, jwk: EcPublicJwk): void {
    const message: KeyMessage = { kind: "key", kid, jwk };
    this.#keys.push(message);
    for (const worker of this.#workers) worker.postMessage(message);
  }

  /** For each line, the record if its form and signature hold; an empty list where few lines come. */
  async check(lines: readonly string[]): Promise<readonly Vouched[]> {
    if (this.#workers.length === 0) {
      if (lines.length < WORTH_THREADS) return [];
      this.#start();
    }
    const batches: Promise<Vouched[]>[] = [];
    for (let at = 0; at < lines.length; at += BATCH) {
      const batch = lines.slice(at, at + BATCH);
      const id = this.#nextId++;
      const answer = this.#send({ kind: "lines", id, lines: batch.join("\n") });
      batches.push(answer.then((facts) => toRecords(facts as FactsMessage, batch)));
    }
    return (await Promise.all(batches)).flat();
  }

  /** `ct` of each line 2, "" where its bytes are none in this form. All are of one form. */
  async hash(blobs: readonly RawBlob[]): Promise<readonly string[]> {
    const form = blobs[0]?.form ?? "packed";
    if (this.#workers.length === 0) return blobs.map(({ bytes }) => hashBlob(form, bytes));
    const lengths = Uint32Array.from(blobs, ({ bytes }) => bytes.length);
    const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
    let at = 0;
    for (const blob of blobs) {
      bytes.set(blob.bytes, at);
      at += blob.bytes.length;
    }
    const id = this.#nextId++;
    const answer = await this.#send({ kind: "blobs", id, form, bytes, lengths });
    return (answer as HashesMessage).hashes;
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #start(): void {
    for (let i = 0; i < this.#size; i++) {
      // The string is not rewritten by the compiler: it names the built file.
      const worker = new Worker(new URL("./signature-worker.js", import.meta.url));
      worker.on("message", (answer: Answer) => {
        this.#waiting.get(answer.id)?.resolve(answer);
        this.#waiting.delete(answer.id);
      });
      worker.on("error", (error) => this.#break(error));
      for (const key of this.#keys) worker.postMessage(key);
      this.#workers.push(worker);
    }
  }

  #send(order: Order): Promise<Answer> {
    const worker = this.#workers[this.#nextWorker++ % this.#workers.length] as Worker;
    return new Promise((resolve, reject) => {
      if (this.#broken !== undefined) {
        reject(this.#broken);
        return;
      }
      this.#waiting.set(order.id, { resolve, reject });
      const moved = order.kind === "blobs" ? [order.bytes.buffer, order.lengths.buffer] : [];
      worker.postMessage(order, moved);
    });
  }

  #break(error: Error): void {
    this.#broken = error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

function toRecords({ texts, numbers }: FactsMessage, lines: readonly string[]): Vouched[] {
  const all = texts.split("\n");
  return lines.map((line1, i): Vouched => {
    const [kid, leaf, prev, ct, pt] = all.slice(i * TEXTS, (i + 1) * TEXTS) as unknown as Texts;
    if (kid === "") return undefined;
    if (leaf === "") return parseRecord(nodeSuite, line1);
    const [seq, from, to] = numbers.subarray(i * NUMBERS, (i + 1) * NUMBERS) as unknown as Numbers;
    const payload = { v: 1 as const, seq, prev, ct, pt, from, to };
    return { typ: "day", kid, seq, prev, leaf, line1, payload };
  });
}

type Texts = readonly [kid: string, leaf: string, prev: string, ct: string, pt: string];
type Numbers = readonly [seq: number, from: number, to: number];
