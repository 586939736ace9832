/** The date under which a reading is found whose own date is not known. */
import { localDayOf } from "../../shared/time/civil-day.ts";
import { dateNumber } from "./day-table.ts";

/** yyyymmdd of an instant in the meter's zone. */
export function firstDate(zone: string, from: number): number {
  try {
    return dateNumber(localDayOf(zone, from));
  } catch {
    // A time that no calendar of ours reaches; any fixed date serves to find the row again.
    return 0;
  }
}
