/**
 * The order of `gateway bill`: which months of which meters to bill, or which days of one meter, from options of unknown
 * shape.
 */
import { fail } from "../../shared/base/error.ts";
import type { UnixSeconds } from "../../shared/base/units.ts";
import { isMeterId } from "../../shared/record/meter-id.ts";
import { monthDays, parseDate } from "../../shared/time/calendar-date.ts";
import type { CloseOrder } from "./close-months.ts";

export interface BillOptions {
  /** `YYYY-MM`; default every ended month. */
  readonly month?: unknown;
  /** Nine digits; default all meters. */
  readonly meter?: unknown;
  /** First and last local day (`YYYY-MM-DD`) of a period of one meter, instead of a month. */
  readonly from?: unknown;
  readonly to?: unknown;
  /** Issue also bills with missing slots; only together with a month or a period. */
  readonly incomplete?: unknown;
}

/** Throws `usage`, or `calendar` for a month or a day that does not exist. */
export function decodeBillOrder(options: BillOptions, now: UnixSeconds): CloseOrder {
  const { month, meter, from, to, incomplete = false } = options;
  if (month !== undefined) {
    if (typeof month !== "string") fail("usage", "a month is written YYYY-MM");
    monthDays(month);
  }
  if (meter !== undefined && (typeof meter !== "string" || !isMeterId(meter))) {
    fail("usage", "a meter id has nine digits");
  }
  if (typeof incomplete !== "boolean") fail("usage", "incomplete is a flag");
  const days = from === undefined && to === undefined ? undefined : decodeDays(options);
  if (incomplete && month === undefined && days === undefined) {
    fail("usage", "an incomplete bill is issued for a named month or period only");
  }
  return {
    now,
    incomplete,
    ...(days === undefined ? {} : { days }),
    ...(month === undefined ? {} : { month }),
    ...(meter === undefined ? {} : { meter }),
  };
}

function decodeDays({ from, to, month, meter }: BillOptions): CloseOrder["days"] {
  if (typeof from !== "string" || typeof to !== "string") {
    fail("usage", "a period has a first and a last day, each written YYYY-MM-DD");
  }
  if (month !== undefined || meter === undefined) {
    fail("usage", "a period is billed for one named meter, and instead of a month");
  }
  for (const date of [from, to]) parseDate(date);
  return { from, to };
}
