/**
 * The verifier's readers: one in this thread and a worker thread for each further core. A worker has its next orders
 * waiting while it works on one; this thread takes an order when it has nothing to fold and the workers have theirs.
 */
import { Worker } from "node:worker_threads";
import {
  type Answer,
  type BlobFacts,
  type KnownKey,
  type Order,
  type ReaderMessage,
  type ReaderStore,
  type RecordFacts,
  renewFacts,
} from "./facts.ts";
import type { Reader } from "./reader.ts";
import type { StoreReader } from "./store-reader.ts";

/** Orders that a worker holds: the one it works on and what lasts while this thread is busy. */
const HELD = 3;

interface Waiting {
  readonly order: Order;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

interface Hand {
  readonly worker: Worker;
  readonly held: Waiting[];
}

export interface PoolOptions {
  /** Readers, of which one is this thread. */
  readonly readers: number;
  readonly usesStore: boolean;
}

export class ReaderPool {
  /** Called with the keys that enrol records bring, before the answer is given. */
  onAdmitted: (keys: RecordFacts["admitted"]) => void = () => undefined;
  readonly #hands: readonly Hand[];
  readonly #queue: Waiting[] = [];
  #own: Reader | undefined;
  #store: StoreReader | undefined;
  #broken: Error | undefined;
  #turn: NodeJS.Immediate | undefined;

  constructor({ readers, usesStore }: PoolOptions) {
    const workers = Math.max(0, readers - 1);
    this.#hands = Array.from({ length: workers }, () => this.#hire(usesStore));
  }

  /** Loads this thread's own reader, after the workers were started. Before anything else. */
  async load(): Promise<void> {
    const { Reader } = await import("./reader.ts");
    this.#own = new Reader();
  }

  /** Before keys and orders. */
  async openStore(store: ReaderStore): Promise<void> {
    this.#tell({ kind: "store", store });
    const { openStoreReader } = await import("./store-reader.ts");
    this.#store = openStoreReader(store);
    const { Reader } = await import("./reader.ts");
    this.#own = new Reader(this.#store);
  }

  addKeys(keys: readonly KnownKey[]): void {
    this.#tell({ kind: "keys", keys });
    this.#own?.addKeys(keys);
  }

  async readRecords(order: Order): Promise<RecordFacts | undefined> {
    const answer = await this.#ask(order);
    return answer.kind === "records" ? answer.facts : undefined;
  }

  async readBlobs(order: Order): Promise<BlobFacts | undefined> {
    const answer = await this.#ask(order);
    return answer.kind === "blobs" ? answer.facts : undefined;
  }

  async close(): Promise<void> {
    clearImmediate(this.#turn);
    this.#store?.close();
    await Promise.all(this.#hands.map(({ worker }) => worker.terminate()));
  }

  #ask(order: Order): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#broken !== undefined) {
        reject(this.#broken);
        return;
      }
      this.#queue.push({ order, resolve, reject });
      this.#feed();
    });
  }

  #hire(usesStore: boolean): Hand {
    // The string is not rewritten by the compiler: it names the built file.
    const worker = new Worker(new URL("./reader-worker.js", import.meta.url), {
      workerData: usesStore,
    });
    const hand: Hand = { worker, held: [] };
    worker.on("message", (answer: Answer) => {
      const waiting = hand.held.shift();
      this.#feed();
      waiting?.resolve(this.#take(renewed(answer)));
    });
    worker.on("error", (error) => this.#break(error));
    return hand;
  }

  /** New keys go out at once, so that few records come before their key. */
  #take(answer: Answer): Answer {
    if (answer.kind === "records" && answer.facts !== undefined) {
      if (answer.facts.admitted.length > 0) this.onAdmitted(answer.facts.admitted);
    }
    return answer;
  }

  #feed(): void {
    for (let load = 0; load < HELD; load++) {
      for (const { worker, held } of this.#hands) {
        if (held.length > load) continue;
        const waiting = this.#queue.shift();
        if (waiting === undefined) return;
        held.push(waiting);
        worker.postMessage({ kind: "order", order: waiting.order } satisfies ReaderMessage);
      }
    }
    if (this.#queue.length > 0 && this.#turn === undefined) this.#turn = setImmediate(this.#read);
  }

  /** One order in this thread; answers of workers that have come meanwhile go first. */
  readonly #read = (): void => {
    this.#turn = undefined;
    const reader = this.#own;
    const waiting = reader === undefined ? undefined : this.#queue.shift();
    if (reader === undefined || waiting === undefined) return;
    try {
      waiting.resolve(this.#take(reader.read(waiting.order)));
    } catch (error) {
      waiting.reject(error as Error);
    }
    this.#feed();
  };

  #tell(message: ReaderMessage): void {
    for (const { worker } of this.#hands) worker.postMessage(message);
  }

  #break(error: Error): void {
    this.#broken = error;
    const lost = [...this.#hands.flatMap(({ held }) => held.splice(0)), ...this.#queue.splice(0)];
    for (const { reject } of lost) reject(error);
  }
}

function renewed(answer: Answer): Answer {
  if (answer.kind !== "records" || answer.facts === undefined) return answer;
  return { kind: "records", facts: renewFacts(answer.facts) };
}
