/**
 * The slots of day records on the local clock, in order of time.
 *
 * In:  day records by `from`, the zone's offsets. Out: each slot with its local day and minute, and for an R slot where
 *      the gap begins whose energy it holds, as far as the records reach back.
 */
import type { UnixSeconds, WattHour } from "../base/units.ts";
import { SECONDS_PER_DAY } from "../time/calendar-date.ts";
import type { OffsetChange } from "../time/local-start.ts";

/** What a usable day record measured: opened, within its local rules, of a device of the point. */
export interface MeteredDay {
  readonly from: UnixSeconds;
  readonly to: UnixSeconds;
  /** 0: one slot for all of it. */
  readonly step: number;
  readonly wh: readonly WattHour[];
  /** Given to the grid, one a slot; absent where the meter counts none. */
  readonly exported?: readonly WattHour[];
  /** One letter a slot. */
  readonly quality: string;
}

export interface LocalTime {
  /** Local day, counted from 1970-01-01. */
  readonly day: number;
  /** 0 to 1439. */
  readonly minute: number;
}

export interface MeteredSlot extends LocalTime {
  readonly at: UnixSeconds;
  /** Seconds; 0 for a whole day. */
  readonly step: number;
  readonly wh: WattHour;
  readonly exported: WattHour;
  /** Quality letter. */
  readonly letter: string;
  /** Beginning of the gap before an R slot; `at` of any other. */
  readonly gapFrom: UnixSeconds;
}

/** Local time by a list of offsets, for instants that mostly ascend. */
export class LocalClock {
  readonly #changes: readonly OffsetChange[];
  #index = 0;

  constructor(changes: readonly OffsetChange[]) {
    this.#changes = changes;
  }

  at(instant: UnixSeconds): LocalTime {
    const changes = this.#changes;
    if ((changes[this.#index]?.from ?? 0) > instant) this.#index = 0;
    for (;;) {
      const next = changes[this.#index + 1];
      if (next === undefined || next.from > instant) break;
      this.#index++;
    }
    const local = instant + (changes[this.#index]?.offset ?? 0);
    const day = Math.floor(local / SECONDS_PER_DAY);
    return { day, minute: Math.floor((local - day * SECONDS_PER_DAY) / 60) };
  }
}

/** Calls `visit` for each slot. */
export function visitSlots(
  days: readonly MeteredDay[],
  offsets: readonly OffsetChange[],
  visit: (slot: MeteredSlot) => void,
): void {
  const clock = new LocalClock(offsets);
  let measuredTo = days[0]?.from ?? 0;
  for (const { from, to, step, wh, exported, quality } of days) {
    for (let slot = 0; slot < wh.length; slot++) {
      const at = from + slot * step;
      const letter = quality.charAt(slot);
      const { day, minute } = clock.at(at);
      visit({
        at,
        step,
        day,
        minute,
        wh: wh[slot] ?? 0,
        exported: exported?.[slot] ?? 0,
        letter,
        gapFrom: letter === "R" ? measuredTo : at,
      });
      if (letter !== "G") measuredTo = step === 0 ? to : at + step;
    }
  }
}
