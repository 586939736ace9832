/** What a statement of any period says: computed from the log so far, never a record itself. Units as in read-model-types.ts. */
import type { BillDetail, BillLine, SlotCounts } from "./read-model-types.ts";

/** Local days of the meter's zone, both included. */
export interface StatementQuery {
  readonly meter: string;
  readonly from: string;
  readonly to: string;
}

export interface StatementLine extends BillLine {
  /** Before it was rounded, once, to `amountMinor`: a decimal in the currency. */
  readonly exact: string;
}

/**
 * Why a stretch of time is not simply measured. `awaited`: later than the newest record of the meter; `missing`: no usable record;
 * the others as in SlotCounts.
 */
export type SpanState = "awaited" | "missing" | "gap" | "partial" | "recovered" | "substituted";

export interface StatementSpan {
  readonly fromSeconds: number;
  /** Exclusive. */
  readonly toSeconds: number;
  readonly state: SpanState;
}

/** An issued bill that shares time with the statement. */
export interface TouchedBill {
  readonly no: string;
  readonly position: number;
  readonly fromSeconds: number;
  readonly toSeconds: number;
  readonly currency: string;
  readonly minorDigits: number;
  /** As issued. */
  readonly totalMinor: number;
  /** With its credits. */
  readonly inForceMinor: number;
}

export interface PeriodStatement extends StatementQuery {
  readonly zone: string;
  readonly fromSeconds: number;
  /** Exclusive. */
  readonly toSeconds: number;
  readonly currency: string;
  readonly minorDigits: number;
  readonly lines: readonly StatementLine[];
  readonly totalMinor: number;
  readonly wh: number;
  readonly slots: SlotCounts;
  /** All that is not simply measured, ascending. */
  readonly notMeasured: readonly StatementSpan[];
  /** Something is missing or awaited, or no bill has reached a part: another statement of the same period may differ. */
  readonly provisional: boolean;
  /** Issued bills within the period or across its ends, ascending. They stand as issued, whatever this says. */
  readonly bills: readonly TouchedBill[];
  /** What no bill has reached yet, ascending. */
  readonly unbilled: readonly { readonly fromSeconds: number; readonly toSeconds: number }[];
  readonly used: BillDetail["used"];
  readonly tariffs: BillDetail["tariffs"];
}
