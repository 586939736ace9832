/**
 * The order of `gateway bill`: which months of which meters to bill, from options of unknown shape.
 */
import { fail } from "../../shared/base/error.ts";
import type { UnixSeconds } from "../../shared/base/units.ts";
import { isMeterId } from "../../shared/record/meter-id.ts";
import { monthDays } from "../../shared/time/calendar-date.ts";
import type { CloseOrder } from "./close-months.ts";

export interface BillOptions {
  /** `YYYY-MM`; default every ended month. */
  readonly month?: unknown;
  /** Nine digits; default all meters. */
  readonly meter?: unknown;
  /** Issue also bills with missing slots; only together with a month. */
  readonly incomplete?: unknown;
}

/** Throws `usage`, or `calendar` for a month that does not exist. */
export function decodeBillOrder(options: BillOptions, now: UnixSeconds): CloseOrder {
  const { month, meter, incomplete = false } = options;
  if (month !== undefined) {
    if (typeof month !== "string") fail("usage", "a month is written YYYY-MM");
    monthDays(month);
  }
  if (meter !== undefined && (typeof meter !== "string" || !isMeterId(meter))) {
    fail("usage", "a meter id has nine digits");
  }
  if (typeof incomplete !== "boolean") fail("usage", "incomplete is a flag");
  if (incomplete && month === undefined) {
    fail("usage", "an incomplete bill is issued for a named month only");
  }
  return {
    now,
    incomplete,
    ...(month === undefined ? {} : { month }),
    ...(meter === undefined ? {} : { meter }),
  };
}
