/**
 * A statement of any period as it is printed, in the texts of a bill's sheet (bill-sheet.ts). in: the statement and its chain →
 * out: texts for a PDF, a terminal and a mail.
 */
import type { LineUnit } from "../../shared/money/bill-plaintext.ts";
import {
  formatDecimal,
  formatMinor,
  formatQuantity,
  formatRate,
} from "../../shared/money/bill-text.ts";
import { localDayOf } from "../../shared/time/civil-day.ts";
import type { ChainTip } from "../projection/chain-view-types.ts";
import type {
  PeriodStatement,
  SpanState,
  StatementQuery,
} from "../projection/period-statement-types.ts";
import type { BillSheet } from "./bill-sheet.ts";
import { formatLocal } from "./slots.ts";

/** Stretches that are listed one by one. */
const MAX_SPANS = 24;

const SPAN_WORDS: { readonly [S in SpanState]: string } = {
  awaited: "not sealed yet",
  missing: "missing: no usable record",
  gap: "without a reading, signed as a gap",
  partial: "measured in part",
  recovered: "recovered from the register after a gap",
  substituted: "substituted by a signed correction",
};

/** Words for why a stretch is not simply measured. */
export function spanWords(state: SpanState): string {
  return SPAN_WORDS[state];
}

/** "5.616 before rounding", or nothing for a line that needed none. */
export function roundingWords(exact: string, amount: string): string {
  const isExact = Number(exact) === Number(amount) && exact.length <= amount.length;
  return isExact ? `exactly ${amount}` : `${exact} before rounding`;
}

/** Name of the file, without its ending. */
export function statementName({ meter, from, to }: StatementQuery): string {
  return `${meter}-${from}-${to}-statement`;
}

export function makeStatementSheet(statement: PeriodStatement, tip: ChainTip): BillSheet {
  const { currency, minorDigits, zone, meter, from, to, slots, used } = statement;
  const money = (amount: number): string => formatMinor(amount, minorDigits);
  const { measured, total } = slots;
  return {
    title: statement.provisional ? "Statement, provisional" : "Statement",
    no: statementName(statement),
    origin: tip.origin,
    facts: [
      ["Meter", meter],
      ["Period", `${from} to ${to}, both included (${zone})`],
      ["As of", formatLocal(tip.timeSeconds, zone)],
      ["Energy", `${formatDecimal(statement.wh, 3)} kWh`],
      ["Tariff", statement.tariffs.map(({ id, version }) => `${id} v${version}`).join(", ")],
    ],
    currency,
    lines: statement.lines.map((line) => {
      // The read model hands on the unit that the engine gave.
      const sealed = { ...line, amount: line.amountMinor, unit: line.unit as LineUnit };
      const amount = money(line.amountMinor);
      return {
        label: line.label,
        quantity: formatQuantity(sealed, minorDigits),
        rate: formatRate(sealed),
        amount,
        how: roundingWords(line.exact, amount),
      };
    }),
    total: money(statement.totalMinor),
    rounding: `Each line is exact and rounded once, to ${money(1)} ${currency}, half away from zero. The total is the sum of the lines.`,
    payment: "This is not a bill: nothing is due by it.",
    completeness: `${measured} of ${total} slots measured wholly.${provisionalWords(statement)}`,
    missing: [...listSpans(statement), ...listBills(statement)],
    proof: [
      ["Chain", tip.chainId],
      ["Records", `${used.length} sealed days of ${tip.logSize} records`],
    ],
    verify:
      "A statement is computed from the sealed days as they are now, and is not sealed itself. What can be checked without trusting anybody is a bill and its bundle.",
    issuedAtSeconds: tip.timeSeconds,
  };
}

/** Why another statement of the same period may differ; nothing when it cannot. */
export function provisionalWords({ provisional, slots, unbilled }: PeriodStatement): string {
  if (!provisional) return "";
  const reasons = [
    ...(slots.missing > 0 ? [`${slots.missing} slots have no usable record`] : []),
    ...(unbilled.length > 0 ? ["no bill has reached all of it"] : []),
  ];
  return ` Provisional: ${reasons.join(", and ")}.`;
}

function listSpans({ notMeasured, zone }: PeriodStatement): string[] {
  const shown = notMeasured
    .slice(0, MAX_SPANS)
    .map(
      ({ fromSeconds, toSeconds, state }) =>
        `${formatLocal(fromSeconds, zone)} to ${formatLocal(toSeconds, zone)}: ${spanWords(state)}`,
    );
  const more = notMeasured.length - shown.length;
  return more > 0 ? [...shown, `and ${more} more stretches`] : shown;
}

/** A statement over issued bills says so: they stand as they are. */
function listBills({ bills, zone }: PeriodStatement): string[] {
  return bills.map(({ no, fromSeconds, toSeconds, ...money }) => {
    const last = localDayOf(zone, toSeconds - 1);
    const amount = (minor: number): string => formatMinor(minor, money.minorDigits);
    const credited =
      money.inForceMinor === money.totalMinor
        ? ""
        : `, with its credits ${amount(money.inForceMinor)} ${money.currency}`;
    return `Bill ${no} was issued for ${localDayOf(zone, fromSeconds)} to ${last}: ${amount(money.totalMinor)} ${money.currency}${credited}. It stands as issued.`;
  });
}
