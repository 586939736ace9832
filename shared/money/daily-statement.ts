/**
 * Daily statements: what each local day cost, exactly. Not records, and never rounded where they are added.
 *
 * In:  usable day records of one point, its tariffs. Out: one row a local day that has a record, by date. The exact
 *      amounts of the days of a month, without hole, add up to the month's lines before rounding if its tariffs are plain.
 */
import type { UnixSeconds, WattHour } from "../base/units.ts";
import { countSlots, type SlotCounts } from "../day/quality.ts";
import { listOffsets, localDayOf } from "../time/civil-day.ts";
import { exactPico, roundPico, sumExactly } from "./amount.ts";
import { type ChargeLine, listBillLines } from "./charge-lines.ts";
import type { LoggedPrice } from "./price-series.ts";
import type { MeteredDay } from "./slot-walk.ts";
import { isPlainTariff } from "./tariff.ts";
import {
  listTariffSegments,
  readTariffTimeline,
  type TariffRecords,
  type TariffTimeline,
} from "./tariff-timeline.ts";

const PICO_DIGITS = 12;

export interface DailyStatement {
  /** D in the zone. */
  readonly date: string;
  /** First instant of the first record and end of the last one of that day. */
  readonly from: UnixSeconds;
  readonly to: UnixSeconds;
  readonly wh: WattHour;
  readonly slots: SlotCounts;
  readonly currency: string;
  readonly minor: number;
  /**
   * In 1e-12 of the currency: exact under plain tariffs, else the day's lines as rounded, because steps, a demand, a
   * minimum or a tax belong to a period and not to its days.
   */
  readonly pico: bigint;
  /** Rounded to the minor unit, for display only. */
  readonly amount: number;
}

/** Throws what computeBill throws. */
export function listDailyStatements(
  days: readonly MeteredDay[],
  zone: string,
  records: TariffRecords,
): readonly DailyStatement[] {
  const daysByDate = new Map<string, MeteredDay[]>();
  for (const day of [...days].sort((a, b) => a.from - b.from)) {
    const date = localDayOf(zone, day.from);
    const same = daysByDate.get(date);
    if (same === undefined) daysByDate.set(date, [day]);
    else same.push(day);
  }
  const timeline = readTariffTimeline(records);
  const { prices = [] } = records;
  return [...daysByDate].map(([date, own]) => stateDay(date, own, zone, timeline, prices));
}

function stateDay(
  date: string,
  days: readonly MeteredDay[],
  zone: string,
  timeline: TariffTimeline,
  prices: readonly LoggedPrice[],
): DailyStatement {
  const from = (days[0] as MeteredDay).from;
  const to = (days.at(-1) as MeteredDay).to;
  const segments = listTariffSegments({ from, to }, zone, timeline);
  const offsets = listOffsets(zone, from, to).map(([start, offset]) => ({ from: start, offset }));
  const { currency, minor } = (segments[0] as (typeof segments)[number]).tariff.body;
  const { lines } = listBillLines({ segments, days, offsets, prices });
  const isPlain = segments.every(({ tariff }) => isPlainTariff(tariff.body));
  const perMinor = 10n ** BigInt(PICO_DIGITS - minor);
  let pico = 0n;
  for (const line of lines) pico += isPlain ? exactOf(line) : BigInt(line.amount) * perMinor;
  return {
    date,
    from,
    to,
    wh: sumExactly(days.map((day) => sumExactly(day.wh))),
    slots: countSlots(days.map((day) => day.quality)),
    currency,
    minor,
    pico,
    amount: roundPico(pico, minor),
  };
}

function exactOf({ qty, unit, nano, pico }: ChargeLine): bigint {
  if (pico !== undefined) return pico;
  return unit === "tax" ? 0n : exactPico({ qty, unit, nano });
}
