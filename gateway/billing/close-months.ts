/**
 * Month close: issues every bill of an ended local month whose days are all in the log and that is not yet issued, and the
 * credits of bills that other readings have overtaken (close-credits.ts).
 *
 * In:  a source and the present time. Out: the bills issued, and what kept the others back.
 * Idempotent: what is due follows from the chain, so a second run right after the first issues nothing. A month with a
 * missing day waits; it is issued when the day has come, or by explicit order as incomplete. A person may also order the bill of any
 * free days of one meter; the month close then bills what they leave of their months.
 */
import { fail, isCoded } from "../../shared/base/error.ts";
import type { ErrorCode } from "../../shared/base/error-code.ts";
import type { UnixSeconds } from "../../shared/base/units.ts";
import { localMonthOf, monthBounds, type Span } from "../../shared/time/civil-day.ts";
import type {
  BillingPoint,
  BillingSource,
  IssuedBillSummary,
  PointService,
} from "./billing-source.ts";
import { closeCredits } from "./close-credits.ts";
import { listDuePeriods, listEndedMonths, requireFreePeriod } from "./due-period.ts";
import { type BillingOptions, issueBill } from "./issue-bill.ts";

export interface CloseOrder {
  readonly now: UnixSeconds;
  /** Only this local month, `YYYY-MM`; default every ended one. */
  readonly month?: string;
  /** Only this meter; default all. */
  readonly meter?: string;
  /** Instead of months: these local days, both included, of the named meter. */
  readonly days?: { readonly from: string; readonly to: string };
  /** Issue also what has missing slots: only by explicit order of a person. */
  readonly incomplete?: boolean;
}

/** A period that is due and was not billed. */
export interface HeldBack extends Span {
  readonly meter: string;
  readonly month: string;
  /** `bill-incomplete` or another code of computeBill. */
  readonly code: ErrorCode;
  readonly message: string;
}

export interface CloseOutcome {
  readonly issued: readonly IssuedBillSummary[];
  readonly heldBack: readonly HeldBack[];
}

/**
 * The only effects are the bill records held by the ledger. Throws `zone` or `calendar` for an order that makes no sense; for ordered
 * days `bill-period` and `overlap`, and `bill-incomplete` while their grounds wait for a block.
 */
export function closeMonths(
  options: BillingOptions,
  source: BillingSource,
  order: CloseOrder,
): CloseOutcome {
  if (source.isUnsettled()) {
    if (order.days === undefined) return { issued: [], heldBack: [] };
    fail(
      "bill-incomplete",
      "a tariff, price or assignment waits for the next block; order again after it",
    );
  }
  const outcomes = [...closePoints(options, source, order)];
  if (order.meter !== undefined && outcomes.length === 0) {
    fail("unknown-meter", `there is no meter ${order.meter}`);
  }
  return {
    issued: outcomes.flatMap(({ issued }) => issued),
    heldBack: outcomes.flatMap(({ heldBack }) => heldBack),
  };
}

/**
 * `closeMonths` a point at a time, for a writer that has other work between two points. Each is billed from the log as
 * it then is; the caller looks at `isUnsettled` before it goes on.
 */
export function* closePoints(
  options: BillingOptions,
  source: BillingSource,
  order: CloseOrder,
): Generator<CloseOutcome, void> {
  for (const point of source.points()) {
    if (order.meter !== undefined && order.meter !== point.meter) continue;
    yield closePoint(options, source, order, point);
  }
}

function closePoint(
  options: BillingOptions,
  source: BillingSource,
  order: CloseOrder,
  point: BillingPoint,
): CloseOutcome {
  const issued: IssuedBillSummary[] = [];
  const heldBack: HeldBack[] = [];
  const service = source.service(point.point);
  if (service === undefined) {
    if (order.days !== undefined) fail("bill-incomplete", "the meter has no usable day yet");
    return closeCredits(options, source, order, point);
  }
  for (const { month, period } of listOrdered(source, point.point, service, order)) {
    try {
      issued.push(billPeriod(options, source, order, point, service.zone, period));
    } catch (error) {
      if (!isCoded(error)) throw error;
      const { code, message } = error;
      heldBack.push({ ...period, meter: point.meter, month, code, message });
    }
  }
  if (order.days !== undefined) return { issued, heldBack };
  const credits = closeCredits(options, source, order, point);
  return {
    issued: [...issued, ...credits.issued],
    heldBack: [...heldBack, ...credits.heldBack],
  };
}

function* listOrdered(
  source: BillingSource,
  point: string,
  service: PointService,
  { days, month: only, now }: CloseOrder,
): Generator<{ readonly month: string; readonly period: Span }> {
  if (days !== undefined) {
    const period = requireFreePeriod(service.zone, days, source.issuedPeriods(point), now);
    return yield { month: localMonthOf(service.zone, period.from), period };
  }
  for (const month of listEndedMonths(service.zone, service.from, now)) {
    if (only !== undefined && only !== month) continue;
    for (const period of listDue(source, point, service, month)) yield { month, period };
  }
}

function listDue(
  source: BillingSource,
  point: string,
  { from, zone }: PointService,
  month: string,
): readonly Span[] {
  const bounds = monthBounds(zone, month);
  return listDuePeriods(bounds, from, source.assignments(point), source.issuedPeriods(point));
}

function billPeriod(
  options: BillingOptions,
  source: BillingSource,
  order: CloseOrder,
  point: BillingPoint,
  zone: string,
  period: Span,
): IssuedBillSummary {
  const allowIncomplete = order.incomplete === true;
  const logged = source.days(point.point, period);
  // Line 1 already tells whether a day has not come, so nothing is opened for a month that must wait.
  const covered = logged.reduce((sum, { from, to }) => sum + (to - from), 0);
  if (covered < period.to - period.from && !allowIncomplete) {
    fail("bill-incomplete", "a day of the period is not in the log yet");
  }
  // A complete period takes no further day, but a correction may come to it, or take one away.
  if (source.hasHeldReadings(point.point, period)) {
    fail(
      "bill-incomplete",
      "a reading of this meter waits for the next block; order again after it",
    );
  }
  return issueBill(options, {
    point,
    ...period,
    zone,
    days: logged.map(({ leaf }) => source.openDay(leaf)).filter((day) => day !== undefined),
    assignments: source.assignments(point.point),
    tariffs: source.tariffs(),
    prices: source.prices(period),
    issued: source.issuedPeriods(point.point),
    allowIncomplete,
  });
}
