/**
 * How often someone may try to sign in. Counted by user name and by address, kept in memory only: a restart forgives.
 *
 * After `free` failures each further one locks the name, or the address, for twice as long as the one before, up to
 * `longestMs`; a success clears the name. A try counts as a failure while it is being checked, so that many at once are
 * no way around the lock. Who has not failed for `forgetMs` starts anew: many people share one address behind a proxy.
 * Bounded: the oldest entries go when there are too many.
 */
export interface ThrottleOptions {
  readonly free: number;
  readonly firstMs: number;
  readonly longestMs: number;
  readonly forgetMs: number;
  readonly entries: number;
}

export const SIGN_IN_THROTTLE: ThrottleOptions = {
  free: 5,
  firstMs: 30_000,
  longestMs: 3_600_000,
  forgetMs: 24 * 3_600_000,
  entries: 10_000,
};

interface Failures {
  count: number;
  lockedUntilMs: number;
  lastMs: number;
  /** Locked until, before the newest failure. */
  lockedBeforeMs: number;
}

export class Throttle {
  readonly #options: ThrottleOptions;
  readonly #failures = new Map<string, Failures>();

  constructor(options: ThrottleOptions) {
    this.#options = options;
  }

  /** Milliseconds that this key still has to wait; 0 if it may try. @param nowMs monotonic */
  waitMs(key: string, nowMs: number): number {
    return Math.max(0, (this.#failures.get(key)?.lockedUntilMs ?? 0) - nowMs);
  }

  fail(key: string, nowMs: number): void {
    const { free, firstMs, longestMs, forgetMs, entries } = this.#options;
    const known = this.#failures.get(key);
    const failures =
      known !== undefined && nowMs - known.lastMs < forgetMs
        ? known
        : { count: 0, lockedUntilMs: 0, lastMs: nowMs, lockedBeforeMs: 0 };
    failures.count++;
    failures.lastMs = nowMs;
    failures.lockedBeforeMs = failures.lockedUntilMs;
    const doubled = failures.count - free - 1;
    if (doubled >= 0) {
      failures.lockedUntilMs = nowMs + Math.min(longestMs, firstMs * 2 ** Math.min(doubled, 20));
    }
    // Set anew, so that the order of the map is that of the last failure.
    this.#failures.delete(key);
    this.#failures.set(key, failures);
    if (this.#failures.size > entries) {
      const oldest = this.#failures.keys().next();
      if (!oldest.done) this.#failures.delete(oldest.value);
    }
  }

  /** Takes one failure back: the try that was counted was none. */
  forgive(key: string): void {
    const failures = this.#failures.get(key);
    if (failures === undefined) return;
    failures.count = Math.max(0, failures.count - 1);
    failures.lockedUntilMs = failures.lockedBeforeMs;
  }

  clear(key: string): void {
    this.#failures.delete(key);
  }
}
