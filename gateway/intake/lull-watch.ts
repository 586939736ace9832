/**
 * Tells when envelopes cease to come: every one that came has been judged, and for a moment no more came.
 *
 * Only the main thread can know it: to the writer a worker that is behind looks the same as a broker that has no more.
 */
export interface LullWatchOptions {
  /** No envelope waits for a worker or is under way to one. */
  readonly isIdle: () => boolean;
  /** Envelopes handed to the workers since the start. */
  readonly passed: () => number;
  /** Calls back after so many milliseconds, and once what had come by then from the broker was looked at. */
  readonly wait: (ms: number, then: () => void) => void;
  /** The workers have judged all of `passed` envelopes, and no more come. */
  onLull(passed: number): void;
}

/** A broker that has more sends it within a millisecond or two of the acknowledgements. */
const LULL_MS = 20;

export class LullWatch {
  readonly #options: LullWatchOptions;
  #waiting = false;

  constructor(options: LullWatchOptions) {
    this.#options = options;
  }

  /** A worker has answered. */
  look(): void {
    const { isIdle, passed, wait, onLull } = this.#options;
    if (this.#waiting || !isIdle()) return;
    this.#waiting = true;
    const before = passed();
    wait(LULL_MS, () => {
      this.#waiting = false;
      if (passed() === before) onLull(before);
      else this.look();
    });
  }
}
