/**
 * The slots of one meter over a period, day by day: what every export is made of.
 *
 * In:  a read model (a customer's is scoped), a meter and local dates. Out: its day records in order, each with its slots.
 *      One record is in memory at a time, so a period may be long.
 */
import { fail } from "../../shared/base/error.ts";
import { formatDate, parseDate, SECONDS_PER_DAY } from "../../shared/time/calendar-date.ts";
import { listOffsets, offsetAt } from "../../shared/time/civil-day.ts";
import type { DayDetail, ReadModel } from "../projection/read-model-types.ts";

/** Local dates, both included. */
export interface Period {
  readonly meter: string;
  readonly from: string;
  readonly to: string;
}

export interface SlotMeasure {
  readonly startSeconds: number;
  readonly seconds: number;
  /** A letter of records.md section 4. */
  readonly quality: string;
  /** Absent in a gap: unknown, not zero. */
  readonly wh?: number;
  readonly exportWh?: number;
}

export interface Slot extends SlotMeasure {
  /** Wall clock of the meter's zone with its offset: "2024-03-31T03:00:00+02:00". */
  readonly localStart: string;
  /** "2024-03-31T01:00:00Z" */
  readonly utcStart: string;
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

/** What was measured when, without words for the time. None of a day that is unusable. */
export function listMeasures(day: DayDetail): readonly SlotMeasure[] {
  const seconds = day.stepSeconds === 0 ? day.toSeconds - day.fromSeconds : day.stepSeconds;
  return [...day.quality].map((quality, i): SlotMeasure => {
    const startSeconds = day.fromSeconds + i * seconds;
    const slot = { startSeconds, seconds, quality };
    if (quality === "G") return slot;
    const exportWh = day.slotExportWh?.[i];
    return { ...slot, wh: day.slotWh[i] ?? 0, ...(exportWh === undefined ? {} : { exportWh }) };
  });
}

/** None of a day that is unusable. */
export function listSlots(day: DayDetail): readonly Slot[] {
  const formatWall = createStamp();
  const formatUniversal = createStamp();
  const offsets = listOffsets(day.zone, day.fromSeconds, day.toSeconds);
  return listMeasures(day).map((measure): Slot => {
    const { startSeconds } = measure;
    const offset = offsets.findLast(([from]) => from <= startSeconds)?.[1] ?? 0;
    return {
      localStart: formatWall(startSeconds + offset) + formatOffset(offset),
      utcStart: `${formatUniversal(startSeconds)}Z`,
      ...measure,
    };
  });
}

/** "2024-03-31T01:00:00Z" */
export function formatUtc(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}

/** "2024-03-31T03:00:00+02:00" */
export function formatLocal(seconds: number, zone: string): string {
  const offset = offsetAt(zone, seconds);
  return formatUtc(seconds + offset).slice(0, -1) + formatOffset(offset);
}

/** "+02:00", with seconds where there are some. */
function formatOffset(offset: number): string {
  const total = Math.abs(offset);
  const parts = [Math.floor(total / 3600), Math.floor(total / 60) % 60];
  if (total % 60 !== 0) parts.push(total % 60);
  return `${offset < 0 ? "-" : "+"}${parts.map(twoDigits).join(":")}`;
}

/** "2024-03-31T03:00:00" of instants that follow each other: the date is made once a day. */
function createStamp(): (seconds: number) => string {
  let [day, date] = [Number.NaN, ""];
  return (seconds) => {
    const now = Math.floor(seconds / SECONDS_PER_DAY);
    if (now !== day) [day, date] = [now, formatDate(now)];
    const rest = seconds - now * SECONDS_PER_DAY;
    const [hours, minutes] = [Math.floor(rest / 3600), Math.floor(rest / 60) % 60];
    return `${date}T${twoDigits(hours)}:${twoDigits(minutes)}:${twoDigits(rest % 60)}`;
  };
}

function twoDigits(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}
