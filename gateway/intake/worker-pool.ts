/**
 * The pool of crypto workers, as the main thread sees it: envelopes in, batches out to the right worker.
 *
 * A meter belongs to one worker for good (its number modulo the workers), a worker has at most two batches under
 * way, and a batch leaves when 64 envelopes wait or the worker is idle (reference/performance.md section 6).
 */
import { type MessagePort, Worker } from "node:worker_threads";
import type { RecipientKey } from "../../shared/crypto/key.ts";
import type { AdmissionWorkerData, BatchDone, RegistryMessage } from "./admission-worker.ts";
import { type BatchItem, packBatch } from "./packed-batch.ts";
import type { RegistryEntry } from "./registry.ts";

const MAX_BATCH = 256;
const FULL_ENOUGH = 64;
const MAX_OUTSTANDING = 2;

interface Lane {
  readonly worker: Worker;
  waiting: BatchItem[];
  outstanding: number;
}

export interface WorkerPoolOptions {
  readonly workers: number;
  readonly utility: RecipientKey;
  /** One end of a channel to the writer for each worker; transferred. */
  readonly writerPorts: readonly MessagePort[];
  /** A worker died: the process cannot go on. */
  onError(error: Error): void;
  /** Envelopes left the queue; the socket may resume. */
  onDrain(): void;
}

/** Which worker a meter belongs to. */
function workerOf(meter: number, workers: number): number {
  return meter % workers;
}

export class WorkerPool {
  readonly #lanes: Lane[];
  readonly #onDrain: () => void;
  #queued = 0;
  #stopping = false;

  constructor(options: WorkerPoolOptions) {
    this.#onDrain = options.onDrain;
    this.#lanes = options.writerPorts.map((writer) => {
      const data: AdmissionWorkerData = { utility: options.utility, writer };
      const worker = new Worker(new URL("./admission-worker.js", import.meta.url), {
        workerData: data,
        transferList: [writer],
        name: "wattproof-crypto",
      });
      const lane: Lane = { worker, waiting: [], outstanding: 0 };
      worker.on("message", (message: BatchDone) => this.#done(lane, message));
      const died = (error: Error): void => {
        if (!this.#stopping) options.onError(error);
      };
      worker.on("error", died);
      worker.on("exit", () => died(new Error("a crypto thread has ended")));
      return lane;
    });
  }

  /** Envelopes that wait for a worker (not those under way). */
  get queued(): number {
    return this.#queued;
  }

  /** Tells all workers of keys; every worker knows every key, so that a foreign one gets its right code. */
  enter(entries: readonly RegistryEntry[]): void {
    for (const { worker } of this.#lanes) worker.postMessage({ entries } satisfies RegistryMessage);
  }

  push(item: BatchItem): void {
    const lane = this.#lanes[workerOf(item.meter, this.#lanes.length)] as Lane;
    lane.waiting.push(item);
    this.#queued += 1;
    if (lane.waiting.length >= FULL_ENOUGH && lane.outstanding < MAX_OUTSTANDING) this.#send(lane);
  }

  /** Sends what waits to idle workers; called once for all messages of one turn of the event loop. */
  flush(): void {
    for (const lane of this.#lanes) {
      if (lane.outstanding === 0 && lane.waiting.length > 0) this.#send(lane);
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#lanes.map((lane) => lane.worker.terminate()));
  }

  #send(lane: Lane): void {
    const items = lane.waiting.splice(0, MAX_BATCH);
    const batch = packBatch(items);
    this.#queued -= items.length;
    lane.outstanding += 1;
    lane.worker.postMessage(batch, [batch.bytes, batch.index.buffer]);
  }

  #done(lane: Lane, _message: BatchDone): void {
    lane.outstanding -= 1;
    if (lane.waiting.length >= FULL_ENOUGH || (lane.outstanding === 0 && lane.waiting.length > 0)) {
      this.#send(lane);
    }
    this.#onDrain();
  }
}
