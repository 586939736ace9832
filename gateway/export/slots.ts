/**
 * The slots of one meter over a period, day by day: what every export is made of.
 *
 * In:  a read model (a customer's is scoped), a meter and local dates. Out: its day records in order, each with its slots.
 *      One record is in memory at a time, so a period may be long.
 */
import { fail } from "../../shared/base/error.ts";
import { formatDate, parseDate } from "../../shared/time/calendar-date.ts";
import { offsetAt } from "../../shared/time/civil-day.ts";
import type { DayDetail, ReadModel } from "../projection/read-model-types.ts";

/** Local dates, both included. */
export interface Period {
  readonly meter: string;
  readonly from: string;
  readonly to: string;
}

export interface Slot {
  /** Wall clock of the meter's zone with its offset: "2024-03-31T03:00:00+02:00". */
  readonly localStart: string;
  /** "2024-03-31T01:00:00Z" */
  readonly utcStart: string;
  readonly startSeconds: number;
  readonly seconds: number;
  /** Absent in a gap: unknown, not zero. */
  readonly wh?: number;
  readonly exportWh?: number;
  /** A letter of records.md section 4. */
  readonly quality: string;
}

/** Eleven years. */
const MAX_DATES = 4_018;

/** Throws `parameter` for a period that ends before it begins, or is longer than eleven years. */
export function requirePeriod(period: Period): Period {
  const dates = parseDate(period.to) - parseDate(period.from) + 1;
  if (dates < 1) fail("parameter", "the period ends before it begins", { parameter: "to" });
  if (dates > MAX_DATES) fail("parameter", "a period has at most eleven years", { dates });
  return period;
}

/** The day records of a period by their first instant. A date without a record has none. */
export function* readDays(model: ReadModel, { meter, from, to }: Period): Generator<DayDetail> {
  const { firstDate, lastDay } = model.meter(meter) ?? {};
  if (firstDate === undefined || lastDay === undefined) return;
  const first = Math.max(parseDate(from), parseDate(firstDate));
  const last = Math.min(parseDate(to), parseDate(lastDay.date));
  for (let day = first; day <= last; day++) yield* model.day(meter, formatDate(day));
}

/** None of a day that is unusable. */
export function listSlots(day: DayDetail): readonly Slot[] {
  const seconds = day.stepSeconds === 0 ? day.toSeconds - day.fromSeconds : day.stepSeconds;
  return [...day.quality].map((quality, i): Slot => {
    const startSeconds = day.fromSeconds + i * seconds;
    const time = {
      localStart: formatLocal(startSeconds, day.zone),
      utcStart: formatUtc(startSeconds),
      startSeconds,
      seconds,
      quality,
    };
    if (quality === "G") return time;
    const exportWh = day.slotExportWh?.[i];
    return { ...time, wh: day.slotWh[i] ?? 0, ...(exportWh === undefined ? {} : { exportWh }) };
  });
}

/** "2024-03-31T01:00:00Z" */
export function formatUtc(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}

/** "2024-03-31T03:00:00+02:00" */
export function formatLocal(seconds: number, zone: string): string {
  const offset = offsetAt(zone, seconds);
  const clock = formatUtc(seconds + offset).slice(0, -1);
  const total = Math.abs(offset);
  const parts = [Math.floor(total / 3600), Math.floor(total / 60) % 60];
  if (total % 60 !== 0) parts.push(total % 60);
  const text = parts.map((part) => String(part).padStart(2, "0")).join(":");
  return `${clock}${offset < 0 ? "-" : "+"}${text}`;
}
