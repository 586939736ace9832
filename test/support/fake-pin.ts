/** Test only: a pin of the header whose level and edges are the test's. */
import type { DigitalPin, PinLevel } from "../../hardware/port/digital-pin.ts";

export class FakePin implements DigitalPin {
  level: PinLevel;
  readonly written: PinLevel[] = [];
  closed = false;
  /** What the next read or write fails with. */
  failure: Error | undefined;
  readonly #listeners = new Set<(level: PinLevel) => void>();

  constructor(level: PinLevel = 0) {
    this.level = level;
  }

  async read(): Promise<PinLevel> {
    this.#fail();
    return this.level;
  }

  async write(level: PinLevel): Promise<void> {
    this.#fail();
    this.written.push(level);
  }

  watch(listener: (level: PinLevel) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get watched(): boolean {
    return this.#listeners.size > 0;
  }

  /** An edge. */
  set(level: PinLevel): void {
    this.level = level;
    for (const listener of this.#listeners) listener(level);
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  #fail(): void {
    const { failure } = this;
    this.failure = undefined;
    if (failure !== undefined) throw failure;
  }
}
