/**
 * Time and randomness as parameters.
 *
 * `wallMs` is civil time and may step; `monotonicMs` only goes forward and measures durations. A simulated
 * clock runs both faster than the machine's, from an origin that all processes of one demo share.
 */
import { fail } from "./error.ts";
import type { UnixMillis, UnixSeconds } from "./units.ts";

export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  wallMs(): UnixMillis;
  /** Milliseconds since an arbitrary instant; never goes back. */
  monotonicMs(): number;
}

/** Fresh random bytes; a cryptographically strong source outside tests. */
export type RandomBytes = (length: number) => Uint8Array;

/** Whole seconds of the clock's civil time. */
export function unixNow(clock: Clock): UnixSeconds {
  return Math.floor(clock.wallMs() / 1000);
}

/** A clock that moves only when told; for tests and for stepping a simulated meter. */
export class ManualClock implements Clock {
  #wallMs: number;
  #monotonicMs = 0;

  constructor(wallMs: UnixMillis) {
    this.#wallMs = wallMs;
  }

  wallMs(): UnixMillis {
    return this.#wallMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  /** Time passes: both clocks move forward by `ms`. */
  advance(ms: number): void {
    this.#wallMs += ms;
    this.#monotonicMs += ms;
  }

  /** Civil time is set (a clock step); no time passes. */
  setWall(wallMs: UnixMillis): void {
    this.#wallMs = wallMs;
  }
}

/** `real`, or simulated time: simNow = simOriginS + (realNow - realOriginMs) × rate. */
export type ClockSpec =
  | { readonly kind: "real" }
  | {
      readonly kind: "simulated";
      readonly realOriginMs: UnixMillis;
      readonly simOriginS: UnixSeconds;
      readonly rate: number;
    };

const SIMULATED = /^simulated:(\d{1,15}):(\d{1,12}):(\d{1,7})$/;

/** Parses `real` or `simulated:<realOriginMs>:<simOriginS>:<rate>`. Throws `schema`. */
export function parseClockSpec(text: string): ClockSpec {
  if (text === "real") return { kind: "real" };
  const match = SIMULATED.exec(text);
  if (match === null || Number(match[3]) === 0) {
    fail("schema", "a clock is `real` or `simulated:<realOriginMs>:<simOriginS>:<rate>`");
  }
  return {
    kind: "simulated",
    realOriginMs: Number(match[1]),
    simOriginS: Number(match[2]),
    rate: Number(match[3]),
  };
}

/** The clock of a specification over the machine's own clock. */
export function createClock(spec: ClockSpec, system: Clock): Clock {
  if (spec.kind === "real") return system;
  const wallMs = (): UnixMillis =>
    spec.simOriginS * 1000 + Math.floor((system.wallMs() - spec.realOriginMs) * spec.rate);
  return { wallMs, monotonicMs: () => system.monotonicMs() * spec.rate };
}
