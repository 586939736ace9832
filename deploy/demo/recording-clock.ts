/**
 * What clock a recording was made by: that of a zone, or one that knows no summer time.
 *
 * in: the naive timestamps of a recording → out: a fixed offset for replay, when a row has a time that the zone's
 * clock skips in spring. Such a row is proof; without one the zone's own clock holds.
 */
import { createZoneClock } from "../../shared/time/zone-clock.ts";

const DAY_S = 86_400;
/** Timestamps outside of it are refused by the meter, which names their row. */
const KNOWN_S = [2 * DAY_S, 253_370_764_800] as const;

interface Skipped {
  /** Naive seconds: the clock's own reading, as if it were UTC. */
  readonly from: number;
  readonly to: number;
  /** Seconds ahead of UTC before the clock is put forward. */
  readonly offset: number;
}

/** `+01:00` and the like; undefined when the zone's clock shows all of these times. `naive`: seconds, in any order. */
export function findFixedOffset(naive: Iterable<number>, zone: string): string | undefined {
  const clock = createZoneClock(zone);
  let day = Number.NaN;
  let skipped: Skipped | undefined;
  const skippedAround = (): Skipped | undefined => {
    const changes = clock.offsetsWithin((day - 1) * DAY_S, (day + 2) * DAY_S);
    for (const [i, { from, offset }] of changes.entries()) {
      const before = changes[i - 1]?.offset ?? offset;
      if (offset > before) return { from: from + before, to: from + offset, offset: before };
    }
    return undefined;
  };
  for (const seconds of naive) {
    if (!(seconds >= KNOWN_S[0] && seconds < KNOWN_S[1])) continue;
    if (Math.floor(seconds / DAY_S) !== day) {
      day = Math.floor(seconds / DAY_S);
      skipped = skippedAround();
    }
    if (skipped !== undefined && seconds >= skipped.from && seconds < skipped.to) {
      return formatOffset(skipped.offset);
    }
  }
  return undefined;
}

function formatOffset(seconds: number): string {
  const minutes = Math.abs(seconds) / 60;
  const digits = (value: number) => String(Math.floor(value)).padStart(2, "0");
  return `${seconds < 0 ? "-" : "+"}${digits(minutes / 60)}:${digits(minutes % 60)}`;
}
