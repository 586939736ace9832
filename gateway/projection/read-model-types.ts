// The one window through which the portal, the JSON API and the CLI see the projection: rows in,
// nothing out (every method only reads). Times are unix seconds, energy is Wh, and every other
// quantity carries its unit in its name; hashes are H (base64url of 32 bytes, 43 characters) as in
// records.md, dates are civil days of the meter's own zone ("YYYY-MM-DD"), months are "YYYY-MM".
//
// Contract for implementations: rows are plain data (never live objects), arrays are in the stated
// order, an unknown meter, day, bill, block or position gives `undefined` (or an empty array), and
// no method throws for a well-formed argument, but for `periodStatement`. Callers have already checked the form of arguments.

import type { MeterAccount } from "./account-types.ts";
import type { AlarmQuery, AlarmRow } from "./alarm-types.ts";
import type {
  BlockDetail,
  BlockSummary,
  ChainTip,
  HeaderRow,
  LineRow,
  MeterEventRow,
  Placed,
  RecordDetail,
  RecordSummary,
} from "./chain-view-types.ts";
import type { BlockCostRow, DayCostRow } from "./cost-types.ts";
import type { PeriodStatement, StatementQuery } from "./period-statement-types.ts";
import type { TariffVersion } from "./tariff-types.ts";

/** Mean, least and greatest of one quantity over one day (or month), in the unit of its field. */
export interface Spread {
  readonly mean: number;
  readonly min: number;
  readonly max: number;
}

/** Slots by quality (records.md section 4); `total` is the sum of the other six. */
export interface SlotCounts {
  readonly total: number;
  /** Letters M, I, E. */
  readonly measured: number;
  /** Lower case letters. */
  readonly partial: number;
  readonly recovered: number;
  readonly substituted: number;
  readonly gap: number;
  /** Slots that no usable record covers. */
  readonly missing: number;
}

/** What the sensors saw; a quantity that the meter does not have is absent. */
export interface Conditions {
  /** One entry a phase, 1 to 3. */
  readonly voltageMilliVolt?: readonly Spread[];
  /** One entry a phase, 1 to 3. */
  readonly currentMilliAmp?: readonly Spread[];
  readonly temperatureMilliCelsius?: Spread;
  /** Hundredths of a percent of relative humidity. */
  readonly humidityCentiPercent?: Spread;
}

/**
 * One reading: a day record, or the correction that stands in its place (a meter swap or a first day may give two rows with
 * one `date`).
 */
export interface DaySummary extends Placed, Conditions {
  readonly meter: string;
  readonly date: string;
  /** IANA zone in which `date` is meant. */
  readonly zone: string;
  readonly fromSeconds: number;
  readonly toSeconds: number;
  /** 0: one slot for the whole day. */
  readonly stepSeconds: number;
  /** Energy taken from the grid in this day. */
  readonly wh: number;
  readonly exportWh?: number;
  readonly slots: SlotCounts;
  /**
   * Code of the local rule that makes this day unusable, or "void" where its key was revoked from an earlier record on; then
   * `wh` and `slots` are zero.
   */
  readonly unusable?: string;
  /** Code that says why; only of a correction. */
  readonly reason?: string;
}

/** Who signed a reading. */
export type ReadingSigner = "meter" | "registrar";

/** A reading in whose place another stands. */
export interface ReplacedReading extends Placed {
  readonly fromSeconds: number;
  readonly toSeconds: number;
  readonly stepSeconds: number;
  readonly wh: number;
  readonly slots: SlotCounts;
  readonly slotWh: readonly number[];
  readonly quality: string;
  readonly unusable?: string;
  readonly reason?: string;
  readonly signedBy: ReadingSigner;
}

/** A device that took the place of another at the meter's point. */
export interface MeterExchange {
  readonly position: number;
  /** When, as the registrar says. */
  readonly atSeconds: number;
  readonly oldKid: string;
  readonly newKid: string;
  /** Last register of the old device and first of the new one; absent where they could not be read. */
  readonly finalWh?: number;
  readonly firstWh?: number;
  /** Used between the two, as far as known. */
  readonly unmeteredWh?: number;
  readonly reason?: string;
}

