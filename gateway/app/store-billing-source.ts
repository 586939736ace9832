/**
 * What billing reads, from a gateway's store: the projection finds the rows, truth gives their content.
 */
import type { Json } from "../../shared/base/canonical-json.ts";
import { decodeHeader } from "../../shared/chain/block.ts";
import { decodeOkpKey, thumbprint } from "../../shared/crypto/key.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import type { BillableDay } from "../../shared/money/bill.ts";
import type { LoggedPrice } from "../../shared/money/price-series.ts";
import type { LoggedAssignment, LoggedTariff } from "../../shared/money/tariff-timeline.ts";
import { parseRecord } from "../../shared/record/record.ts";
import type { Span } from "../../shared/time/civil-day.ts";
import type {
  BillingPoint,
  BillingSource,
  LoggedDay,
  OvertakenBill,
  PointService,
} from "../billing/billing-source.ts";
import type { Statement } from "../ledger/database.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { type DayRow, isCounting, shiftDate } from "../projection/day-table.ts";
import { meteredOf, unpackDay } from "../projection/packed-day.ts";
import { PriceReader } from "../projection/price-reader.ts";
import { ReadingRows } from "../projection/reading-rows.ts";
import type { ShownBill } from "../projection/row-tables.ts";
import { isAboutReadings } from "./held-readings.ts";

/** The yyyymm after one. */
function nextMonth(month: number): number {
  return month % 100 === 12 ? month + 89 : month + 1;
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
  readonly #readings: ReadingRows;
  readonly #overtaken: Statement<[number], { bill: number; pos: number; body: string }>;
  readonly #credits: Statement<[number], { body: string }>;
  readonly #blockTime: Statement<[number], { header: Uint8Array }>;
  readonly #anyOvertaken: Statement<[]>;
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
    this.#days = db.prepare("SELECT * FROM day WHERE date = ? AND meter = ? ORDER BY pos");
    this.#readings = new ReadingRows(db, suite);
    this.#assignments = db.prepare(
      "SELECT pos, tariff, from_s, to_s FROM assignment WHERE point = ? ORDER BY pos",
    );
    this.#tariffs = db.prepare("SELECT pos, leaf, id, ver FROM tariff ORDER BY pos");
    this.#overtaken = db.prepare(
      `SELECT o.bill, o.pos, b.body FROM overtaken o JOIN bill b ON b.pos = o.bill
       WHERE o.meter = ? ORDER BY b.from_s DESC, o.bill`,
    );
    this.#credits = db.prepare("SELECT body FROM credit WHERE bill = ? ORDER BY pos");
    this.#blockTime = db.prepare(
      "SELECT header FROM block WHERE first <= ? ORDER BY first DESC, height DESC LIMIT 1",
    );
    this.#anyOvertaken = db.prepare("SELECT 1 FROM overtaken LIMIT 1");
  }

  *points(): Generator<BillingPoint> {
    for (const { point } of this.#ledger.vault.points()) {
      const found = this.point(point);
      if (found !== undefined) yield found;
    }
  }

  /** A point that was enrolled and that the vault opens. */
  point(point: string): BillingPoint | undefined {
    const opening = this.#ledger.vault.point(point);
    const kid = this.#enrolment.get(point)?.kid;
    const device = kid === undefined ? undefined : this.#ledger.state.get("device", kid);
    if (opening === undefined || device === undefined) return undefined;
    const recipients = device.to
      .map(({ key }) => ({ kid: thumbprint(this.#suite, key), key: decodeOkpKey(key) }))
      .sort((a, b) => (a.kid < b.kid ? -1 : 1));
    return { point, meter: opening.meter, opening: opening.salt, recipients };
  }

  service(point: string): PointService | undefined {
    const meter = this.#enrolment.get(point)?.meter;
    if (meter === undefined || meter === null) return undefined;
    const months = this.#monthsOf(meter);
    if (months.length === 0) return undefined;
    const from = this.#serviceFrom.get(point) ?? this.#firstOf(point, meter, months);
    if (from === undefined) return undefined;
    this.#serviceFrom.set(point, from);
    // Almost always the last date; the days of a stolen key may be void, and those that nobody can read have no zone.
    for (const { first, last } of months.reverse()) {
      for (let date = last; date >= first; date = shiftDate(date, -1)) {
        const row = this.#days.all(date, meter).findLast(isCounting);
        if (row !== undefined) return { from, zone: unpackDay(row.body).zone };
      }
    }
    return undefined;
  }

  days(point: string, within: Span): readonly LoggedDay[] {
    const meter = this.#enrolment.get(point)?.meter;
    if (meter === undefined || meter === null) return [];
    this.#listed = new Map();
    return this.#readings.near(meter, within).flatMap((reading) => {
      const { row, leaf, from, to } = reading;
      if (reading.point !== point || row.lost !== null) return [];
      if (from < within.from || to > within.to) return [];
      this.#listed.set(leaf, row);
      return [{ leaf, from, to }];
    });
  }

  openDay(leaf: string): BillableDay | undefined {
    const row = this.#listed.get(leaf);
    if (row === undefined || !isCounting(row)) return undefined;
    const day = unpackDay(row.body);
    return { leaf, zone: day.zone, ...meteredOf(day) };
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
    for (const { typ } of this.#ledger.heldOthers()) {
      if (typ === "tariff" || typ === "price" || typ === "assign") return true;
    }
    return false;
  }

  hasHeldReadings(point: string, span: Span): boolean {
    const { state, pending } = this.#ledger;
    const before = state.get("point", point)?.last_to ?? 0;
    const after = pending.get("point", point)?.last_to ?? 0;
    // Held days lie between the two ends.
    if (after !== before && before < span.to && span.from < after) return true;
    for (const record of this.#ledger.heldOthers()) {
      if (isAboutReadings(pending, record, point, span)) return true;
    }
    return false;
  }

  overtaken({ point, meter }: BillingPoint): readonly OvertakenBill[] {
    return this.#overtaken.all(Number(meter)).flatMap(({ bill, pos, body }) => {
      const record = parseRecord(this.#suite, this.#ledger.line1(bill) ?? "");
      if (record.typ !== "bill" || record.payload.point !== point) return [];
      const earlier = this.#credits.all(bill).map((row) => JSON.parse(row.body) as ShownBill);
      return [
        {
          leaf: record.leaf,
          position: bill,
          payload: record.payload,
          plaintext: { ...(JSON.parse(body) as ShownBill), salt: "", pad: "" },
          earlier,
          changedAt: this.#timeOf(pos),
          isHeld: this.#hasHeldCredit(record.leaf),
        },
      ];
    });
  }

  /** Whether any bill waits for a credit, or for what it needs. */
  hasOvertaken(): boolean {
    return this.#anyOvertaken.get() !== undefined;
  }

  /** Forgets since when points are served: a revocation may have taken their first days. */
  forgetService(): void {
    this.#serviceFrom.clear();
  }

  #hasHeldCredit(bill: string): boolean {
    for (const record of this.#ledger.heldOthers()) {
      if (record.typ === "credit" && record.payload.bill === bill) return true;
    }
    return false;
  }

  /** Time of the block that carries the record at a position. */
  #timeOf(position: number): number {
    const header = this.#blockTime.get(position)?.header;
    return header === undefined ? 0 : decodeHeader(header).time;
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
        const starts = this.#readings
          .onDate(meter, date)
          .filter((reading) => reading.point === point && reading.row.lost === null)
          .map(({ from }) => from);
        if (starts.length > 0) return Math.min(...starts);
      }
    }
    return undefined;
  }
}
