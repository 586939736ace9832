/**
 * What billing reads and writes, as narrow as it can be: the store provides it, tests provide it from memory.
 *
 * Contract: all methods answer from one state of the log (records that are in blocks), except `issuedPeriods`,
 * which also counts bills that are held and not yet mined, and those that say what is held. Nothing here is cached by billing: what is due is
 * found out from the chain each time, so a restart needs no special case and no bill is issued twice.
 */
import type { UnixSeconds } from "../../shared/base/units.ts";
import type { BillableDay } from "../../shared/money/bill.ts";
import type { BillPlaintext } from "../../shared/money/bill-plaintext.ts";
import type { CreditedBill } from "../../shared/money/credit.ts";
import type { LoggedPrice } from "../../shared/money/price-series.ts";
import type { LoggedAssignment, LoggedTariff } from "../../shared/money/tariff-timeline.ts";
import type { BillPayload, PayloadByTyp } from "../../shared/record/payload.ts";
import type { Recipient } from "../../shared/record/sealed-box.ts";
import type { Span } from "../../shared/time/civil-day.ts";

/** A metering point whose opening is in the vault. */
export interface BillingPoint {
  /** P */
  readonly point: string;
  /** Nine digits. */
  readonly meter: string;
  /** H: the salt32 that opens the point. */
  readonly opening: string;
  /** `to` of the point's latest enrolment. */
  readonly recipients: readonly Recipient[];
}

/** A day or correction record of a point as line 1 shows it. */
export interface LoggedDay extends Span {
  readonly leaf: string;
}

/** An issued bill whose period has other readings now than it, or the last of its credits, says. */
export interface OvertakenBill {
  /** H */
  readonly leaf: string;
  /** In the log. */
  readonly position: number;
  readonly payload: BillPayload;
  readonly plaintext: BillPlaintext;
  /** Its credits in blocks, in log order. */
  readonly earlier: readonly CreditedBill[];
  /** Time of the block that brought the newest reason. */
  readonly changedAt: UnixSeconds;
  /** Whether a credit of it is held and in no block yet. */
  readonly isHeld: boolean;
}

/** Since when a point is served, and by which clock. */
export interface PointService {
  /** Beginning of its first reading that is not void and that nothing stands in the place of. */
  readonly from: UnixSeconds;
  /** IANA zone of its latest usable day. */
  readonly zone: string;
}

export interface BillingSource {
  /** Every enrolled point that can be opened, in a fixed order. */
  points(): Iterable<BillingPoint>;
  /** Undefined before the first usable day. Asked for every point at every close, so it should be cheap. */
  service(point: string): PointService | undefined;
  /**
   * The point's readings in blocks that lie within the span, in log order; unusable ones too, but none that is void or in
   * whose place another stands.
   */
  days(point: string, within: Span): readonly LoggedDay[];
  /** What the day's line 2 holds; undefined when it is unusable. */
  openDay(leaf: string): BillableDay | undefined;
  assignments(point: string): readonly LoggedAssignment[];
  tariffs(): readonly LoggedTariff[];
  /** Price records of any series that reach into the span. */
  prices(within: Span): readonly LoggedPrice[];
  /** Periods of the point's bills, held ones included. */
  issuedPeriods(point: string): readonly Span[];
  /** Whether a tariff, price or assignment is held: a bill made now could rest on other rates than the log before it. */
  isUnsettled(): boolean;
  /**
   * Whether a reading of the point that overlaps the span, or the revocation of one of its keys, is held: it will stand
   * before a bill issued now, which could not have known it.
   */
  hasHeldReadings(point: string, span: Span): boolean;
  /** In the order of their periods, the newest first. */
  overtaken(point: BillingPoint): readonly OvertakenBill[];
}

/** The one way by which billing writes. */
export interface BillingLedger {
  /** Signs with the biller's key at its next seq and holds the record durably; returns its leaf. */
  issue<T extends "bill" | "credit">(
    typ: T,
    payload: Omit<PayloadByTyp[T], "v" | "seq" | "prev">,
    line2: string,
  ): string;
}

/** What was issued, for the log and the command line. */
export interface IssuedBillSummary {
  readonly kind: "bill" | "credit";
  readonly leaf: string;
  readonly no: string;
  readonly meter: string;
  readonly month: string;
  readonly from: UnixSeconds;
  readonly to: UnixSeconds;
  readonly currency: string;
  readonly minor: number;
  readonly total: number;
  /** Missing slots; 0 unless issued by explicit order. */
  readonly missing: number;
}
