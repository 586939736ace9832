/**
 * Timestamps of a recording as instants.
 *
 * A naive timestamp is read on a clock: an IANA zone, whose clock skips an hour in spring and repeats one in
 * autumn, or a fixed offset. Of a repeated hour the first reading counts, unless the row before is already
 * there.
 */
import type { UnixSeconds } from "../../shared/base/units.ts";
import { createZoneClock } from "../../shared/time/zone-clock.ts";

/** Seconds since 1970 as if the naive timestamp were UTC. */
type NaiveSeconds = number;

export interface LocalClock {
  /** The instant of a naive timestamp, after `previous` if it occurs twice; undefined if it does not occur. */
  instantOf(naive: NaiveSeconds, previous: UnixSeconds): UnixSeconds | undefined;
  /** First and last-plus-one instant of the local day of a naive timestamp; undefined if there is none. */
  dayOf(naive: NaiveSeconds): { readonly from: UnixSeconds; readonly to: UnixSeconds } | undefined;
}

const DAY = 86_400;
const FIXED = /^(?:UTC|Z|([+-])(\d{2}):?(\d{2}))$/;

/** `zone`: an IANA name, or `UTC`, `+01:00`. Throws `zone`. */
export function createLocalClock(zone: string): LocalClock {
  const fixed = FIXED.exec(zone);
  if (fixed !== null) {
    const [, sign, hours = "0", minutes = "0"] = fixed;
    return fixedClock((sign === "-" ? -60 : 60) * (60 * Number(hours) + Number(minutes)));
  }
  return zoneClock(zone);
}

function fixedClock(offset: number): LocalClock {
  return {
    instantOf: (naive) => naive - offset,
    dayOf(naive) {
      const from = Math.floor(naive / DAY) * DAY - offset;
      return { from, to: from + DAY };
    },
  };
}

function zoneClock(zone: string): LocalClock {
  const clock = createZoneClock(zone);
  // Of the day read last: its number, and its offset if the clock does not change around it.
  let day = Number.NaN;
  let steady: number | undefined;
  return {
    instantOf(naive, previous) {
      if (Math.floor(naive / DAY) !== day) {
        day = Math.floor(naive / DAY);
        const before = clock.offsetAt((day - 1) * DAY);
        steady = before === clock.offsetAt((day + 2) * DAY) ? before : undefined;
      }
      if (steady !== undefined) return naive - steady;
      const offsets = [clock.offsetAt((day - 1) * DAY), clock.offsetAt((day + 2) * DAY)];
      const real = offsets
        .map((offset) => naive - offset)
        .filter((instant, i) => clock.offsetAt(instant) === offsets[i])
        .sort((a, b) => a - b);
      return real.find((instant) => instant > previous) ?? real[0];
    },
    dayOf(naive) {
      const from = clock.startOfDay(Math.floor(naive / DAY));
      const to = clock.startOfDay(Math.floor(naive / DAY) + 1);
      return from < to ? { from, to } : undefined;
    },
  };
}
