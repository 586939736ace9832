/**
 * When a burst of envelopes is over, as after midnight: its meters need not wait for their receipts as long as a single record
 * does. What counts is the whole burst, so that the little that is left after its last full block does not wait either.
 *
 * The main thread says that no more come (gateway/intake/lull-watch.ts); the writer may not have taken in all of it yet.
 */

/** What a broker that was slow for a moment brings so soon after a burst belongs to it. */
const STRAGGLE_MS = 2000;

export class BurstEnd {
  readonly #least: number;
  readonly #realMs: () => number;
  #straggleUntilMs = Number.NEGATIVE_INFINITY;
  #admitted = 0;
  /** Envelopes since the start, when the last lull began. */
  #lullAt = 0;
  /** As many as there were when a burst ended; undefined when what it brought is on its way into a block. */
  #endsAt: number | undefined;

  /**
   * @param least envelopes of a burst; 0: nothing is one
   * @param realMs real time, monotonic, milliseconds
   */
  constructor(least: number, realMs: () => number) {
    this.#least = least;
    this.#realMs = realMs;
  }

  /** The workers handed over so many more envelopes. */
  admit(count: number): void {
    this.#admitted += count;
  }

  /** No more envelopes come for now than these, counted since the start: the end of a burst, of its rest, or of neither. */
  lull(passed: number): void {
    const isBurst = this.#least > 0 && passed - this.#lullAt >= this.#least;
    this.#lullAt = passed;
    const now = this.#realMs();
    if (isBurst) this.#straggleUntilMs = now + STRAGGLE_MS;
    if (now <= this.#straggleUntilMs) this.#endsAt = passed;
  }

  /** All of a burst was taken in, and no block has been begun since. */
  get isOver(): boolean {
    return this.#endsAt === this.#admitted;
  }

  /** A block is begun with all that was taken in; what of the burst is still on its way needs another. */
  clear(): void {
    if (this.isOver) this.#endsAt = undefined;
  }
}
