/**
 * Which periods of a point are to be billed in a local month, and the numbers of their bills.
 *
 * Service of a point begins with its first day record and lasts while a tariff is assigned; what is left of the month
 * after earlier bills are taken away is due. Usually that is the whole month, in the first month what follows
 * the first day's beginning, and nothing once the month is billed.
 */
import { fail } from "../../shared/base/error.ts";
import type { UnixSeconds } from "../../shared/base/units.ts";
import type { LoggedAssignment } from "../../shared/money/tariff-timeline.ts";
import { nextMonth } from "../../shared/time/calendar-date.ts";
import {
  dayBounds,
  localDayOf,
  localMonthOf,
  monthBounds,
  type Span,
} from "../../shared/time/civil-day.ts";

/** Spans of `month` in service and not yet billed, ascending. */
export function listDuePeriods(
  month: Span,
  serviceFrom: UnixSeconds,
  assignments: readonly LoggedAssignment[],
  issued: readonly Span[],
): readonly Span[] {
  const assigned = assignments
    .map(({ from, to }) => ({
      from: Math.max(from, month.from, serviceFrom),
      to: Math.min(to ?? month.to, month.to),
    }))
    .filter(({ from, to }) => from < to)
    .sort((a, b) => a.from - b.from);
  const served: Span[] = [];
  for (const span of assigned) {
    const last = served.at(-1);
    if (last === undefined || span.from > last.to) served.push(span);
    else served[served.length - 1] = { from: last.from, to: Math.max(last.to, span.to) };
  }
  return issued.reduce<readonly Span[]>(
    (left, bill) => left.flatMap((span) => subtract(span, bill)),
    served,
  );
}

/**
 * The span of local days, both included, for which a bill is ordered. Throws `bill-period` for days that do not exist or are not over,
 * `overlap` if a bill was issued for a part of them.
 */
export function requireFreePeriod(
  zone: string,
  { from, to }: { readonly from: string; readonly to: string },
  issued: readonly Span[],
  now: UnixSeconds,
): Span {
  const [first, last] = [dayBounds(zone, from), dayBounds(zone, to)];
  if (first === undefined || last === undefined || first.from >= last.to) {
    fail("bill-period", `there is no period from ${from} to ${to} in ${zone}`);
  }
  const period = { from: first.from, to: last.to };
  if (period.to > now) fail("bill-period", `${to} is not over`, { to: period.to, now });
  const taken = issued.find((bill) => bill.from < period.to && bill.to > period.from);
  if (taken !== undefined) {
    const days = [taken.from, taken.to - 1].map((at) => localDayOf(zone, at)).join(" to ");
    fail("overlap", `a bill was issued for ${days}`, { from: taken.from, to: taken.to });
  }
  return period;
}

/** Local months (`YYYY-MM`) from the one that contains `from` to the last one that ended by `now`. */
export function listEndedMonths(zone: string, from: UnixSeconds, now: UnixSeconds): string[] {
  const months: string[] = [];
  for (
    let month = localMonthOf(zone, from);
    monthBounds(zone, month).to <= now;
    month = nextMonth(month)
  ) {
    months.push(month);
  }
  return months;
}

/**
 * `no` of a bill: `<meter>-<YYYY-MM>`, the month in which its period begins; a second one of that month has `-2`
 * after it, and so on. It follows from the chain alone.
 */
export function formatBillNumber(
  meter: string,
  zone: string,
  from: UnixSeconds,
  issued: readonly Span[],
): string {
  const month = localMonthOf(zone, from);
  const before = issued.filter((bill) => localMonthOf(zone, bill.from) === month).length;
  return `${meter}-${month}${before === 0 ? "" : `-${before + 1}`}`;
}

function subtract(span: Span, bill: Span): readonly Span[] {
  if (bill.to <= span.from || span.to <= bill.from) return [span];
  const before = { from: span.from, to: bill.from };
  const after = { from: bill.to, to: span.to };
  return [before, after].filter(({ from, to }) => from < to);
}
