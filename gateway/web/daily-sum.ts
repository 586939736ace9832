/**
 * What daily statements add up to: exactly, and as the rounded amounts that a reader sees and may add by hand. Pure.
 */
import { exactPico, roundPico } from "../../shared/money/amount.ts";
import type { LineUnit } from "../../shared/money/bill-plaintext.ts";
import type { BillDetail, DayStatement } from "../projection/read-model-types.ts";

export interface DailySum {
  readonly currency: string;
  readonly minorDigits: number;
  readonly wh: number;
  /** Exact, in 10^-12 of the currency. */
  readonly pico: bigint;
  /** `pico` rounded once. */
  readonly amountMinor: number;
  /** The sum of the rounded amounts. */
  readonly shownMinor: number;
}

/** Undefined for no days, and for days of different currencies. */
export function sumDaily(days: readonly DayStatement[]): DailySum | undefined {
  const first = days[0];
  if (first === undefined) return undefined;
  const { currency, minorDigits } = first;
  if (days.some((day) => day.currency !== currency || day.minorDigits !== minorDigits)) {
    return undefined;
  }
  const pico = days.reduce((sum, day) => sum + BigInt(day.exactPico), 0n);
  return {
    currency,
    minorDigits,
    wh: days.reduce((sum, day) => sum + day.wh, 0),
    pico,
    amountMinor: roundPico(pico, minorDigits),
    shownMinor: days.reduce((sum, day) => sum + day.amountMinor, 0),
  };
}

/** The lines of a bill, or the new ones of a credit, before rounding and tax, in 10^-12 of the currency. */
export function exactLines({ lines, takenBack }: Pick<BillDetail, "lines" | "takenBack">): bigint {
  return lines
    .slice(takenBack)
    .filter(({ unit }) => unit !== "tax")
    .reduce((sum, { qty, unit, nano }) => {
      return sum + exactPico({ qty, nano, unit: unit as Exclude<LineUnit, "tax"> });
    }, 0n);
}
