/**
 * A statement of any period, by the engine that bills are computed with.
 *
 * In:  a meter's usable records, its tariffs and its bills, as the log has them now. Out: the lines with what they were before
 *      rounding, and what the statement does not know. Pure: rows are found by statement-reader.ts.
 */
import { fail, isCoded } from "../../shared/base/error.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { kindOfQuality } from "../../shared/day/quality.ts";
import { type BillableDay, computeExactly } from "../../shared/money/bill.ts";
import type { TariffRecords } from "../../shared/money/tariff-timeline.ts";
import { dayBounds, listOffsets, localDayOf, type Span } from "../../shared/time/civil-day.ts";
import type {
  PeriodStatement,
  SpanState,
  StatementQuery,
  StatementSpan,
  TouchedBill,
} from "./period-statement-types.ts";

export interface StatementGrounds {
  /** IANA zone whose days are meant. */
  readonly zone: string;
  /** P */
  readonly point: string;
  /** Usable records that lie within the period, with their positions. */
  readonly days: readonly (BillableDay & { readonly position: number })[];
  readonly records: TariffRecords;
  /** Id and version of tariff records, by leaf. */
  readonly tariffOf: (
    leaf: string,
  ) => { readonly id: string; readonly version: number; readonly position: number } | undefined;
  /** That share time with the period. */
  readonly bills: readonly TouchedBill[];
  /** End of the meter's newest record; 0 without any. */
  readonly sealedTo: number;
}

/** Throws `bill-period` where a day does not exist, or the second comes before the first. */
export function statementSpan(zone: string, { from, to }: StatementQuery): Span {
  const [first, last] = [dayBounds(zone, from), dayBounds(zone, to)];
  if (first === undefined || last === undefined || first.from >= last.to) {
    fail("bill-period", `there is no period from ${from} to ${to} in ${zone}`);
  }
  return { from: first.from, to: last.to };
}

/** Throws what computeBill throws; a period without a tariff names the day on which there is none. */
export function statePeriod(
  suite: Pick<CryptoSuite, "sha256">,
  query: StatementQuery,
  grounds: StatementGrounds,
): PeriodStatement {
  const { zone, point, days, records, bills } = grounds;
  const period = statementSpan(zone, query);
  const { from, to } = period;
  const offsets = listOffsets(zone, from, to);
  const { bill, exact } = computeOrName(zone, () =>
    computeExactly(suite, { ...records, ...period, point, zone, offsets, days }),
  );
  const notMeasured = [
    ...listMissing(bill.missing, grounds.sealedTo),
    ...days.flatMap(listUnsure),
  ].sort((a, b) => a.fromSeconds - b.fromSeconds);
  const unbilled = listUnbilled(period, bills);
  const byLeaf = new Map(days.map((day) => [day.leaf, day]));
  return {
    ...query,
    zone,
    fromSeconds: from,
    toSeconds: to,
    currency: bill.currency,
    minorDigits: bill.minor,
    lines: bill.lines.map(({ amount, ...line }, i) => ({
      ...line,
      amountMinor: amount,
      exact: exact[i] ?? "",
    })),
    totalMinor: bill.total,
    wh: bill.used.reduce((sum, [, wh]) => sum + wh, 0),
    slots: bill.slots,
    notMeasured: joinSpans(notMeasured),
    provisional: bill.missing.length > 0 || unbilled.length > 0,
    bills,
    unbilled,
    used: bill.used.map(([leaf, wh]) => {
      const day = byLeaf.get(leaf);
      return { leaf, wh, date: localDayOf(zone, day?.from ?? from), position: day?.position ?? -1 };
    }),
    tariffs: bill.payload.tariffs.flatMap((leaf) => {
      const tariff = grounds.tariffOf(leaf);
      return tariff === undefined ? [] : [{ leaf, ...tariff }];
    }),
  };
}

function computeOrName<T>(zone: string, compute: () => T): T {
  try {
    return compute();
  } catch (error) {
    const at = isCoded(error) ? error.detail["at"] : undefined;
    if (!isCoded(error) || typeof at !== "number") throw error;
    fail(error.code, `${error.message} on ${localDayOf(zone, at)}`, error.detail);
  }
}

/** What is after the newest record is awaited: no record of it can be there yet. */
function listMissing(
  missing: readonly (readonly [number, number])[],
  sealedTo: number,
): StatementSpan[] {
  return missing.flatMap(([from, to]): StatementSpan[] => {
    const cut = Math.min(Math.max(from, sealedTo), to);
    return [
      { fromSeconds: from, toSeconds: cut, state: "missing" as const },
      { fromSeconds: cut, toSeconds: to, state: "awaited" as const },
    ].filter(({ fromSeconds, toSeconds }) => fromSeconds < toSeconds);
  });
}

/** Slots of a record that are not measured wholly. */
function listUnsure({ from, to, step, quality }: BillableDay): StatementSpan[] {
  const spans: StatementSpan[] = [];
  for (let slot = 0; slot < quality.length; slot++) {
    const kind = kindOfQuality(quality.charAt(slot));
    if (kind === undefined || kind === "measured") continue;
    const fromSeconds = from + slot * step;
    spans.push({ fromSeconds, toSeconds: step === 0 ? to : fromSeconds + step, state: kind });
  }
  return spans;
}

/** Spans of one state that touch become one. */
function joinSpans(spans: readonly StatementSpan[]): StatementSpan[] {
  const joined: { fromSeconds: number; toSeconds: number; state: SpanState }[] = [];
  for (const span of spans) {
    const last = joined.at(-1);
    if (last?.state === span.state && last.toSeconds === span.fromSeconds) {
      last.toSeconds = span.toSeconds;
    } else joined.push({ ...span });
  }
  return joined;
}

/** @param bills ascending; those of one point do not overlap */
function listUnbilled(
  { from, to }: Span,
  bills: readonly TouchedBill[],
): PeriodStatement["unbilled"] {
  const open: { fromSeconds: number; toSeconds: number }[] = [];
  let at = from;
  for (const { fromSeconds, toSeconds } of bills) {
    if (fromSeconds > at) open.push({ fromSeconds: at, toSeconds: fromSeconds });
    at = Math.max(at, toSeconds);
  }
  if (at < to) open.push({ fromSeconds: at, toSeconds: to });
  return open;
}
