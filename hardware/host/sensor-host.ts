/**
 * The parent's side of the process that reads the sensors: starts it, gives each request a deadline, and replaces it
 * when it is silent or has ended.
 *
 * In: sources to open, reads. Out: their samples; a coded error for what could not be read, which is a gap. A process
 * that hangs in a native call is killed, and not waited for: the kernel may not be able to end it before the call
 * returns. The next one is started by the first request after a growing pause.
 */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Json } from "../../shared/base/canonical-json.ts";
import { isCoded, WattproofError } from "../../shared/base/error.ts";
import { type Source, SourceSilent } from "../source.ts";
import type { SensorConfig } from "../source-config.ts";
import { decodeReply, type Reply } from "./message.ts";

export interface SensorHostOptions {
  /** Most time for an answer: longer than the slowest part may take. */
  readonly deadlineMs?: number;
  /** Bounds of the pause before the process is started again. */
  readonly restart?: { readonly firstMs: number; readonly mostMs: number };
  readonly monotonicMs: () => number;
  /** Where pulses are counted: a durable folder, and one in memory. */
  readonly folders?: { readonly state: string; readonly memory?: string };
}

/** The process was started again. */
export interface HostRestart {
  /** Why the one before is gone. */
  readonly cause: string;
  /** Since it was last heard of. */
  readonly silentMs: number;
  readonly pid: number;
}

interface Waiting {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

interface Running {
  readonly child: ChildProcess;
  readonly startedMs: number;
  readonly waiting: Map<number, Waiting>;
}

const DEADLINE_MS = 10_000;
const RESTART = { firstMs: 1_000, mostMs: 60_000 };
/** A process that lived this long was a good one: the next pause is short again. */
const GOOD_MS = 60_000;
const ENDING_MS = 2_000;
/** The heap of a process that reads some registers a second. */
const MEMORY_FLAGS = ["--max-old-space-size=64", "--max-semi-space-size=1"];

export class SensorHost {
  readonly #options: SensorHostOptions;
  readonly #sources: { configs: Json; onRestart: (restart: HostRestart) => void }[] = [];
  #running: Running | undefined;
  #closed = false;
  #nextId = 1;
  #failures = 0;
  #retryAtMs = 0;
  #heardMs = 0;
  #cause: string | undefined;

  constructor(options: SensorHostOptions) {
    this.#options = options;
  }

  /** Of the process that runs now. */
  get pid(): number | undefined {
    return this.#running?.child.pid;
  }

  /**
   * A source whose sensors are read over there. `onRestart` is called when a new process has taken over. Throws what no
   * later try will change (`hardware-module`, `schema`); a process that hangs or dies over it is a failed reading.
   */
  async open(
    configs: readonly SensorConfig[],
    onRestart: (restart: HostRestart) => void,
  ): Promise<Source> {
    const source = this.#sources.length;
    const json = configs as unknown as Json;
    let running: Running | undefined;
    try {
      running = this.#process();
    } catch (error) {
      if (!isSensorError(error)) throw error;
    }
    this.#sources.push({ configs: json, onRestart });
    try {
      if (running !== undefined) await this.#ask(running, { op: "open", source, configs: json });
    } catch (error) {
      if (!isSensorError(error)) throw error;
    }
    return {
      read: async (at) => {
        const reply = await this.#ask(this.#process(), { op: "read", source, at });
        if (reply.op !== "sample")
          throw new WattproofError("internal", `not a sample: ${reply.op}`);
        return reply.sample;
      },
      // The process serves other sources too; it ends with the host.
      close: async () => {},
    };
  }

  /** Ends the process; resolves when it has ended, or cannot be waited for any longer. */
  async close(): Promise<void> {
    this.#closed = true;
    const running = this.#running;
    if (running === undefined) return;
    const { child } = running;
    this.#forget(running, "closed");
    if (child.connected) child.disconnect();
    if (await endsWithin(child, ENDING_MS)) return;
    child.kill("SIGKILL");
    if (!(await endsWithin(child, ENDING_MS))) child.unref();
  }

