/**
 * The tamper switch: looked at when the meter starts and whenever it has come to rest after an edge. Tells each change,
 * among them one while the meter was off.
 */
import type { DigitalPin, PinLevel } from "../../hardware/port/digital-pin.ts";
import { type Pause, Waker } from "./waker.ts";

export interface CaseOptions {
  /** The level of an open case. */
  readonly level: PinLevel;
  /** As it was last known; undefined before the first time. */
  readonly wasOpened: boolean | undefined;
  /** Called for each change, and for the first time that anything is known. */
  readonly onChange: (before: boolean | undefined, opened: boolean) => void;
}

/** A switch comes to rest within this. */
const SETTLE_MS = 200;
/** What a timer can wait at most. */
const FOREVER_MS = 2 ** 31 - 1;

export class CaseSwitch {
  readonly #options: CaseOptions;
  readonly #waker: Waker;

  constructor(options: CaseOptions, pause: Pause) {
    this.#options = options;
    this.#waker = new Waker(pause);
  }

  stop(): void {
    this.#waker.stop();
  }

  /** Throws what reading the pin throws. */
  async run(pin: DigitalPin): Promise<void> {
    const { level, onChange } = this.#options;
    let known = this.#options.wasOpened;
    let edges = 0;
    const leave = pin.watch(() => {
      edges += 1;
      this.#waker.wake();
    });
    try {
      for (let seen = -1; !this.#waker.stopped; ) {
        if (seen === edges) {
          await this.#waker.wait(FOREVER_MS);
          continue;
        }
        seen = edges;
        await this.#waker.wait(SETTLE_MS);
        if (this.#waker.stopped || seen !== edges) continue;
        const opened = (await pin.read()) === level;
        if (opened !== known) onChange(known, opened);
        known = opened;
      }
    } finally {
      leave();
    }
  }
}
