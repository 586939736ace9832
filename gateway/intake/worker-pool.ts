/**
 * The pool of crypto workers, as the main thread sees it: envelopes in, batches out to the right worker.
 *
 * A meter belongs to one worker for good (by a hash of its number), a worker has at most two batches under
 * way, and a batch leaves when 128 envelopes wait or the worker is idle (docs/performance.md).
 */
import { type MessagePort, Worker } from "node:worker_threads";
import type { RecipientKey } from "../../shared/crypto/key.ts";
import type {
  AdmissionWorkerData,
  LiveMessage,
  RegistryMessage,
  WorkerAnswer,
} from "./admission-worker.ts";
import type { LiveVerdict } from "./live-admission.ts";
import { BATCH_STRIDE, BatchBuilder, type PackedBatch } from "./packed-batch.ts";
import type { RegistryEntry } from "./registry.ts";

const FULL_ENOUGH = 128;
const MAX_OUTSTANDING = 2;
/** Live messages under way to a worker: they wait behind at most two batches, and hold up few. */
const MAX_LIVE_OUTSTANDING = 16;

interface Lane {
  readonly worker: Worker;
  /** The batch that is being filled. */
  readonly filling: BatchBuilder;
  /** Full batches that wait for the worker, oldest first. */
  readonly full: PackedBatch[];
  outstanding: number;
  live: number;
}

export interface WorkerPoolOptions {
  readonly workers: number;
  readonly utility: RecipientKey;
  /** The chain's id, H. */
  readonly chain: string;
  /** Clock specification (shared/base/clock.ts). */
  readonly clock: string;
  /** One end of a channel to the writer for each worker; transferred. */
  readonly writerPorts: readonly MessagePort[];
  /** A worker died: the process cannot go on. */
  onError(error: Error): void;
  /** Envelopes left the queue; the socket may resume. */
  onDrain(): void;
  /** A live message of a meter was judged. */
  onLive(meter: string, verdict: LiveVerdict): void;
}

/** 2^32 over the golden ratio: neighbouring numbers fall far apart (Knuth, volume 3, section 6.4). */
const GOLDEN = 0x9e3779b1;

/**
 * Which worker a meter belongs to. Not its number modulo the workers: what comes together, as from a house that counts its
 * meters in twos, would all go to one worker while the other has nothing to do.
 */
function workerOf(meter: number, workers: number): number {
  return (Math.imul(meter, GOLDEN) >>> 16) % workers;
}

export class WorkerPool {
  readonly #lanes: Lane[];
  readonly #onDrain: () => void;
  #queued = 0;
  #passed = 0;
  #stopping = false;

  constructor(options: WorkerPoolOptions) {
    this.#onDrain = options.onDrain;
    const { utility, chain, clock } = options;
    this.#lanes = options.writerPorts.map((writer) => {
      const data: AdmissionWorkerData = { utility, writer, chain, clock };
      const worker = new Worker(new URL("./admission-worker.js", import.meta.url), {
        workerData: data,
        transferList: [writer],
        name: "wattproof-crypto",
      });
      const lane: Lane = { worker, filling: new BatchBuilder(), full: [], outstanding: 0, live: 0 };
      worker.on("message", (answer: WorkerAnswer) => {
        if ("done" in answer) return this.#done(lane, answer.done);
        lane.live -= 1;
        options.onLive(answer.live, answer.verdict);
      });
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

  /** Envelopes taken since the start. */
  get passed(): number {
    return this.#passed;
  }

  /** Nothing waits for a worker, and none is at work on envelopes. */
  get idle(): boolean {
    return this.#queued === 0 && this.#lanes.every((lane) => lane.outstanding === 0);
  }

  /** Tells all workers of keys; every worker knows every key, so that a foreign one gets its right code. */
  enter(entries: readonly RegistryEntry[]): void {
    for (const { worker } of this.#lanes) worker.postMessage({ entries } satisfies RegistryMessage);
  }

  /** Takes an envelope, whose bytes are copied. `meter`: the nine digits as a number. */
  push(meter: number, epoch: number, packetId: number, payload: Uint8Array): void {
    const lane = this.#lanes[workerOf(meter, this.#lanes.length)] as Lane;
    lane.filling.push(meter, epoch, packetId, payload);
    this.#queued += 1;
    this.#passed += 1;
    if (lane.filling.isFull) lane.full.push(lane.filling.take());
    if (lane.outstanding < MAX_OUTSTANDING) this.#sendFullEnough(lane);
  }

  /** Has a live message judged by the meter's worker (nine digits); false when too many are under way already. */
  judgeLive(meter: string, bytes: Uint8Array): boolean {
    const lane = this.#lanes[workerOf(Number(meter), this.#lanes.length)] as Lane;
    if (lane.live >= MAX_LIVE_OUTSTANDING) return false;
    lane.live += 1;
    // A copy: what came from the socket is a part of a larger buffer, all of which would be cloned.
    lane.worker.postMessage({ live: meter, bytes: new Uint8Array(bytes) } satisfies LiveMessage);
    return true;
  }

  /** Sends what waits to idle workers; called once for all messages of one turn of the event loop. */
  flush(): void {
    for (const lane of this.#lanes) this.#sendToIdle(lane);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#lanes.map((lane) => lane.worker.terminate()));
  }

  #sendFullEnough(lane: Lane): void {
    if (lane.full.length > 0 || lane.filling.count >= FULL_ENOUGH) this.#send(lane);
  }

  #sendToIdle(lane: Lane): void {
    const waits = lane.full.length > 0 || lane.filling.count > 0;
    if (lane.outstanding === 0 && waits) this.#send(lane);
  }

  #send(lane: Lane): void {
    const batch = lane.full.shift() ?? lane.filling.take();
    this.#queued -= batch.index.length / BATCH_STRIDE;
    lane.outstanding += 1;
    lane.worker.postMessage(batch, [batch.bytes, batch.index.buffer]);
  }

  #done(lane: Lane, bytes: ArrayBuffer): void {
    lane.outstanding -= 1;
    lane.filling.giveBack(bytes);
    this.#sendFullEnough(lane);
    this.#sendToIdle(lane);
    this.#onDrain();
  }
}