  /** The process that runs, or a new one. Throws `sensor-gone` during the pause before that. */
  #process(): Running {
    if (this.#closed) throw new WattproofError("sensor-gone", "the sensor process is closed");
    if (this.#running !== undefined) return this.#running;
    const now = this.#options.monotonicMs();
    if (now < this.#retryAtMs) {
      throw new WattproofError("sensor-gone", `the sensor process is down: ${this.#cause}`);
    }
    const running = this.#start(now);
    for (const [source, { configs, onRestart }] of this.#sources.entries()) {
      // What could not be opened says so when it is read.
      this.#ask(running, { op: "open", source, configs }).catch(() => {});
      const { cause = "", heardMs } = { cause: this.#cause, heardMs: this.#heardMs };
      onRestart({ cause, silentMs: Math.round(now - heardMs), pid: running.child.pid ?? 0 });
    }
    return running;
  }

  #start(now: number): Running {
    const entry = fileURLToPath(new URL("./host-process.js", import.meta.url));
    const { state, memory } = this.#options.folders ?? {};
    const folders = [state, memory].filter((folder) => folder !== undefined);
    const child = fork(entry, folders, {
      execArgv: [...process.execArgv, ...MEMORY_FLAGS],
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    const running: Running = { child, startedMs: now, waiting: new Map() };
    child.on("message", (message) => this.#receive(running, message as Json));
    child.on("error", (error) => this.#lose(running, error.message));
    child.on("exit", (code, signal) => {
      this.#lose(running, signal === null ? `it ended with ${code}` : `it was ended by ${signal}`);
    });
    this.#running = running;
    return running;
  }

  #ask(running: Running, request: { [name: string]: Json }): Promise<Reply> {
    const id = this.#nextId++;
    const { deadlineMs = DEADLINE_MS } = this.#options;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#lose(running, `no answer for ${deadlineMs} ms`);
      }, deadlineMs);
      running.waiting.set(id, { resolve, reject, timer });
      running.child.send({ ...request, id }, (error) => {
        if (error !== null) this.#lose(running, error.message);
      });
    });
  }

  #receive(running: Running, message: Json): void {
    let reply: Reply;
    try {
      reply = decodeReply(message);
    } catch (error) {
      this.#lose(running, `it cannot be understood: ${(error as Error).message}`);
      return;
    }
    const waiting = running.waiting.get(reply.id);
    running.waiting.delete(reply.id);
    if (waiting === undefined) return;
    this.#heardMs = this.#options.monotonicMs();
    clearTimeout(waiting.timer);
    if (reply.op !== "failed") waiting.resolve(reply);
    else if (reply.faults.length > 0) waiting.reject(new SourceSilent(reply, reply.faults));
    else waiting.reject(new WattproofError(reply.code, reply.message));
  }

  /** It is of no more use: killed, if it still runs, and what it was asked fails. */
  #lose(running: Running, cause: string): void {
    if (this.#running !== running) return;
    const now = this.#options.monotonicMs();
    const { firstMs, mostMs } = this.#options.restart ?? RESTART;
    if (now - running.startedMs > GOOD_MS) this.#failures = 0;
    this.#retryAtMs = now + Math.min(mostMs, firstMs * 2 ** this.#failures);
    this.#failures += 1;
    this.#cause = cause;
    this.#forget(running, cause);
    const { child } = running;
    child.kill("SIGKILL");
    if (child.connected) child.disconnect();
    child.unref();
  }

  #forget(running: Running, cause: string): void {
    this.#running = undefined;
    for (const { reject, timer } of running.waiting.values()) {
      clearTimeout(timer);
      reject(new WattproofError("sensor-timeout", `the sensor process is gone: ${cause}`));
    }
    running.waiting.clear();
  }
}

const isSensorError = (error: unknown): boolean =>
  isCoded(error) && error.code.startsWith("sensor-");

function endsWithin(child: ChildProcess, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const finish = (ended: boolean): void => {
      clearTimeout(timer);
      child.off("exit", onExit);
      resolve(ended);
    };
    const onExit = (): void => finish(true);
    const timer = setTimeout(() => finish(false), ms);
    child.on("exit", onExit);
  });
}