/** One day with its slots. Empty `slotWh` and `quality` when unusable. */
export interface DayDetail extends DaySummary {
  readonly slotWh: readonly number[];
  /** Energy fed into the grid, of a meter that counts it. */
  readonly slotExportWh?: readonly number[];
  /** One letter a slot, as sealed. */
  readonly quality: string;
  readonly registerFirstWh: number;
  readonly registerLastWh: number;
  readonly seq: number;
  readonly kid: string;
  readonly tzdata: string;
  readonly firmware: string;
  readonly latitudeE7?: number;
  readonly longitudeE7?: number;
  readonly events: readonly {
    readonly atSeconds: number;
    readonly code: string;
    readonly note?: string;
  }[];
  readonly signedBy: ReadingSigner;
  /** In whose place this reading stands, in log order; the values above are the ones that count. */
  readonly replaced: readonly ReplacedReading[];
}

export interface MonthSummary extends Conditions {
  readonly meter: string;
  readonly month: string;
  readonly wh: number;
  /** Days with a usable record. */
  readonly days: number;
  readonly slots: SlotCounts;
}

/** `waiting`: enrolled, no day yet. `frozen`: two records with one seq. `revoked`: taken out. */
export type MeterState = "waiting" | "active" | "frozen" | "revoked";

export interface MeterSummary {
  readonly meter: string;
  readonly state: MeterState;
  readonly zone: string;
  readonly latitudeE7?: number;
  readonly longitudeE7?: number;
  /** Free text from the operator; may be hostile, always escaped by the reader. */
  readonly label?: string;
  /** From the retained status topic; absent when nothing was ever heard. */
  readonly online?: boolean;
  readonly kid: string;
  readonly point: string;
  readonly enrolPosition: number;
  readonly enrolledAtSeconds: number;
  /** Number of day records in the chain (or held). */
  readonly days: number;
  readonly firstDate?: string;
  readonly lastDay?: DaySummary;
  readonly tariff?: string;
  /** Open or acknowledged. */
  readonly openAlarms: number;
}

/** Meters by ascending id. `search` is a prefix of the id (digits) or part of the label. */
export interface MeterQuery {
  readonly search?: string;
  readonly offset?: number;
  /** Default: all. */
  readonly limit?: number;
}

export interface MeterPage {
  readonly rows: readonly MeterSummary[];
  /** Rows that match without offset and limit. */
  readonly total: number;
}

/** Energy of all meters on one civil day. */
export interface DayTotal {
  readonly date: string;
  readonly wh: number;
  /** Meters with a usable record for this date. */
  readonly meters: number;
}

export interface Overview {
  readonly tip: ChainTip;
  readonly meters: number;
  /** Meters whose status topic says online. */
  readonly online: number;
  /** Newest dates for which any meter has sealed a day, ascending, at most 31. */
  readonly recentDays: readonly DayTotal[];
  /** That nobody has acknowledged. */
  readonly openAlarms: number;
  /** That somebody has looked at and that are not closed. */
  readonly acknowledgedAlarms: number;
  /** Records that are held and in no block. */
  readonly held: number;
  /** Bills and credits. */
  readonly bills: number;
}

export interface BillSummary extends Placed {
  readonly no: string;
  readonly meter: string;
  readonly kind: "bill" | "credit";
  readonly zone: string;
  readonly fromSeconds: number;
  /** Exclusive. */
  readonly toSeconds: number;
  /** Month in which the period begins. */
  readonly month: string;
  /** ISO 4217, for example "USD". */
  readonly currency: string;
  /** Decimals of the currency: `totalMinor` / 10^minorDigits is the printed amount. */
  readonly minorDigits: number;
  readonly totalMinor: number;
  readonly wh: number;
  /** Time of the block that carries it, or when it was held. */
  readonly issuedAtSeconds: number;
  /** No slot of the period is missing or a gap. */
  readonly complete: boolean;
  readonly paidAtSeconds?: number;
  /** The bill that a credit is of. */
  readonly billNo?: string;
  /** Credits of a bill, in log order; none of a credit. */
  readonly credits: readonly CreditSummary[];
  /** Bill and credits together; of a credit: its bill with the credits up to it. */
  readonly inForceMinor: number;
  /** What the newest of these says. */
  readonly inForceWh: number;
  readonly inForceComplete: boolean;
  /** What is left to be paid of the bill with all its credits; negative: to be given back. */
  readonly dueMinor: number;
}

/** A bill never changes: a credit takes back its lines and sets those of the readings that count now. */
export interface CreditSummary extends Placed {
  readonly no: string;
  /** Positive where more is to be paid. */
  readonly totalMinor: number;
  readonly issuedAtSeconds: number;
}

/** One line, exactly as sealed: amount = round(qty x nano x 10^minor / (10^9 x d)). */
export interface BillLine {
  readonly code: string;
  readonly label: string;
  readonly qty: number;
  /** "wh" | "w" | "day" | "month" | "each" | "tax". */
  readonly unit: string;
  readonly nano: number;
  readonly amountMinor: number;
}

