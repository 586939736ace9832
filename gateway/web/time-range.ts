/** Ranges of time that a bill lists as missing. Pure. */
import { dayBounds } from "../../shared/time/civil-day.ts";
import type { BillDetail } from "../projection/read-model-types.ts";

export type TimeRange = BillDetail["missing"][number];

/** Ranges that touch become one; they come in order of time. */
export function joinRanges(ranges: readonly TimeRange[]): TimeRange[] {
  const joined: TimeRange[] = [];
  for (const range of ranges) {
    const last = joined.at(-1);
    if (last?.toSeconds === range.fromSeconds) {
      joined[joined.length - 1] = { ...last, toSeconds: range.toSeconds };
    } else joined.push(range);
  }
  return joined;
}

/** Whether all of a local day lies in one of the joined ranges. */
export function isWithin(joined: readonly TimeRange[], zone: string, date: string): boolean {
  const day = dayBounds(zone, date);
  return (
    day !== undefined &&
    joined.some(({ fromSeconds, toSeconds }) => fromSeconds <= day.from && day.to <= toSeconds)
  );
}
