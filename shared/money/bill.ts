/**
 * A bill as a pure function of the log (records.md sections 3, 4 and 5).
 *
 * In:  a point, a period, the usable day records of that point in any order, assignments and tariff records.
 * Out: everything in a bill that follows from these: lines, total, what was used, what is missing, and the
 *      public payload. The same function serves the biller and everyone who checks a bill.
 */
import { decodeBase64url, encodeBase64url } from "../base/bytes.ts";
import { fail } from "../base/error.ts";
import type { UnixSeconds } from "../base/units.ts";
import { computeRoot } from "../chain/tree.ts";
import type { CryptoSuite } from "../crypto/suite.ts";
import type { DayPlaintext } from "../day/day-plaintext.ts";
import { countSlots, type SlotCounts } from "../day/quality.ts";
import type { BillPayload } from "../record/payload.ts";
import { listOffsets, type Span } from "../time/civil-day.ts";
import { sumExactly } from "./amount.ts";
import type { BillLine } from "./bill-plaintext.ts";
import { listBillLines } from "./charge-lines.ts";
import { formatExact } from "./exact-amount.ts";
import type { MeteredDay } from "./slot-walk.ts";
import { listTariffSegments, readTariffTimeline, type TariffRecords } from "./tariff-timeline.ts";

/** Missing time is counted in slots of this length. */
const MISSING_SLOT_S = 900;
/** Longest period of a bill: ten years. It bounds what a hostile bill can cost its readers. */
export const MAX_PERIOD_S = 3_653 * 86_400;

export interface BillableDay extends MeteredDay {
  /** H: leaf of the record. */
  readonly leaf: string;
  /** IANA zone in which it was sealed; absent where only the bill's is known. */
  readonly zone?: string;
}

export interface BillInput extends Span, TariffRecords {
  /** P */
  readonly point: string;
  /** IANA zone whose days and months the bill counts. */
  readonly zone: string;
  /** As `offsets` of a bill: of the zone, from a day before `from` (time/civil-day.ts, listOffsets). */
  readonly offsets: readonly (readonly [UnixSeconds, number])[];
  /** Usable day records of the point; those that are not within the period are left out. */
  readonly days: readonly BillableDay[];
}

/** What a bill takes from an opened day. */
export function toBillableDay(leaf: string, day: DayPlaintext): BillableDay {
  const { zone, from, to, step, wh, quality, out } = day;
  return {
    leaf,
    zone,
    from,
    to,
    step,
    wh,
    quality,
    ...(out === undefined ? {} : { exported: out.wh }),
  };
}

/** What follows from the log: the members of the plaintext but for names and salt, and of the payload. */
export interface ComputedBill {
  readonly payload: Pick<BillPayload, "point" | "from" | "to" | "tariffs" | "days" | "n">;
  readonly currency: string;
  readonly minor: number;
  readonly lines: readonly BillLine[];
  readonly total: number;
  /** Leaf and Σwh, by `from`. */
  readonly used: readonly (readonly [string, number])[];
  readonly slots: SlotCounts;
  /** Spans that no usable record covers, ascending; a bill with any is provisional. */
  readonly missing: readonly (readonly [UnixSeconds, UnixSeconds])[];
}

/**
 * Throws `bill-period` for a period that no bill may have, `tariff-none`, `tariff-body`, `tariff-currency`, `price-none`,
 * `money-range`, `overlap` if two of the records overlap, and `bill-zone` if one was sealed where clocks show another time.
 */
export function computeBill(suite: Pick<CryptoSuite, "sha256">, input: BillInput): ComputedBill {
  return computeExactly(suite, input).bill;
}

/** A bill, and what each of its lines was before it was rounded. */
export interface ExactBill {
  readonly bill: ComputedBill;
  /** One a line, as a decimal in the currency (exact-amount.ts). */
  readonly exact: readonly string[];
}

