/** The meter's state as its journal has it, for `meter status`. Reading changes nothing. */
import type { UnixSeconds, WattHour } from "../shared/base/units.ts";
import { type Alarm, loadAlarms } from "./journal/alarm-store.ts";
import type { Journal } from "./journal/journal.ts";
import { loadChainPosition, loadEnrolment } from "./journal/outbox-store.ts";
import { loadSamplerState } from "./journal/sampler-store.ts";

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
  };
  readonly boots: number;
  readonly alarms: readonly Alarm[];
}

export function readStatus(journal: Journal): MeterStatus {
  const owner = journal.readState<{ meter: string; chain: string; kid: string }>("owner");
  const sampler = loadSamplerState(journal);
  const enrolment = loadEnrolment(journal);
  const open = sampler?.open;
  const lastMs = sampler?.lastMs;
  const count = (sql: string): number => journal.get<{ n: number }>(sql)?.n ?? 0;
  const outbox = journal.get<{ oldest: string | null; newest: string | null }>(
    "SELECT min(date) AS oldest, max(date) AS newest FROM outbox",
  );
  const lastReceipt = journal.get<NonNullable<MeterStatus["lastReceipt"]>>(
    "SELECT seq, date, position, size FROM receipt ORDER BY seq DESC LIMIT 1",
  );
  return {
    ...(owner === undefined ? {} : owner),
    ...(enrolment === undefined ? {} : { enrolledAt: enrolment.position }),
    register: (sampler?.register ?? 0) + (open?.wh ?? 0),
    ...(lastMs === undefined ? {} : { lastReading: Math.floor(lastMs / 1000) }),
    ...(open === undefined ? {} : { openSlot: { from: open.from, wh: open.wh } }),
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
    boots: journal.readState<number>("boot") ?? 0,
    alarms: loadAlarms(journal),
  };
}
