/** The meter's state as its journal has it, for `meter status`. Reading changes nothing. */
import type { UnixSeconds, WattHour } from "../shared/base/units.ts";
import { localDayOf } from "../shared/time/civil-day.ts";
import { type Alarm, loadAlarms } from "./journal/alarm-store.ts";
import type { Journal } from "./journal/journal.ts";
import { loadChainPosition, loadEnrolment } from "./journal/outbox-store.ts";
import { type FinalRegister, loadRetirement, readFinalRegister } from "./journal/retirement.ts";
import { loadSamplerState, readSlots } from "./journal/sampler-store.ts";
import type { SamplerState } from "./sampler/sampler-types.ts";

export interface MeterStatus {
  readonly meter?: string;
  readonly kid?: string;
  /** H */
  readonly chain?: string;
  /** Position of the enrolment in the log. */
  readonly enrolledAt?: number;
  /** The meter's own register, as it was last made durable. */
  readonly register: WattHour;
  readonly lastReading?: UnixSeconds;
  readonly openSlot?: { readonly from: UnixSeconds; readonly wh: WattHour };
  /** What the unclosed days have so far, oldest first; the last one is usually today. */
  readonly unclosed: readonly UnclosedDay[];
  readonly unsealedDays: number;
  /** Number of the newest sealed record; 0 before the first. */
  readonly seq: number;
  readonly outbox: {
    readonly count: number;
    readonly held: number;
    /** Dates. */
    readonly oldest?: string;
    readonly newest?: string;
  };
  readonly receipts: number;
  readonly lastReceipt?: {
    readonly seq: number;
    readonly date: string;
    readonly position: number;
    readonly size: number;
    readonly at: UnixSeconds;
  };
  /** The meter was taken out: nothing is measured after `to`. */
  readonly retired?: FinalRegister & { readonly to: UnixSeconds };
  readonly boots: number;
  readonly alarms: readonly Alarm[];
}

export interface UnclosedDay {
  /** D */
  readonly date: string;
  readonly wh: WattHour;
  /** Exported energy, where a part counts it. */
  readonly out?: WattHour;
  /** How many finished slots have each quality letter. */
  readonly quality: { readonly [letter: string]: number };
}

/** `zone`: the meter's, IANA. */
export function readStatus(journal: Journal, zone: string): MeterStatus {
  const owner = journal.readState<{ meter: string; chain: string; kid: string }>("owner");
  const sampler = loadSamplerState(journal);
  const enrolment = loadEnrolment(journal);
  const retirement = loadRetirement(journal);
  const open = sampler?.open;
  const lastMs = sampler?.lastMs;
  const count = (sql: string): number => journal.get<{ n: number }>(sql)?.n ?? 0;
  const outbox = journal.get<{ oldest: string | null; newest: string | null }>(
    "SELECT min(date) AS oldest, max(date) AS newest FROM outbox",
  );
  const lastReceipt = journal.get<NonNullable<MeterStatus["lastReceipt"]>>(
    "SELECT seq, date, position, size, at FROM receipt ORDER BY seq DESC LIMIT 1",
  );
  return {
    ...(owner === undefined ? {} : owner),
    ...(enrolment === undefined ? {} : { enrolledAt: enrolment.position }),
    register: (sampler?.register ?? 0) + (open?.wh ?? 0),
    ...(lastMs === undefined ? {} : { lastReading: Math.floor(lastMs / 1000) }),
    ...(open === undefined ? {} : { openSlot: { from: open.from, wh: open.wh } }),
    unclosed: readUnclosed(journal, zone, sampler),
    unsealedDays: count("SELECT count(*) AS n FROM day WHERE seq IS NULL"),
    seq: loadChainPosition(journal)?.seq ?? 0,
    outbox: {
      count: count("SELECT count(*) AS n FROM outbox"),
      held: count("SELECT count(*) AS n FROM outbox WHERE answer = 'held'"),
      ...(outbox?.oldest == null ? {} : { oldest: outbox.oldest }),
      ...(outbox?.newest == null ? {} : { newest: outbox.newest }),
    },
    receipts: count("SELECT count(*) AS n FROM receipt"),
    ...(lastReceipt === undefined ? {} : { lastReceipt }),
    ...(retirement === undefined
      ? {}
      : { retired: { ...retirement, ...readFinalRegister(journal) } }),
    boots: journal.readState<number>("boot") ?? 0,
    alarms: loadAlarms(journal),
  };
}

function readUnclosed(journal: Journal, zone: string, state?: SamplerState): UnclosedDay[] {
  type Day = { wh: WattHour; out?: WattHour; quality: Record<string, number> };
  const days = new Map<string, Day>();
  const add = (
    from: UnixSeconds,
    wh: WattHour,
    out: WattHour | undefined,
    letter?: string,
  ): void => {
    const date = localDayOf(zone, from);
    const day: Day = days.get(date) ?? { wh: 0, quality: {} };
    day.wh += wh;
    if (out !== undefined) day.out = (day.out ?? 0) + out;
    if (letter !== undefined) day.quality[letter] = (day.quality[letter] ?? 0) + 1;
    days.set(date, day);
  };
  for (const slot of readSlots(journal, 0, Number.MAX_SAFE_INTEGER)) {
    add(slot.start, slot.wh, slot.out, slot.quality);
  }
  for (const slot of [state?.settling, state?.open]) {
    if (slot !== undefined) add(slot.from, slot.wh, slot.out);
  }
  return [...days].map(([date, day]) => ({ date, ...day }));
}
