/**
 * The owner's side of the mining thread: one search at a time, abortable within a batch (0.1 ms), with a count of
 * the hashes done that can be read while the thread is busy.
 */
import { Worker } from "node:worker_threads";
import { ABORT, BATCH, BATCHES, CONTROL_WORDS, type MineResult } from "./mine.ts";
import type { MineAnswer, MineRequest, MinerData } from "./miner-worker.ts";

export interface MinerOptions {
  /** false: the portable hash even where the native one is installed. Default: true. */
  readonly native?: boolean;
}

interface Waiting {
  resolve(result: MineResult): void;
  reject(error: Error): void;
}

export class Miner {
  readonly #worker: Worker;
  readonly #control: Int32Array;
  /** Number of the newest job; an older one that has not begun never does. */
  #jobs = 0;
  /** Settles when the thread is idle again. */
  #turn: Promise<unknown> = Promise.resolve();
  #waiting: Waiting | undefined;
  /** Why the thread is gone, once it is: it takes no job any more. */
  #gone: Error | undefined;

  constructor(options: MinerOptions = {}) {
    const control = new SharedArrayBuffer(CONTROL_WORDS * 4);
    this.#control = new Int32Array(control);
    const data: MinerData = { control, native: options.native ?? true };
    this.#worker = new Worker(new URL("./miner-worker.js", import.meta.url), { workerData: data });
    this.#worker.on("message", (answer: MineAnswer) => this.#settle(answer));
    this.#worker.on("error", (error) => this.#fail(error));
    this.#worker.on("exit", () => this.#fail(new Error("the mining thread has stopped")));
  }

  /** Hashes done by all searches so far, modulo 2^42. */
  get hashes(): number {
    return (Atomics.load(this.#control, BATCHES) >>> 0) * BATCH;
  }

  /**
   * Searches a nonce for `headerHash` (32 bytes) and `target` (32 bytes, big-endian) from `start` on. One search at
   * a time: a running one is aborted first and resolves without a nonce. Rejects when the thread is gone.
   */
  mine(headerHash: Uint8Array, target: Uint8Array, start: Uint8Array): Promise<MineResult> {
    const job = ++this.#jobs;
    Atomics.store(this.#control, ABORT, 1);
    const result = this.#turn.then(() => this.#run({ job, headerHash, target, start }));
    this.#turn = result.catch(() => undefined);
    return result;
  }

  /** Ends a running search and those that wait; resolves when the thread is idle. */
  async abort(): Promise<void> {
    this.#jobs += 1;
    Atomics.store(this.#control, ABORT, 1);
    await this.#turn;
  }

  async close(): Promise<void> {
    await this.abort();
    await this.#worker.terminate();
  }

  #run(request: MineRequest): Promise<MineResult> {
    if (request.job !== this.#jobs) return Promise.resolve({ hashes: 0 });
    Atomics.store(this.#control, ABORT, 0);
    return new Promise((resolve, reject) => {
      if (this.#gone !== undefined) return reject(this.#gone);
      this.#waiting = { resolve, reject };
      this.#worker.postMessage(request);
    });
  }

  #settle({ nonce, hashes }: MineAnswer): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve(nonce === undefined ? { hashes } : { nonce, hashes });
  }

  #fail(error: Error): void {
    this.#gone ??= error;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.reject(error);
  }
}
