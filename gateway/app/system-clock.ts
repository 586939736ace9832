/** The machine's own clock and randomness: the outermost parameters of a gateway process. */
import { randomBytes as nodeRandomBytes } from "node:crypto";
import type { Clock, RandomBytes } from "../../shared/base/clock.ts";

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};

export const systemRandomBytes: RandomBytes = (length) => new Uint8Array(nodeRandomBytes(length));
