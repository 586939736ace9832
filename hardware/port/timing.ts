/**
 * The time that ports and drivers wait by.
 *
 * A driver never calls `setTimeout` itself: with simulated ports a wait of 20 ms must pass at once, and a
 * silent sensor must not hold a simulated day for its time-out.
 */
export interface Timing {
  /** Milliseconds since an arbitrary instant; never goes back. */
  monotonicMs(): number;
  /** Resolves when at least `ms` milliseconds of this time have passed. */
  sleep(ms: number): Promise<void>;
}

/** Waits by the machine's clock, which is the same in every process since the machine's start. */
export const realTiming: Timing = {
  monotonicMs: () => Number(process.hrtime.bigint() / 1_000n) / 1_000,
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};
