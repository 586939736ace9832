/**
 * From the edges of an input to pulses: what is shorter than a pulse or follows it too closely is contact bounce or a
 * disturbance on the wire.
 *
 * A meter's pulse (IEC 62053-31) lasts 30 ms or longer, so does the pause behind it, and a contact comes to rest within
 * 5 ms. A pulse is counted when it ends; one that began before anybody looked is not.
 */
import type { PinLevel } from "../port/digital-pin.ts";

export interface Edge {
  /** After the edge. */
  readonly level: PinLevel;
  /** By any clock that goes on evenly. */
  readonly atMs: number;
}

export interface Pulse {
  /** Since the beginning of the pulse before; absent at the first. */
  readonly intervalMs?: number;
}

/** A disturbance is shorter than this part of the debounce time. */
const SHORT = 3;

export class PulseFilter {
  readonly #active: PinLevel;
  readonly #debounceMs: number;
  #beganMs: number | undefined;
  #lastMs: number | undefined;

  constructor(active: PinLevel, debounceMs: number) {
    this.#active = active;
    this.#debounceMs = debounceMs;
  }

  /** The pulse that ends with this edge. */
  add({ level, atMs }: Edge): Pulse | undefined {
    if (level === this.#active) {
      this.#beganMs ??= atMs;
      return undefined;
    }
    const began = this.#beganMs;
    this.#beganMs = undefined;
    if (began === undefined || atMs - began < this.#debounceMs / SHORT) return undefined;
    const intervalMs = this.#lastMs === undefined ? undefined : began - this.#lastMs;
    // A clock that was set back says nothing of the interval.
    if (intervalMs !== undefined && intervalMs >= 0 && intervalMs < this.#debounceMs) {
      return undefined;
    }
    this.#lastMs = began;
    return intervalMs === undefined || intervalMs < 0 ? {} : { intervalMs };
  }

  /** Edges may have been missed: what is under way is not known. */
  reset(): void {
    this.#beganMs = undefined;
    this.#lastMs = undefined;
  }
}
