/**
 * The main thread's end of the thread for heavy work: a bounded queue, a time limit for each order, and a new thread where one was
 * ended. The thread begins with the first order and ends when none has come for a while, so a gateway that nobody asks has none.
 */
import { Worker } from "node:worker_threads";
import { WattproofError } from "../../shared/base/error.ts";
import { ERROR_CODES, type ErrorCode } from "../../shared/base/error-code.ts";
import type { HeavyWork } from "../web/heavy-work.ts";
import type {
  HeavyAnswer,
  HeavyKind,
  HeavyOrder,
  HeavyOrders,
  HeavyThreadData,
} from "./heavy-thread.ts";

export interface HeavyLimits {
  /** Orders that wait, besides the one under way. */
  readonly waiting: number;
  /** For one order, milliseconds. */
  readonly orderMs: number;
  /** How long a thread without orders is kept, milliseconds. */
  readonly idleMs: number;
}

const LIMITS: HeavyLimits = { waiting: 32, orderMs: 30_000, idleMs: 60_000 };

interface Waiting extends HeavyOrder {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

export class HeavyClient implements HeavyWork {
  readonly #data: HeavyThreadData;
  readonly #limits: HeavyLimits;
  readonly #queue: Waiting[] = [];
  #worker: Worker | undefined;
  #current: Waiting | undefined;
  /** Of the order under way, or of the idle thread. */
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(data: HeavyThreadData, limits: Partial<HeavyLimits> = {}) {
    this.#data = data;
    this.#limits = { ...LIMITS, ...limits };
  }

  printSheet: HeavyWork["printSheet"] = (sheet) => this.#order("pdf", sheet);
  periodStatement: HeavyWork["periodStatement"] = (query) => this.#order("statement", query);
  /** Throws `bill-none`, `bill-not-final`, `line2-missing`. */
  exportBundle = (no: string): Promise<string> => this.#order("bundle", no);

  /** Ends the thread; what waits is refused. */
  async close(): Promise<void> {
    this.#closed = true;
    const stopping = toError("stopping", "the gateway is stopping");
    for (const waiting of this.#queue.splice(0)) waiting.reject(stopping);
    await this.#end(stopping);
  }

  /** Throws `busy` when too much waits or the order takes too long, and what the work itself throws. */
  #order<K extends HeavyKind>(
    kind: K,
    given: HeavyOrders[K]["given"],
  ): Promise<HeavyOrders[K]["result"]> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(toError("stopping", "the gateway is stopping"));
      if (this.#queue.length >= this.#limits.waiting) {
        return reject(toError("busy", "too many files are being made; try again in a moment"));
      }
      this.#queue.push({ kind, given, resolve: resolve as (result: unknown) => void, reject });
      this.#next();
    });
  }

  #next(): void {
    if (this.#current !== undefined) return;
    clearTimeout(this.#timer);
    const order = this.#queue.shift();
    if (order === undefined) {
      this.#timer = setTimeout(() => void this.#end(), this.#limits.idleMs).unref();
      return;
    }
    this.#current = order;
    const late = toError("busy", "this took too long and was stopped");
    this.#timer = setTimeout(() => void this.#end(late), this.#limits.orderMs);
    this.#worker ??= this.#start();
    const { kind, given } = order;
    this.#worker.postMessage({ kind, given } satisfies HeavyOrder);
  }

  #start(): Worker {
    const worker = new Worker(new URL("./heavy-thread.js", import.meta.url), {
      workerData: this.#data,
      name: "wattproof-heavy",
    });
    // What an ended thread still says belongs to no order of its successor.
    const isOwn = (): boolean => this.#worker === worker;
    worker.on("message", (answer: HeavyAnswer) => {
      if (!isOwn()) return;
      const order = this.#current;
      this.#current = undefined;
      if ("result" in answer) order?.resolve(answer.result);
      else order?.reject(toError(answer.code, answer.message));
      this.#next();
    });
    worker.on("error", (error) => {
      if (isOwn()) void this.#end(toError("internal", error.message));
    });
    worker.on("exit", () => {
      if (isOwn()) void this.#end(toError("internal", "the thread for heavy work has ended"));
    });
    return worker;
  }

  /** Ends the thread and refuses the order under way; the next one gets a new thread. */
  async #end(reason?: WattproofError): Promise<void> {
    clearTimeout(this.#timer);
    const [worker, order] = [this.#worker, this.#current];
    this.#worker = undefined;
    this.#current = undefined;
    if (reason !== undefined) order?.reject(reason);
    const ended = worker?.terminate();
    if (this.#queue.length > 0) this.#next();
    await ended;
  }
}

function toError(code: string, message: string): WattproofError {
  const known = Object.hasOwn(ERROR_CODES, code) ? (code as ErrorCode) : "internal";
  return new WattproofError(known, message);
}