/** As computeBill. */
export function computeExactly(suite: Pick<CryptoSuite, "sha256">, input: BillInput): ExactBill {
  const { point, from, to, zone } = input;
  if (from >= to || to - from > MAX_PERIOD_S) {
    fail("bill-period", "the period of a bill is empty or longer than ten years", { from, to });
  }
  const days = selectDays(input.days, input);
  requireSameClocks(days, input);
  const segments = listTariffSegments(input, zone, readTariffTimeline(input));
  const offsets = input.offsets.map(([start, offset]) => ({ from: start, offset }));
  const { currency, minor } = (segments[0] as (typeof segments)[number]).tariff.body;
  const listed = listBillLines({ segments, days, offsets, prices: input.prices ?? [] });
  const lines = listed.lines.map(({ code, label, qty, unit, nano, amount }) => ({
    code,
    label,
    qty,
    unit,
    nano,
    amount,
  }));
  const missing = listMissing(days, input);
  const tariffs = new Map([
    ...segments.map(({ tariff }) => [tariff.leaf, tariff.position] as const),
    ...listed.usedPrices,
  ]);
  const bill: ComputedBill = {
    payload: {
      point,
      from,
      to,
      tariffs: [...tariffs].sort((a, b) => a[1] - b[1]).map(([leaf]) => leaf),
      days: computeDaysRoot(suite, days),
      n: days.length,
    },
    currency,
    minor,
    lines,
    total: sumExactly(lines.map((line) => line.amount)),
    used: days.map(({ leaf, wh }) => [leaf, sumExactly(wh)]),
    slots: countSlots(
      days.map((day) => day.quality),
      countMissingSlots(missing),
    ),
    missing,
  };
  return { bill, exact: listed.lines.map((line) => formatExact(line, minor)) };
}

/** The records that a bill of this period uses, by `from`. Throws `overlap`. */
function selectDays(days: readonly BillableDay[], period: Span): readonly BillableDay[] {
  const within = days
    .filter(({ from, to }) => period.from <= from && to <= period.to)
    .sort((a, b) => a.from - b.from);
  for (const [i, day] of within.entries()) {
    const before = within[i - 1];
    if (before !== undefined && day.from < before.to) {
      fail("overlap", "two day records of one point overlap", { from: day.from });
    }
  }
  return within;
}

/** Or a bill in a zone of the biller's choice would move every reading to hours with other rates. */
function requireSameClocks(days: readonly BillableDay[], { zone, from, to, offsets }: BillInput) {
  for (const other of new Set(days.map((day) => day.zone ?? zone))) {
    if (other === zone || isSameOffsets(listOffsets(other, from, to), offsets)) continue;
    fail("bill-zone", `a reading was sealed in ${other}, and the bill is for ${zone}`, { zone });
  }
}

function isSameOffsets(a: BillInput["offsets"], b: BillInput["offsets"]): boolean {
  return a.length === b.length && a.every((one, i) => one.join() === b[i]?.join());
}

/** RFC 6962 root over the records' leaf hashes as they are. */
function computeDaysRoot(suite: Pick<CryptoSuite, "sha256">, days: readonly BillableDay[]): string {
  const leaves = days.map((day) => decodeBase64url(day.leaf));
  return encodeBase64url(computeRoot(suite, leaves));
}

function listMissing(
  days: readonly BillableDay[],
  period: Span,
): readonly (readonly [UnixSeconds, UnixSeconds])[] {
  const missing: [UnixSeconds, UnixSeconds][] = [];
  let covered = period.from;
  for (const { from, to } of days) {
    if (from > covered) missing.push([covered, from]);
    covered = to;
  }
  if (covered < period.to) missing.push([covered, period.to]);
  return missing;
}

function countMissingSlots(missing: readonly (readonly [UnixSeconds, UnixSeconds])[]): number {
  return sumExactly(missing.map(([from, to]) => Math.ceil((to - from) / MISSING_SLOT_S)));
}
