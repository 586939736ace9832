/**
 * When a burst of envelopes is over, as after midnight: its meters need not wait for their receipts as long as a single record
 * does. What counts is the whole burst, so that the little that is left after its last full block does not wait either.
 *
 * The main thread says that no more come (gateway/intake/lull-watch.ts); the writer may not have taken in all of it yet.
 */

/** What a broker that was slow for a moment brings so soon after a burst belongs to it, once. */
const STRAGGLE_MS = 2000;

export class BurstEnd {
  readonly #least: number;
  readonly #realMs: () => number;
  #straggleUntilMs = Number.NEGATIVE_INFINITY;
  #admitted = 0;
  /** Envelopes since the start, when the last lull began. */
  #lullAt = 0;
  /** As many as there were when a burst ended that was not taken in yet. */
  #endsAt: number | undefined;

  /**
   * @param least envelopes of a burst; 0: nothing is one
   * @param realMs real time, monotonic, milliseconds
   */
  constructor(least: number, realMs: () => number) {
    this.#least = least;
    this.#realMs = realMs;
  }

  /** The workers handed over so many more envelopes. Returns whether a burst is over now. */
  admit(count: number): boolean {
    this.#admitted += count;
    return this.#isOver();
  }

  /** No more envelopes come for now than these, counted since the start. Returns whether a burst is over now. */
  lull(passed: number): boolean {
    const isBurst = this.#least > 0 && passed - this.#lullAt >= this.#least;
    this.#lullAt = passed;
    const now = this.#realMs();
    const isRest = now <= this.#straggleUntilMs;
    this.#straggleUntilMs = isBurst ? now + STRAGGLE_MS : Number.NEGATIVE_INFINITY;
    if (isBurst || isRest) this.#endsAt = passed;
    return this.#isOver();
  }

  /** True once for each end: when all of it was taken in. */
  #isOver(): boolean {
    if (this.#endsAt === undefined || this.#admitted < this.#endsAt) return false;
    this.#endsAt = undefined;
    return true;
  }
}
