/**
 * The meter's calendar: the local day of an instant in its IANA zone, and the slot length that holds in it.
 *
 * The configured step is kept where it divides both ends of the day (records.md section 4), which every zone's
 * usual offset allows; where an offset does not, that day has the next smaller step that does. Recorded rows set a
 * least step: no slot may be shorter than a row, so where no such step fits, the day is one slot.
 */
import { fail } from "../../shared/base/error.ts";
import type { UnixSeconds } from "../../shared/base/units.ts";
import { dayBounds, localDayOf } from "../../shared/time/civil-day.ts";
import type { SlotDay } from "../sampler/slot.ts";

/** Slot lengths in seconds that a day may have; 0 is one slot for the whole day. */
export const STEPS: readonly number[] = [0, 60, 300, 600, 900, 1800, 3600];

interface CalendarDay extends SlotDay {
  /** D */
  readonly date: string;
}

export type Calendar = (instant: UnixSeconds) => CalendarDay;

/**
 * `begun` is a slot of a day that was begun with another step: that day keeps it. `row`: seconds of a recorded row,
 * which must divide the step. Throws `zone` for an unknown zone when first asked.
 */
export function createCalendar(
  zone: string,
  step: number,
  begun?: { readonly from: UnixSeconds; readonly step: number },
  row = 1,
): Calendar {
  let last: CalendarDay | undefined;
  return (instant) => {
    if (last === undefined || instant < last.from || instant >= last.to) {
      last = lookUp(zone, step, row, instant);
      if (begun !== undefined && last.from <= begun.from && begun.from < last.to) {
        last = { ...last, step: begun.step };
      }
    }
    return last;
  };
}

function lookUp(zone: string, step: number, row: number, instant: UnixSeconds): CalendarDay {
  const date = localDayOf(zone, instant);
  const bounds = dayBounds(zone, date);
  if (bounds === undefined) fail("schema", `${date} does not exist in ${zone}`, { zone, date });
  const { from, to } = bounds;
  const fits = (length: number): boolean =>
    from % length === 0 && to % length === 0 && length % row === 0;
  const longest = STEPS.findLast((length) => length > 0 && length <= step && fits(length));
  return { date, from, to, step: step === 0 ? 0 : (longest ?? 0) };
}
