/**
 * Reads a part that speaks by itself: a loop in the background takes what the line brings, cuts it into frames and
 * keeps the newest good one, so that a read finds a telegram at hand instead of waiting for the next.
 *
 * The loop runs from the first `newest` to `close`. It is the reader's only clock: waiting callers are served
 * when a chunk arrives or a slice of silence has passed. An unplugged line is tried again and again.
 */
import { isCoded, WattproofError } from "../../shared/base/error.ts";
import type { SerialLine } from "../port/serial-line.ts";
import type { Timing } from "../port/timing.ts";

/** Cuts a stream of bytes into frames. */
export interface Framer {
  /**
   * The frames that `chunk` completes, in order; none, one or several. Never throws, whatever the bytes: resynchronises
   * by itself, in bounded memory.
   */
  push(chunk: Uint8Array): readonly Uint8Array[];
  /** Forgets a frame that has begun: bytes were lost. */
  reset(): void;
}

export interface PushReaderOptions {
  readonly line: SerialLine;
  readonly framer: Framer;
  readonly timing: Timing;
  /** An older frame counts as none; also how long the first call waits for one. */
  readonly maxAgeMs: number;
  /**
   * Judges each frame: true takes it, false passes over it as not meant for this reader, a coded error refuses
   * it (`sensor-crc`, `sensor-range`). Every frame is taken without it.
   */
  readonly accept?: (frame: Uint8Array) => boolean;
}

export interface TakenFrame {
  readonly frame: Uint8Array;
  /** When the frame was complete, by `timing`. */
  readonly takenMs: number;
}

interface Waiter {
  readonly waitMs: number;
  resolve(taken: TakenFrame): void;
  reject(error: unknown): void;
}

/** How long one look at the line takes at most: the grain of time-outs and of `close`. */
const SLICE_MS = 250;
const RETRY_MS = 500;

export class PushReader {
  readonly #options: PushReaderOptions;
  #loop: Promise<void> | undefined;
  #closed = false;
  #waiters: Waiter[] = [];
  /** Since when the line is listened to without a break. */
  #sinceMs = 0;
  #newest: TakenFrame | undefined;
  /** The newest frame was refused, with this error. */
  #refusal: WattproofError | undefined;
  /** The line is not there, with this error. */
  #gone: WattproofError | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(options: PushReaderOptions) {
    this.#options = options;
  }

  /**
   * The newest frame not older than `maxAgeMs`; the same one twice if none came in between. Waits for one as long
   * as the line has not been listened to for `waitMs`. Throws `sensor-gone` or `sensor-busy` of the line at
   * once, then the code with which the last frame was refused, else `sensor-timeout`.
   */
  newest(waitMs = this.#options.maxAgeMs): Promise<TakenFrame> {
    if (this.#closed) return Promise.reject(new WattproofError("sensor-gone", "reader closed"));
    if (this.#loop === undefined) {
      this.#sinceMs = this.#options.timing.monotonicMs();
      this.#loop = this.#listen();
    }
    return new Promise((resolve, reject) => {
      this.#waiters.push({ waitMs, resolve, reject });
      this.#settle();
    });
  }

  /** Ends the loop; waiting callers get `sensor-gone`. The line stays open. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#settle();
    await this.#loop;
  }

  async #listen(): Promise<void> {
    const { line, framer } = this.#options;
    // What a line has kept from before is of unknown age.
    line.discard();
    framer.reset();
    try {
      while (!this.#closed) {
        await this.#look();
        this.#settle();
      }
    } catch (error) {
      this.#failure = { error };
      this.#settle();
    }
  }

  async #look(): Promise<void> {
    const { line, framer, timing } = this.#options;
    let chunk: Uint8Array;
    try {
      chunk = await line.read(SLICE_MS);
    } catch (error) {
      if (!isCoded(error)) throw error;
      if (error.code === "sensor-timeout") return this.#there();
      this.#gone = error;
      framer.reset();
      this.#settle();
      return timing.sleep(RETRY_MS);
    }
    this.#there();
    for (const frame of framer.push(chunk)) this.#take(frame);
  }

  /** The line is open; if it was not before, listening begins anew. */
  #there(): void {
    if (this.#gone === undefined) return;
    this.#gone = undefined;
    this.#sinceMs = this.#options.timing.monotonicMs();
  }

  #take(frame: Uint8Array): void {
    const { accept, timing } = this.#options;
    try {
      if (accept !== undefined && !accept(frame)) return;
    } catch (error) {
      if (!isCoded(error)) throw error;
      this.#refusal = error;
      return;
    }
    this.#newest = { frame, takenMs: timing.monotonicMs() };
    this.#refusal = undefined;
  }

  /** Serves the waiting callers, unless there is still something to wait for. */
  #settle(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) {
      const result = this.#judge(waiter.waitMs);
      if (result === undefined) this.#waiters.push(waiter);
      else if ("error" in result) waiter.reject(result.error);
      else waiter.resolve(result);
    }
  }

  #judge(waitMs: number): TakenFrame | { readonly error: unknown } | undefined {
    const { timing, maxAgeMs } = this.#options;
    if (this.#closed) return { error: new WattproofError("sensor-gone", "reader closed") };
    if (this.#failure !== undefined) return this.#failure;
    const now = timing.monotonicMs();
    if (this.#newest !== undefined && now - this.#newest.takenMs <= maxAgeMs) return this.#newest;
    if (this.#gone !== undefined) return { error: this.#gone };
    if (now - this.#sinceMs < waitMs) return undefined;
    if (this.#refusal !== undefined) return { error: this.#refusal };
    const message = `no telegram for ${waitMs} ms`;
    return { error: new WattproofError("sensor-timeout", message, { ms: waitMs }) };
  }
}
