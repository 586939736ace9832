/**
 * From power readings to whole Wh: the trapezoid rule on the monotonic clock, in integers.
 *
 * The unit inside is half a microjoule (mW × ms / 2), so that nothing is ever rounded away: what is left
 * after taking whole Wh is carried to the next reading and survives a restart.
 */
import type { MilliWatt, WattHour } from "../../shared/base/units.ts";

/** 3600 J in half microjoules. */
const HALF_MICROJOULES_PER_WH = 7_200_000_000;

export interface Integrated {
  readonly wh: WattHour;
  /** Half microjoules below one Wh, to be handed in again. */
  readonly carry: number;
}

/**
 * Import only, the area of the straight line above zero; power that flows out counts as zero. Exact below 2^53, e.g.
 * 100 kW over 12 hours, but for less than a half microjoule where the line crosses zero.
 */
export function integratePower(
  before: MilliWatt,
  after: MilliWatt,
  elapsedMs: number,
  carry: number,
): Integrated {
  const ms = Math.max(0, Math.round(elapsedMs));
  const total = areaAboveZero(before, after, ms) + carry;
  const wh = Math.floor(total / HALF_MICROJOULES_PER_WH);
  return { wh, carry: total - wh * HALF_MICROJOULES_PER_WH };
}

/** Half microjoules. A line that crosses zero leaves a triangle above it. */
function areaAboveZero(before: MilliWatt, after: MilliWatt, ms: number): number {
  const most = Math.max(before, after);
  const least = Math.min(before, after);
  if (most <= 0) return 0;
  if (least >= 0) return (before + after) * ms;
  return Number((BigInt(most) * BigInt(most) * BigInt(ms)) / BigInt(most - least));
}
