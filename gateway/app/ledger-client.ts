/** The main thread's end of the writer's thread: typed messages, and calls with answers. */
import { type MessagePort, Worker } from "node:worker_threads";
import { fail, WattproofError } from "../../shared/base/error.ts";
import { ERROR_CODES, type ErrorCode } from "../../shared/base/error-code.ts";
import type { FromLedger, LedgerThreadData, ToLedger } from "./ledger-protocol.ts";

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

function toError(code: string, message: string): WattproofError {
  const known = Object.hasOwn(ERROR_CODES, code) ? (code as ErrorCode) : "internal";
  return new WattproofError(known, message);
}

export class LedgerClient {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly ready: Promise<Extract<FromLedger, { kind: "ready" }>>;
  #calls = 0;
  #ended = false;
  #stopping = false;

  /**
   * @param onMessage everything but answers
   * @param onFatal the thread cannot go on: the process must end
   */
  constructor(
    data: LedgerThreadData,
    onMessage: (message: FromLedger) => void,
    onFatal: (error: Error) => void,
  ) {
    this.#worker = new Worker(new URL("./ledger-thread.js", import.meta.url), {
      workerData: data,
      name: "wattproof-ledger",
    });
    let settle: Waiting | undefined;
    this.ready = new Promise((resolve, reject) => {
      settle = { resolve: resolve as (result: unknown) => void, reject };
    });
    this.#worker.on("message", (message: FromLedger) => {
      if (message.kind === "answer") this.#answer(message);
      else if (message.kind === "failed") onFatal(toError(message.code, message.message));
      else {
        if (message.kind === "ready") settle?.resolve(message);
        onMessage(message);
      }
    });
    this.#worker.on("error", (error: Error & { code?: string }) => {
      const coded = toError(error.code ?? "internal", error.message);
      settle?.reject(coded);
      this.#fail(coded);
      onFatal(coded);
    });
    this.#worker.on("exit", () => {
      this.#ended = true;
      const ended = toError("stopping", "the ledger's thread has ended");
      settle?.reject(ended);
      this.#fail(ended);
      if (!this.#stopping) onFatal(ended);
    });
  }

  send(message: ToLedger, transfer: readonly (MessagePort | ArrayBuffer)[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  /** A call with an answer. Throws the code that the ledger's thread gave. */
  async call(method: string, parameters: unknown = {}): Promise<unknown> {
    if (this.#ended) fail("stopping", "the gateway is stopping");
    return this.#ask((id) => ({ kind: "call", id, method, parameters }));
  }

  /** Commits what waits, closes the store and ends the thread, even when it cannot do the first two. */
  async stop(): Promise<void> {
    try {
      if (!this.#ended) await this.#ask((id) => ({ kind: "stop", id }));
    } finally {
      this.#stopping = true;
      await this.#worker.terminate();
    }
  }

  #ask(message: (id: number) => ToLedger): Promise<unknown> {
    this.#calls += 1;
    const id = this.#calls;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.send(message(id));
    });
  }

  #answer({ id, result, error }: Extract<FromLedger, { kind: "answer" }>): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(toError(error.code, error.message));
  }

  #fail(error: Error): void {
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }
}
