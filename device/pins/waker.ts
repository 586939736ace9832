/** Waiting that can be cut short, any number of times, and ended for good. */
export type Pause = (ms: number, signal: AbortSignal) => Promise<void>;

export class Waker {
  readonly #pause: Pause;
  #waiting = new AbortController();
  #stopped = false;

  constructor(pause: Pause) {
    this.#pause = pause;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** Waits until `wake` or `stop`, at most `ms`. */
  async wait(ms: number): Promise<void> {
    if (this.#stopped) return;
    this.#waiting = new AbortController();
    await this.#pause(ms, this.#waiting.signal);
  }

  wake(): void {
    this.#waiting.abort();
  }

  /** There is no waiting any more. */
  stop(): void {
    this.#stopped = true;
    this.wake();
  }
}
