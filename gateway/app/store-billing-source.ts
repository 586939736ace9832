/**
 * What billing reads, from a gateway's store: the projection finds the rows, truth gives their content.
 */
import type { Json } from "../../shared/base/canonical-json.ts";
import { decodeOkpKey, thumbprint } from "../../shared/crypto/key.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import type { BillableDay } from "../../shared/money/bill.ts";
import type { LoggedPrice } from "../../shared/money/price-series.ts";
import type { LoggedAssignment, LoggedTariff } from "../../shared/money/tariff-timeline.ts";
import { unpackLine1 } from "../../shared/record/compact.ts";
import { type ParsedRecord, parseRecord } from "../../shared/record/record.ts";
import { localDayOf, type Span } from "../../shared/time/civil-day.ts";
import type {
  BillingPoint,
  BillingSource,
  LoggedDay,
  PointService,
} from "../billing/billing-source.ts";
import type { Statement } from "../ledger/database.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { shiftDate } from "../projection/day-table.ts";
import { meteredOf, unpackDay } from "../projection/packed-day.ts";
import { PriceReader } from "../projection/price-reader.ts";

interface DayRow {
  readonly pos: number;
  readonly code: string | null;
  readonly body: Uint8Array | null;
}

const DAY_S = 86_400;

/** The yyyymm after one. */
function nextMonth(month: number): number {
  return month % 100 === 12 ? month + 89 : month + 1;
}

function toDateNumber(date: string): number {
  return Number(date.replaceAll("-", ""));
}

export class StoreBillingSource implements BillingSource {
  readonly #ledger: Ledger;
  readonly #suite: CryptoSuite;
  readonly #prices: PriceReader;
  readonly #enrolment: Statement<[string], { kid: string; meter: number | null }>;
  readonly #month: Statement<[number, number], { first: number; last: number }>;
  readonly #firstMonth: Statement<[], number>;
  readonly #lastMonth: Statement<[], number>;
  readonly #days: Statement<[number, number], DayRow>;
  readonly #assignments: Statement<
    [string],
    { pos: number; tariff: string; from_s: number; to_s: number | null }
  >;
  readonly #tariffs: Statement<[], { pos: number; leaf: string; id: string; ver: number }>;
  readonly #own: Statement<[], { line1: Uint8Array }>;
  readonly #serviceFrom = new Map<string, number>();
  /** Rows of the days listed last, by leaf. */
  #listed = new Map<string, DayRow>();

