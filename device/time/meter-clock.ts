/**
 * Civil time as the meter believes it: an anchor on the monotonic clock, moved only for good reasons.
 *
 * No Pi has a battery clock: it wakes up in 1970, at the time of its last shutdown, or anywhere. Until somebody vouches
 * for the machine's clock, or nothing on the machine could and the clock is at least plausible, civil time is not
 * known. Once it is known it follows from the monotonic clock; the machine's clock is followed while it drifts, and a
 * jump of it is believed only if a time service has synchronised since. So a clock that is set to another hour, day or
 * decade by hand or by a fault moves no reading.
 */
import type { Clock } from "../../shared/base/clock.ts";
import type { UnixMillis } from "../../shared/base/units.ts";
import type { MachineClock, SyncCode, SyncState } from "./machine-clock.ts";

/** What the journal keeps, so that a restart within one boot knows the time at once. */
export interface SavedClock {
  readonly bootId: string;
  /** Civil time minus monotonic time. */
  readonly anchorMs: number;
  readonly sync: SyncCode;
}

/**
 * `known`: the time of everything in this boot is known from now on · `step`: the time service set the clock by `ms` ·
 * `refused`: the clock jumped by `ms` and is not believed; told once a jump · `settled`: it has come back · `sync`:
 * the same time, but now a time service vouches for it.
 */
export type ClockChange =
  | { readonly kind: "known"; readonly sync: SyncCode }
  | { readonly kind: "step"; readonly ms: number }
  | { readonly kind: "refused"; readonly ms: number }
  | { readonly kind: "settled" }
  | { readonly kind: "sync"; readonly sync: SyncCode };

export interface MeterClockOptions {
  readonly machine: MachineClock;
  readonly saved?: SavedClock | undefined;
  /** No reading can be older: the chain's beginning, or near it. */
  readonly sinceMs: UnixMillis;
  /** The newest instant that the journal knows; absent in a new one. */
  readonly newestMs?: UnixMillis | undefined;
}

/** Civil and monotonic time may drift apart this far between two looks before it is a jump. */
const STEP_MS = 2000;
/** A clock for which nobody vouches is not believed further than this beyond what the journal knows. */
const MOST_AHEAD_MS = 400 * 86_400_000;

export class MeterClock implements Clock {
  readonly #options: MeterClockOptions;
  readonly #startMs: number;
  #anchorMs: number | undefined;
  #sync: SyncCode = "unset";
  /** The jump that is not believed. */
  #refusedMs: number | undefined;
  #lookedMs: number;

  constructor(options: MeterClockOptions) {
    this.#options = options;
    const { machine, saved } = options;
    this.#startMs = machine.monotonicMs();
    this.#lookedMs = this.#startMs;
    if (saved === undefined || saved.bootId !== machine.bootId) return;
    this.#anchorMs = saved.anchorMs;
    this.#sync = saved.sync;
  }

  /** Civil time minus monotonic time; undefined while civil time is not known. */
  get anchorMs(): number | undefined {
    return this.#anchorMs;
  }

  /** Who vouched for the time as it is believed; `unset` while it is not known. */
  get sync(): SyncCode {
    return this.#sync;
  }

  /** What to keep for a restart within this boot. */
  get saved(): SavedClock | undefined {
    const { bootId } = this.#options.machine;
    if (bootId === undefined || this.#anchorMs === undefined) return undefined;
    return { bootId, anchorMs: Math.round(this.#anchorMs), sync: this.#sync };
  }

  monotonicMs(): number {
    return this.#options.machine.monotonicMs();
  }

  /** While civil time is not known, an instant that lies not after the true one. */
  wallMs(): UnixMillis {
    const now = this.monotonicMs();
    if (this.#anchorMs !== undefined) return Math.round(now + this.#anchorMs);
    const { newestMs, sinceMs } = this.#options;
    return Math.round(Math.max(newestMs ?? 0, sinceMs) + now - this.#startMs);
  }

  /** Looks at the machine's clock; called before every reading. */
  look(): ClockChange | undefined {
    const { machine } = this.#options;
    const now = machine.monotonicMs();
    const offset = machine.wallMs() - now;
    const sync = machine.sync?.() ?? { code: "unchecked", asOfMs: now };
    const since = this.#lookedMs;
    if (this.#refusedMs === undefined) this.#lookedMs = now;
    if (this.#anchorMs === undefined) return this.#begin(offset, now, sync);
    const jump = offset - this.#anchorMs;
    if (Math.abs(jump) > STEP_MS) return this.#judgeJump(jump, offset, sync, since);
    this.#anchorMs = offset;
    if (this.#refusedMs !== undefined) {
      this.#refusedMs = undefined;
      return { kind: "settled" };
    }
    if (sync.code !== "ntp" || this.#sync === "ntp") return undefined;
    this.#sync = "ntp";
    return { kind: "sync", sync: "ntp" };
  }

  #begin(offset: number, now: number, { code }: SyncState): ClockChange | undefined {
    if (!this.#isPlausible(offset + now, code)) return undefined;
    this.#anchorMs = offset;
    this.#sync = code;
    return { kind: "known", sync: code };
  }

  #isPlausible(wallMs: UnixMillis, code: SyncCode): boolean {
    const { sinceMs, newestMs } = this.#options;
    if (code === "unset" || wallMs < sinceMs) return false;
    if (code === "ntp" || newestMs === undefined) return true;
    return wallMs >= newestMs && wallMs <= newestMs + MOST_AHEAD_MS;
  }

  /** `since`: the last look at which the clock was still where it was expected. */
  #judgeJump(
    jump: number,
    offset: number,
    { code, asOfMs }: SyncState,
    since: number,
  ): ClockChange | undefined {
    const wallMs = offset + this.monotonicMs();
    if (code === "ntp" && asOfMs > since && wallMs >= this.#options.sinceMs) {
      this.#anchorMs = offset;
      this.#sync = "ntp";
      this.#refusedMs = undefined;
      return { kind: "step", ms: Math.round(jump) };
    }
    if (this.#refusedMs !== undefined && Math.abs(this.#refusedMs - jump) <= STEP_MS) {
      return undefined;
    }
    this.#refusedMs = jump;
    return { kind: "refused", ms: Math.round(jump) };
  }
}
