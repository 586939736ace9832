/**
 * A token bucket for each meter: how many messages of one meter are let through to the crypto workers.
 *
 * A meter that was off for a year brings its days at once, so the burst is generous; what it stops is a loop.
 */

/** A bucket is two numbers in typed arrays, so that a million meters cost 16 MB and no garbage. */
export class TokenBuckets {
  readonly #burst: number;
  readonly #perMs: number;
  readonly #indexByMeter = new Map<number, number>();
  #tokens = new Float32Array(1024);
  #at = new Float64Array(1024);

  /**
   * @param burst messages that a meter may send at once
   * @param perMinute messages a minute that it may send on and on
   */
  constructor(burst: number, perMinute: number) {
    this.#burst = burst;
    this.#perMs = perMinute / 60_000;
  }

  /** Takes one token of the meter's, its nine digits as a number; false if it has none. `nowMs` is monotonic. */
  take(meter: number, nowMs: number): boolean {
    let index = this.#indexByMeter.get(meter);
    if (index === undefined) {
      index = this.#indexByMeter.size;
      this.#indexByMeter.set(meter, index);
      if (index >= this.#tokens.length) this.#grow();
      this.#tokens[index] = this.#burst;
      this.#at[index] = nowMs;
    }
    const elapsed = nowMs - (this.#at[index] as number);
    const tokens = Math.min(this.#burst, (this.#tokens[index] as number) + elapsed * this.#perMs);
    this.#at[index] = nowMs;
    this.#tokens[index] = tokens >= 1 ? tokens - 1 : tokens;
    return tokens >= 1;
  }

  #grow(): void {
    const tokens = new Float32Array(this.#tokens.length * 2);
    tokens.set(this.#tokens);
    this.#tokens = tokens;
    const at = new Float64Array(this.#at.length * 2);
    at.set(this.#at);
    this.#at = at;
  }
}