  constructor(ledger: Ledger, suite: CryptoSuite) {
    const { db } = ledger;
    this.#ledger = ledger;
    this.#suite = suite;
    this.#prices = new PriceReader(db, suite);
    this.#enrolment = db.prepare(
      "SELECT kid, meter FROM enrolment WHERE point = ? ORDER BY pos DESC LIMIT 1",
    );
    // The tables are keyed by date first, so one meter is read date by date.
    this.#month = db.prepare("SELECT first, last FROM month WHERE month = ? AND meter = ?");
    this.#firstMonth = db.prepare<[], number>("SELECT month FROM month ORDER BY month LIMIT 1");
    this.#firstMonth.pluck();
    this.#lastMonth = db.prepare<[], number>("SELECT month FROM month ORDER BY month DESC LIMIT 1");
    this.#lastMonth.pluck();
    this.#days = db.prepare(
      "SELECT pos, code, body FROM day WHERE date = ? AND meter = ? ORDER BY pos",
    );
    this.#assignments = db.prepare(
      "SELECT pos, tariff, from_s, to_s FROM assignment WHERE point = ? ORDER BY pos",
    );
    this.#tariffs = db.prepare("SELECT pos, leaf, id, ver FROM tariff ORDER BY pos");
    this.#own = db.prepare("SELECT line1 FROM mempool WHERE own = 1");
  }

  *points(): Generator<BillingPoint> {
    for (const { point, meter, salt } of this.#ledger.vault.points()) {
      const kid = this.#enrolment.get(point)?.kid;
      const device = kid === undefined ? undefined : this.#ledger.state.get("device", kid);
      if (device === undefined) continue;
      const recipients = device.to
        .map(({ key }) => ({ kid: thumbprint(this.#suite, key), key: decodeOkpKey(key) }))
        .sort((a, b) => (a.kid < b.kid ? -1 : 1));
      yield { point, meter, opening: salt, recipients };
    }
  }

  service(point: string): PointService | undefined {
    const meter = this.#enrolment.get(point)?.meter;
    if (meter === undefined || meter === null) return undefined;
    const months = this.#monthsOf(meter);
    if (months.length === 0) return undefined;
    const from = this.#serviceFrom.get(point) ?? this.#firstOf(point, meter, months);
    if (from === undefined) return undefined;
    this.#serviceFrom.set(point, from);
    for (const { last: date } of months.reverse()) {
      const row = this.#days.all(date, meter).findLast(({ code }) => code === null);
      if (row?.body) return { from, zone: unpackDay(row.body).zone };
    }
    return undefined;
  }

  days(point: string, within: Span): readonly LoggedDay[] {
    const meter = this.#enrolment.get(point)?.meter;
    if (meter === undefined || meter === null) return [];
    // The date is the meter's own: a day more on both sides covers every zone.
    const first = toDateNumber(localDayOf("UTC", Math.max(0, within.from - DAY_S)));
    const last = toDateNumber(localDayOf("UTC", within.to + DAY_S));
    const days: LoggedDay[] = [];
    this.#listed = new Map();
    const rows: DayRow[] = [];
    for (let date = first; date <= last; date = shiftDate(date, 1)) {
      rows.push(...this.#days.all(date, meter));
    }
    for (const row of rows.sort((a, b) => a.pos - b.pos)) {
      const record = this.#dayAt(row.pos);
      if (record === undefined || !this.#isOf(point, record)) continue;
      const { from, to } = record.payload;
      if (from < within.from || to > within.to) continue;
      this.#listed.set(record.leaf, row);
      days.push({ leaf: record.leaf, from, to });
    }
    return days;
  }

  openDay(leaf: string): BillableDay | undefined {
    const row = this.#listed.get(leaf);
    if (row === undefined || row.code !== null || row.body === null) return undefined;
    return { leaf, ...meteredOf(unpackDay(row.body)) };
  }

  assignments(point: string): readonly LoggedAssignment[] {
    return this.#assignments.all(point).map(({ pos, tariff, from_s, to_s }) => ({
      position: pos,
      tariff,
      from: from_s,
      ...(to_s === null ? {} : { to: to_s }),
    }));
  }

  tariffs(): readonly LoggedTariff[] {
    return this.#tariffs.all().flatMap(({ pos, leaf, id, ver }) => {
      const line1 = this.#ledger.line1(pos);
      const record = line1 === undefined ? undefined : parseRecord(this.#suite, line1);
      if (record?.typ !== "tariff") return [];
      return [{ leaf, position: pos, id, ver, body: record.payload.body as Json }];
    });
  }

  prices(within: Span): readonly LoggedPrice[] {
    return this.#prices.within(within);
  }

  issuedPeriods(point: string): readonly Span[] {
    const bills = this.#ledger.pending.get("point", point)?.bills ?? [];
    return bills.map(([from, to]) => ({ from, to }));
  }

  isUnsettled(): boolean {
    return this.#own.all().some(({ line1 }) => {
      const { typ } = parseRecord(this.#suite, unpackLine1(line1));
      return typ === "tariff" || typ === "price" || typ === "assign";
    });
  }

  hasHeldDays(point: string): boolean {
    const { state, pending } = this.#ledger;
    return pending.get("point", point)?.last_to !== state.get("point", point)?.last_to;
  }

  /** Months in which a meter has records, ascending. */
  #monthsOf(meter: number): { first: number; last: number }[] {
    const months: { first: number; last: number }[] = [];
    const last = this.#lastMonth.get() ?? 0;
    for (let month = this.#firstMonth.get() ?? 1; month <= last; month = nextMonth(month)) {
      const row = this.#month.get(month, meter);
      if (row !== undefined) months.push(row);
    }
    return months;
  }

  /** Beginning of the point's first day; earlier days of the meter may be those of another point. */
  #firstOf(
    point: string,
    meter: number,
    months: readonly { readonly first: number; readonly last: number }[],
  ): number | undefined {
    for (const { first, last } of months) {
      for (let date = first; date <= last; date = shiftDate(date, 1)) {
        const starts = this.#days.all(date, meter).flatMap(({ pos }) => {
          const record = this.#dayAt(pos);
          return record !== undefined && this.#isOf(point, record) ? [record.payload.from] : [];
        });
        if (starts.length > 0) return Math.min(...starts);
      }
    }
    return undefined;
  }

  #dayAt(position: number): ParsedRecord<"day"> | undefined {
    const line1 = this.#ledger.line1(position);
    const record = line1 === undefined ? undefined : parseRecord(this.#suite, line1);
    return record?.typ === "day" ? record : undefined;
  }

  /** A meter id that was enrolled with a new salt is another point. */
  #isOf(point: string, record: ParsedRecord): boolean {
    return this.#ledger.state.get("device", record.kid)?.point === point;
  }
}
