/**
 * The body of a day: its plaintext (records.md section 4) but for `salt` and `pad`, which sealing adds.
 *
 * In: the day's bounds, its finished slots, events and register. A slot without a row is a gap: quality G, 0 Wh.
 */
import type { UnixSeconds, WattHour } from "../../shared/base/units.ts";
import type { SamplerEvent } from "../sampler/sampler-types.ts";
import type { FinishedSlot } from "../sampler/slot.ts";
import {
  mergeStatistics,
  NO_STATISTICS,
  type Running,
  type Summary,
  summarize,
} from "../sampler/statistics.ts";

/** What the meter says of itself in every day. */
export interface MeterFacts {
  /** Nine digits. */
  readonly meter: string;
  readonly zone: string;
  /** Version of the time zone data. */
  readonly tz: string;
  /** 1e-7 degrees. */
  readonly location?: readonly [number, number];
  /** H over the program that measures. */
  readonly fw: string;
  /** H over the settings by which readings become Wh. */
  readonly cal?: string;
}

export interface DayBody {
  readonly v: 1;
  readonly meter: string;
  readonly location?: [number, number];
  readonly day: string;
  readonly zone: string;
  readonly tz: string;
  readonly from: UnixSeconds;
  readonly to: UnixSeconds;
  readonly step: number;
  readonly wh: WattHour[];
  readonly quality: string;
  readonly register: [WattHour, WattHour];
  /** Exported energy, where a part counts it. */
  readonly out?: { readonly wh: WattHour[]; readonly register: [WattHour, WattHour] };
  readonly current?: Summary[];
  readonly voltage?: Summary[];
  readonly temperature?: Summary;
  readonly humidity?: Summary;
  readonly events: ([number, string] | [number, string, string])[];
  readonly clock: [number, number, string, number][];
  readonly fw: string;
  readonly cal?: string;
}

export interface DayParts {
  readonly date: string;
  /** The day's first instant, or where the meter's first day begins. */
  readonly from: UnixSeconds;
  readonly to: UnixSeconds;
  readonly step: number;
  readonly slots: readonly FinishedSlot[];
  readonly events: readonly SamplerEvent[];
  /** Register at `from`. */
  readonly register: WattHour;
  /** Register of exported energy at `from`; absent until a part counts it. */
  readonly out?: WattHour;
  /** Boot number and clock provenance at `from`. */
  readonly clock: readonly [boot: number, sync: string];
}

/** The code of events that tell of a start or of another clock; their note is `<boot> <sync> <offset ms>`. */
export const BOOT_EVENT = "boot";

/** A day lists its first events up to this number, so that line 2 keeps its limit. */
const MAX_EVENTS = 48;
const MAX_NOTE = 80;

export function buildDayBody(facts: MeterFacts, parts: DayParts): DayBody {
  const { from, to, step } = parts;
  const length = step === 0 ? to - from : step;
  const count = Math.round((to - from) / length);
  const wh: number[] = new Array(count).fill(0);
  const out: number[] = new Array(count).fill(0);
  const quality: string[] = new Array(count).fill("G");
  let statistics = NO_STATISTICS;
  for (const slot of parts.slots) {
    const index = Math.floor((slot.start - from) / length);
    wh[index] = slot.wh;
    out[index] = slot.out ?? 0;
    quality[index] = slot.quality;
    statistics = mergeStatistics(statistics, slot.statistics);
  }
  const total = wh.reduce((sum, value) => sum + value, 0);
  return {
    v: 1,
    meter: facts.meter,
    ...(facts.location === undefined ? {} : { location: [...facts.location] }),
    day: parts.date,
    zone: facts.zone,
    tz: facts.tz,
    from,
    to,
    step,
    wh,
    quality: quality.join(""),
    register: [parts.register, parts.register + total],
    ...listExport(parts, out),
    ...summariesOf("current", statistics.current),
    ...summariesOf("voltage", statistics.voltage),
    ...summaryOf("temperature", statistics.temperature),
    ...summaryOf("humidity", statistics.humidity),
    events: listEvents(parts.events),
    clock: listClock(parts, length),
    fw: facts.fw,
    ...(facts.cal === undefined ? {} : { cal: facts.cal }),
  };
}

/** From the first day on in which a part counts what flows out. */
function listExport({ out: before, slots }: DayParts, wh: WattHour[]): Pick<DayBody, "out"> {
  if (before === undefined && slots.every(({ out }) => out === undefined)) return {};
  const first = before ?? 0;
  return { out: { wh, register: [first, first + wh.reduce((sum, value) => sum + value, 0)] } };
}

function summariesOf<N extends string>(
  name: N,
  phases: readonly Running[] | undefined,
): { [K in N]?: Summary[] } {
  const summaries = phases?.map(summarize).filter((summary) => summary !== undefined) ?? [];
  return summaries.length === 0 ? {} : ({ [name]: summaries } as { [K in N]: Summary[] });
}

function summaryOf<N extends string>(
  name: N,
  running: readonly Running[] | undefined,
): { [K in N]?: Summary } {
  const summary = summarize(running?.[0]);
  return summary === undefined ? {} : ({ [name]: summary } as { [K in N]: Summary });
}

function listEvents(events: readonly SamplerEvent[]): DayBody["events"] {
  const listed = events.filter((event) => event.code !== BOOT_EVENT).slice(0, MAX_EVENTS);
  return listed.map(({ at, code, note }) =>
    note === undefined ? [at, code] : [at, code, note.slice(0, MAX_NOTE)],
  );
}

/**
 * One entry at the day's beginning and one wherever the machine was booted, its clock was set or got another
 * provenance within it, in that order: one whose clock was behind stands where the one before it does.
 */
function listClock(parts: DayParts, length: number): DayBody["clock"] {
  const entries: DayBody["clock"] = [[0, parts.clock[0], parts.clock[1], 0]];
  for (const event of parts.events) {
    const boot = readBoot(event);
    const last = entries.at(-1);
    const same = boot?.[0] === last?.[1] && boot?.[1] === last?.[2] && boot?.[2] === 0;
    if (boot === undefined || same || entries.length >= MAX_EVENTS) continue;
    const slot = Math.floor((event.at - parts.from) / length);
    entries.push([Math.max(last?.[0] ?? 0, slot), ...boot]);
  }
  return entries;
}

/** Boot number, clock provenance and step of a boot event, or undefined for another one. */
export function readBoot(
  event: SamplerEvent,
): [boot: number, sync: string, offsetMs: number] | undefined {
  if (event.code !== BOOT_EVENT) return undefined;
  const [boot, sync, offset] = (event.note ?? "").split(" ");
  return [Number(boot), sync ?? "unknown", Number(offset ?? 0)];
}
