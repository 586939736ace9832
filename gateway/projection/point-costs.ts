/**
 * What the local days of a point cost, from the rows that the projection holds now.
 *
 * In:  day, assignment and tariff rows of one store. Out: exact amounts by date (shared/money/daily-statement.ts).
 *      While a bill is projected these rows are the log below it; for a reader they are the log so far. Both
 *      kinds of statement are made here, so they cannot differ in how they are computed.
 */
import type { Json } from "../../shared/base/canonical-json.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { listDailyStatements } from "../../shared/money/daily-statement.ts";
import type { LoggedPrice } from "../../shared/money/price-series.ts";
import type { MeteredDay } from "../../shared/money/slot-walk.ts";
import type { LoggedTariff, TariffRecords } from "../../shared/money/tariff-timeline.ts";
import { parseRecord } from "../../shared/record/record.ts";
import type { Db, Statement } from "../ledger/database.ts";
import { RecordStore } from "../ledger/record-store.ts";
import { type DayRow, dateNumber, isCounting, shiftDate } from "./day-table.ts";
import { meteredOf, unpackDay } from "./packed-day.ts";
import { PriceReader } from "./price-reader.ts";

/** A reading of the point that counts. */
export interface PlacedDay extends MeteredDay {
  readonly position: number;
  /** yyyymmdd as sealed. */
  readonly date: number;
  /** IANA zone as sealed. */
  readonly zone: string;
}

/** What one local day costs. */
export interface DayCost {
  /** yyyymmdd */
  readonly date: number;
  /** Of the day's first record. */
  readonly position: number;
  readonly wh: number;
  readonly currency: string;
  readonly minor: number;
  /** Exact, in 1e-12 of the currency. */
  readonly pico: bigint;
  /** Rounded to the minor unit, for display. */
  readonly amount: number;
}

interface AssignmentRow {
  readonly pos: number;
  readonly tariff: string;
  readonly from_s: number;
  readonly to_s: number | null;
}

export class PointCosts {
  readonly #suite: CryptoSuite;
  readonly #records: RecordStore;
  readonly #prices: PriceReader;
  readonly #days: Statement<[number, number], DayRow>;
  readonly #points: Statement<[number], string>;
  readonly #pointOfKey: Statement<[string, number], string>;
  readonly #assignments: Statement<[string], AssignmentRow>;
  readonly #tariffs: Statement<[string], { pos: number; leaf: string; ver: number }>;

  constructor(db: Db, suite: CryptoSuite) {
    this.#suite = suite;
    this.#records = new RecordStore(db);
    this.#prices = new PriceReader(db, suite);
    this.#days = db.prepare("SELECT * FROM day WHERE date = ? AND meter = ? ORDER BY pos");
    this.#points = db.prepare<[number], string>(
      "SELECT DISTINCT point FROM enrolment WHERE meter = ? LIMIT 2",
    );
    this.#points.pluck();
    this.#pointOfKey = db.prepare<[string, number], string>(
      "SELECT point FROM enrolment WHERE kid = ? AND pos < ? ORDER BY pos DESC LIMIT 1",
    );
    this.#pointOfKey.pluck();
    this.#assignments = db.prepare(
      "SELECT pos, tariff, from_s, to_s FROM assignment WHERE point = ? ORDER BY pos",
    );
    this.#tariffs = db.prepare("SELECT pos, leaf, ver FROM tariff WHERE id = ? ORDER BY ver");
  }

  /** Readings of a point that count and whose dates (yyyymmdd) are in `first`…`last`, by date and position. */
  days(point: string, meter: number, first: number, last: number): PlacedDay[] {
    const days: PlacedDay[] = [];
    // A meter id that was enrolled with a new salt is another point.
    const points = this.#points.all(meter);
    const isSole = points.length === 1 && points[0] === point;
    for (let date = first; date <= last; date = shiftDate(date, 1)) {
      for (const row of this.#days.all(date, meter)) {
        if (!isCounting(row) || (!isSole && this.#pointOf(row.pos) !== point)) continue;
        const day = unpackDay(row.body);
        days.push({ position: row.pos, date, zone: day.zone, ...meteredOf(day) });
      }
    }
    return days;
  }

  /** Assignments of a point, and every version of the tariffs that they name; only records below `before`, where given. */
  tariffRecords(point: string, before: number = Number.MAX_SAFE_INTEGER): TariffRecords {
    const rows = this.#assignments.all(point).filter(({ pos }) => pos < before);
    const assignments = rows.map(({ pos, tariff, from_s, to_s }) => ({
      position: pos,
      tariff,
      from: from_s,
      ...(to_s === null ? {} : { to: to_s }),
    }));
    const ids = [...new Set(rows.map(({ tariff }) => tariff))];
    const tariffs = ids.flatMap((id) => this.#versions(id));
    return { assignments, tariffs: tariffs.filter(({ position }) => position < before) };
  }

  /** One row a local day of `zone`, by date, at prices below `before`. Throws what computeBill throws. */
  costs(
    days: readonly PlacedDay[],
    zone: string,
    records: TariffRecords,
    before: number = Number.MAX_SAFE_INTEGER,
  ): DayCost[] {
    const positionByStart = new Map(days.map(({ from, position }) => [from, position]));
    const prices = this.#pricesFor(days).filter(({ position }) => position < before);
    return listDailyStatements(days, zone, { ...records, prices }).map((day) => ({
      date: dateNumber(day.date),
      position: positionByStart.get(day.from) ?? -1,
      wh: day.wh,
      currency: day.currency,
      minor: day.minor,
      pico: day.pico,
      amount: day.amount,
    }));
  }

  #pricesFor(days: readonly PlacedDay[]): readonly LoggedPrice[] {
    const from = Math.min(...days.map((day) => day.from));
    const to = Math.max(...days.map((day) => day.to));
    return from < to ? this.#prices.within({ from, to }) : [];
  }

  #versions(id: string): LoggedTariff[] {
    return this.#tariffs.all(id).flatMap(({ pos, leaf, ver }) => {
      const line1 = this.#records.line1(pos);
      const record = line1 === undefined ? undefined : parseRecord(this.#suite, line1);
      if (record?.typ !== "tariff") return [];
      return [{ leaf, position: pos, id, ver, body: record.payload.body as Json }];
    });
  }

  /** The point that a correction names, or that of the record's key when it was logged. */
  #pointOf(position: number): string | undefined {
    const line1 = this.#records.line1(position);
    if (line1 === undefined) return undefined;
    const record = parseRecord(this.#suite, line1);
    if (record.typ === "correction") return record.payload.point;
    return this.#pointOfKey.get(record.kid, position);
  }
}
