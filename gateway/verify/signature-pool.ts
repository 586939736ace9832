/**
 * The verifier's worker threads: as many as cores, each fed with small batches of lines, so that the signatures of
 * later blocks are checked while earlier ones are folded.
 */
import { Worker } from "node:worker_threads";
import type { EcPublicJwk } from "../../shared/crypto/suite.ts";
import type { ParsedRecord } from "../../shared/record/record.ts";
import type { Fact, FactsMessage, KeyMessage, LinesMessage } from "./signature-worker.ts";

/** Fewer lines than this are not worth starting threads for; the fold verifies them itself. */
const WORTH_THREADS = 256;
/** Lines a batch: long enough to pay for the message, short enough to keep all cores busy at the end. */
const BATCH = 128;

interface Waiting {
  readonly resolve: (facts: FactsMessage) => void;
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

  /** Of the lines, the day records whose form and signature hold, by line; none where few lines come. */
  async check(lines: readonly string[]): Promise<Map<string, ParsedRecord<"day">>> {
    const batches: Promise<void>[] = [];
    const days = new Map<string, ParsedRecord<"day">>();
    if (this.#workers.length === 0) {
      if (lines.length < WORTH_THREADS) return days;
      this.#start();
    }
    for (let at = 0; at < lines.length; at += BATCH) {
      const batch = lines.slice(at, at + BATCH);
      batches.push(
        this.#send(batch).then(({ days: facts }) => {
          facts.forEach((fact, i) => {
            const line1 = batch[i];
            if (fact !== undefined && line1 !== undefined) days.set(line1, toRecord(fact, line1));
          });
        }),
      );
    }
    await Promise.all(batches);
    return days;
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #start(): void {
    for (let i = 0; i < this.#size; i++) {
      // The string is not rewritten by the compiler: it names the built file.
      const worker = new Worker(new URL("./signature-worker.js", import.meta.url));
      worker.on("message", (facts: FactsMessage) => {
        this.#waiting.get(facts.id)?.resolve(facts);
        this.#waiting.delete(facts.id);
      });
      worker.on("error", (error) => this.#break(error));
      for (const key of this.#keys) worker.postMessage(key);
      this.#workers.push(worker);
    }
  }

  #send(lines: readonly string[]): Promise<FactsMessage> {
    const id = this.#nextId++;
    const worker = this.#workers[this.#nextWorker++ % this.#workers.length] as Worker;
    return new Promise((resolve, reject) => {
      if (this.#broken !== undefined) {
        reject(this.#broken);
        return;
      }
      this.#waiting.set(id, { resolve, reject });
      const message: LinesMessage = { kind: "lines", id, lines };
      worker.postMessage(message);
    });
  }

  #break(error: Error): void {
    this.#broken = error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

function toRecord(fact: Fact, line1: string): ParsedRecord<"day"> {
  const [kid, leaf, prev, ct, pt, seq, from, to] = fact;
  return {
    typ: "day",
    kid,
    seq,
    prev,
    leaf,
    line1,
    payload: { v: 1, seq, prev, ct, pt, from, to },
  };
}