/** What one local day costs: computed from its records and tariff, never a record itself. */
export interface DayStatement {
  readonly meter: string;
  readonly date: string;
  /** Of the day's first record. */
  readonly position: number;
  /** Of all usable records of the day. */
  readonly wh: number;
  readonly currency: string;
  readonly minorDigits: number;
  /** Exact, in 10^-12 of the currency: decimal digits (may exceed 2^53). Before tax. */
  readonly exactPico: string;
  /** `exactPico` rounded, only to be shown: a bill rounds its own lines. */
  readonly amountMinor: number;
  /** No bill has reached this day, so later records may change the row. */
  readonly provisional: boolean;
  /** The bill that the day is in; absent while provisional. */
  readonly billNo?: string;
  readonly billPosition?: number;
}

export interface BillDetail extends BillSummary {
  /** How many of the lines, from the first on, take back what was in force before: of a credit, else 0. */
  readonly takenBack: number;
  readonly lines: readonly BillLine[];
  readonly slots: SlotCounts;
  readonly missing: readonly { readonly fromSeconds: number; readonly toSeconds: number }[];
  /** Records that the bill used, by `from`. */
  readonly used: readonly {
    readonly leaf: string;
    readonly wh: number;
    readonly date: string;
    readonly position: number;
  }[];
  /** Its days that have a record, by date; empty when its tariff cannot be computed with here. */
  readonly daily: readonly DayStatement[];
  readonly tariffs: readonly {
    readonly id: string;
    readonly version: number;
    readonly leaf: string;
    readonly position: number;
  }[];
}

export interface BillQuery {
  readonly meter?: string;
  readonly offset?: number;
  readonly limit?: number;
}

/** Bills, newest period first, then by meter. */
export interface BillPage {
  readonly rows: readonly BillSummary[];
  readonly total: number;
}

/** How often intake answered with a code since the store was made ("held", "refused-seq", …). */
export interface CounterRow {
  readonly code: string;
  readonly count: number;
}

export interface ReadModel {
  overview(): Overview;
  meters(query?: MeterQuery): MeterPage;
  meter(id: string): MeterSummary | undefined;
  /** Records whose date is in fromDate…toDate (both included), by `fromSeconds`. */
  days(meter: string, fromDate: string, toDate: string): readonly DaySummary[];
  /** The records of one civil day by `fromSeconds`: usually one, none when nothing was sealed. */
  day(meter: string, date: string): readonly DayDetail[];
  /** Ascending. */
  months(meter: string): readonly MonthSummary[];
  bills(query?: BillQuery): BillPage;
  /** What a meter owes: bills and payments with the balance after each. */
  account(meter: string): MeterAccount;
  bill(no: string): BillDetail | undefined;
  /** By id, the newest version first. */
  tariffs(): readonly TariffVersion[];
  /** Days of a month ("YYYY-MM") that have a record and a tariff, by date; provisional where not billed. */
  statements(meter: string, month: string): readonly DayStatement[];
  /** Of any local days. Throws the code that says why the period cannot be computed: `tariff-none`, `bill-period`, … */
  periodStatement(query: StatementQuery): PeriodStatement | undefined;
  /** Descending by height, beginning below `beforeHeight` (or at the tip). */
  blocks(beforeHeight: number | undefined, limit: number): readonly BlockSummary[];
  block(height: number): BlockDetail | undefined;
  /** Ascending by height, beginning at `fromHeight`. */
  headers(fromHeight: number, limit: number): readonly HeaderRow[];
  /** Ascending by position, beginning at `fromPosition`. */
  records(fromPosition: number, limit: number): readonly RecordSummary[];
  /** Ascending by position, beginning at `fromPosition`. */
  lines(fromPosition: number, limit: number): readonly LineRow[];
  record(position: number): RecordDetail | undefined;
  positionOf(leaf: string): number | undefined;
  /** Devices that took the place of others, in log order. */
  exchanges(meter: string): readonly MeterExchange[];
  /** Newest record first. */
  events(meter: string, limit: number): readonly MeterEventRow[];
  /** Newest first. */
  alarms(query: AlarmQuery): readonly AlarmRow[];
  /** What the newest blocks took to make, newest first. */
  blockCosts(beforeHeight: number | undefined, limit: number): readonly BlockCostRow[];
  /** The same by day, newest first. */
  dayCosts(beforeDate: string | undefined, limit: number): readonly DayCostRow[];
  /** By descending count, then code. */
  counters(): readonly CounterRow[];
}
