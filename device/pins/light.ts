/** The status light: plays rounds of flashes (blink.ts) on a pin until it is stopped, then it is dark. */
import type { DigitalPin, PinLevel } from "../../hardware/port/digital-pin.ts";
import { blink, blinkAll, type Trouble } from "./blink.ts";
import { type Pause, Waker } from "./waker.ts";

export class Light {
  readonly #troubles: () => ReadonlySet<Trouble>;
  readonly #waker: Waker;
  #showAll = false;

  constructor(troubles: () => ReadonlySet<Trouble>, pause: Pause) {
    this.#troubles = troubles;
    this.#waker = new Waker(pause);
  }

  /** Breaks the round off for one that shows everything that is wrong. */
  showAll(): void {
    this.#showAll = true;
    this.#waker.wake();
  }

  stop(): void {
    this.#waker.stop();
  }

  /** `lit` is the level of light. Throws what writing to the pin throws. */
  async run(pin: DigitalPin, lit: PinLevel): Promise<void> {
    const dark = lit === 1 ? 0 : 1;
    while (!this.#waker.stopped) {
      const round = (this.#showAll ? blinkAll : blink)(this.#troubles());
      this.#showAll = false;
      for (const step of round) {
        if (this.#showAll || this.#waker.stopped) break;
        await pin.write(step.lit ? lit : dark);
        await this.#waker.wait(step.ms);
      }
    }
    await pin.write(dark);
  }
}
