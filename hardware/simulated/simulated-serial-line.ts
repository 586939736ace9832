/**
 * A serial line with a simulated device at its other end.
 *
 * `answer` gets each written message and returns the chunks that come back, in order; none is silence. Time-outs
 * pass at once in simulated time.
 */
import { fail } from "../../shared/base/error.ts";
import { Lock } from "../port/lock.ts";
import type { SerialLine } from "../port/serial-line.ts";
import type { SimulatedTiming } from "./simulated-timing.ts";

export type Answer = (request: Uint8Array) => readonly Uint8Array[];

export class SimulatedSerialLine implements SerialLine {
  readonly #answer: Answer;
  readonly #timing: SimulatedTiming;
  readonly #lock = new Lock();
  #arrived: Uint8Array[] = [];
  #closed = false;

  constructor(timing: SimulatedTiming, answer: Answer) {
    this.#timing = timing;
    this.#answer = answer;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#refuseClosed();
    this.#arrived.push(...this.#answer(bytes));
  }

  async read(timeoutMs: number): Promise<Uint8Array> {
    this.#refuseClosed();
    const chunk = this.#arrived.shift();
    if (chunk !== undefined) return chunk;
    await this.#timing.sleep(timeoutMs);
    fail("sensor-timeout", "nothing arrived on the simulated line", { ms: timeoutMs });
  }

  async setBaud(): Promise<void> {
    this.discard();
  }

  discard(): void {
    this.#arrived = [];
  }

  exclusive<T>(work: () => Promise<T>): Promise<T> {
    return this.#lock.run(work);
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #refuseClosed(): void {
    if (this.#closed) fail("sensor-gone", "the simulated line is closed");
  }
}
