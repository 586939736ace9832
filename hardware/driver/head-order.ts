/**
 * Which frames of a sensor head are news: each start of the head has a boot nonce of its own and counts its frames from 1 on.
 *
 * In: frames in the order in which they came, with the time. Out: how many were lost before each; or `sensor-range` for
 * one that was said before. A frame of an unknown start is news if the head can have started since the last frame was
 * taken, by its own time; or if nothing was taken for so long that nothing is known any more. A start that another has
 * followed stays known, so that a recording of it is recognised. Where frames are keyed and the head counts its starts, one
 * before the last is never news: who erased the head's flash starts the meter anew too.
 */
import { fail } from "../../shared/base/error.ts";
import type { HeadFrame } from "./head-frame.ts";

/** How far the two clocks may differ over a pause between two frames. */
const SLACK_MS = 2_000;
/** Starts that are remembered. */
const STARTS = 16;

interface Last {
  readonly seq: number;
  readonly uptimeMs: number;
}

export class HeadOrder {
  readonly #forgetMs: number;
  /** The last frame of each start; the newest start comes last. */
  readonly #starts = new Map<string, Last>();
  #takenMs: number | undefined;
  /** Of the last frame's start. */
  #number = 0;

  /** After `forgetMs` without a frame that was taken any start is believed. */
  constructor(forgetMs: number) {
    this.#forgetMs = forgetMs;
  }

  /** How many frames of this start were lost since the one before. Throws `sensor-range`. */
  take(frame: HeadFrame, nowMs: number): number {
    const { boot, seq, uptimeMs } = frame;
    const last = this.#starts.get(boot);
    if (last === undefined) this.#requireStart(frame, nowMs);
    else if (seq <= last.seq || uptimeMs < last.uptimeMs) {
      fail("sensor-range", `espruino-head: frame ${seq} was said before`, { seq, last: last.seq });
    }
    // Before the first frame that is heard of the first start there may have been any number.
    const expected = last === undefined ? (this.#takenMs === undefined ? seq : 1) : last.seq + 1;
    this.#starts.delete(boot);
    this.#starts.set(boot, { seq, uptimeMs });
    const [oldest] = this.#starts.keys();
    if (this.#starts.size > STARTS && oldest !== undefined) this.#starts.delete(oldest);
    this.#number = numberOf(boot);
    this.#takenMs = nowMs;
    return seq - expected;
  }

  #requireStart({ boot, seq, uptimeMs, keyed }: HeadFrame, nowMs: number): void {
    if (this.#takenMs === undefined) return;
    const refuse = (why: string): never =>
      fail("sensor-range", `espruino-head: frame ${seq} of ${why}`, { seq });
    const number = numberOf(boot);
    if (keyed && number > 0 && number < this.#number) refuse("a start before the last one");
    const silentMs = nowMs - this.#takenMs;
    if (silentMs > this.#forgetMs || uptimeMs <= silentMs + SLACK_MS) return;
    refuse("a start that cannot have been");
  }
}

/** Of the start; 0 of a board that does not count its starts. */
function numberOf(boot: string): number {
  return Number.parseInt(boot.slice(0, 8), 16);
}
