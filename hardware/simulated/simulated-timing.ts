/** Time that passes only by waiting: `sleep` moves it on at once, and the meter sets it to each instant. */
import type { UnixMillis } from "../../shared/base/units.ts";
import type { Timing } from "../port/timing.ts";

export class SimulatedTiming implements Timing {
  #now = 0;

  monotonicMs(): number {
    return this.#now;
  }

  async sleep(ms: number): Promise<void> {
    this.#now += ms;
  }

  /** Moves on to an instant; stays where waiting has already led beyond it. */
  moveTo(at: UnixMillis): void {
    this.#now = Math.max(this.#now, at);
  }
}
