/** Counts of coded outcomes: every envelope ends in exactly one of them. */
import type { CodeCount } from "../ledger/counter-store.ts";

export class Counters {
  readonly #counts = new Map<string, number>();
  #changed = new Map<string, number>();

  add(code: string, count = 1): void {
    this.#counts.set(code, (this.#counts.get(code) ?? 0) + count);
    this.#changed.set(code, (this.#changed.get(code) ?? 0) + count);
  }

  /** Increments since the last call, for storing; then they count as stored. */
  takeChanges(): CodeCount[] {
    const changes = [...this.#changed].map(([code, count]) => ({ code, count }));
    this.#changed = new Map();
    return changes;
  }

  /** All counts, sorted by code. */
  list(): CodeCount[] {
    return [...this.#counts]
      .map(([code, count]) => ({ code, count }))
      .sort((a, b) => (a.code < b.code ? -1 : 1));
  }
}
