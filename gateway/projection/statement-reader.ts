/**
 * Daily statements for readers: the stored rows of billed days, as the newest credit of the bill has them, and for days that no
 * bill has reached the same computed from the log so far, marked provisional.
 */
import { isCoded } from "../../shared/base/error.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import type { TariffRecords } from "../../shared/money/tariff-timeline.ts";
import type { Span } from "../../shared/time/civil-day.ts";
import type { Db, Statement } from "../ledger/database.ts";
import { dateNumber, dateText, shiftDate } from "./day-table.ts";
import { meterText } from "./meter-text.ts";
import { type DayCost, type PlacedDay, PointCosts } from "./point-costs.ts";
import type { DayStatement } from "./read-model-types.ts";
import type { ShownBill } from "./row-tables.ts";
import { datesOf } from "./statement-table.ts";

interface StatementRow {
  readonly date: number;
  readonly bill: number;
  readonly pos: number;
  readonly wh: number;
  readonly currency: string;
  readonly minor: number;
  readonly exact: string;
  readonly amount: number;
  readonly no: string;
  /** Position of the bill where the row is of a credit. */
  readonly of: number | null;
}

export class StatementReader {
  readonly #costs: PointCosts;
  readonly #ofDate: Statement<[number, number], StatementRow>;
  readonly #point: Statement<[number], string>;
  readonly #lastCredit: Statement<[number], number | null>;
  readonly #bills: Statement<[number], { body: string }>;

  constructor(db: Db, suite: CryptoSuite) {
    this.#costs = new PointCosts(db, suite);
    this.#ofDate = db.prepare(
      `SELECT s.*, coalesce(b.no, c.no) AS no, c.bill AS of FROM statement s
       LEFT JOIN bill b ON b.pos = s.bill LEFT JOIN credit c ON c.pos = s.bill
       WHERE s.date = ? AND s.meter = ? ORDER BY s.bill`,
    );
    this.#point = db.prepare<[number], string>(
      "SELECT e.point FROM meter m JOIN enrolment e ON e.pos = m.pos WHERE m.meter = ?",
    );
    this.#point.pluck();
    this.#lastCredit = db.prepare<[number], number>("SELECT max(pos) FROM credit WHERE bill = ?");
    this.#lastCredit.pluck();
    this.#bills = db.prepare("SELECT body FROM bill WHERE meter = ? ORDER BY from_s DESC, pos");
  }

  /** The days of the bill or credit at `position`, by date. */
  ofBill(position: number, bill: ShownBill): DayStatement[] {
    const { first, last } = datesOf(bill);
    return this.#stored(Number(bill.meter), first, last, (row) => row.bill === position);
  }

  /** The days of a month (`YYYY-MM`), by date; none where no tariff is in force. */
  ofMonth(meter: number, month: string): DayStatement[] {
    const first = dateNumber(`${month}-01`);
    const last = dateNumber(`${month}-31`);
    const stored = this.#stored(meter, first, last, (row) => this.#isInForce(row));
    const provisional = this.#provisional(meter, first, last);
    return [...stored, ...provisional].sort((a, b) => (a.date < b.date ? -1 : 1));
  }

  /** Whether no later credit of the same bill has another row in this one's place. */
  #isInForce({ bill, of }: StatementRow): boolean {
    return (this.#lastCredit.get(of ?? bill) ?? bill) === bill;
  }

  #stored(
    meter: number,
    first: number,
    last: number,
    isAsked: (row: StatementRow) => boolean,
  ): DayStatement[] {
    const rows: StatementRow[] = [];
    for (let date = first; date <= last; date = shiftDate(date, 1)) {
      rows.push(...this.#ofDate.all(date, meter).filter(isAsked));
    }
    return rows.map((row) => ({
      meter: meterText(meter),
      date: dateText(row.date),
      position: row.pos,
      wh: row.wh,
      currency: row.currency,
      minorDigits: row.minor,
      exactPico: row.exact,
      amountMinor: row.amount,
      provisional: false,
      billNo: row.no,
      billPosition: row.bill,
    }));
  }

  #provisional(meter: number, first: number, last: number): DayStatement[] {
    const point = this.#point.get(meter);
    if (point === undefined) return [];
    const all = this.#costs.days(point, meter, first, last);
    const begin = all[0]?.from;
    const zone = all.at(-1)?.zone;
    if (begin === undefined || zone === undefined) return [];
    const billed = this.#periodsSince(meter, begin);
    const open = all.filter(
      ({ from, to }) => !billed.some((bill) => from < bill.to && bill.from < to),
    );
    const records = this.#costs.tariffRecords(point);
    // Day by day, because the tariff may begin or end within the month.
    return groupByDate(open)
      .flatMap((days) => this.#costOrNone(days, zone, records))
      .map((day) => ({
        meter: meterText(meter),
        date: dateText(day.date),
        position: day.position,
        wh: day.wh,
        currency: day.currency,
        minorDigits: day.minor,
        exactPico: day.pico.toString(),
        amountMinor: day.amount,
        provisional: true,
      }));
  }

  #costOrNone(days: readonly PlacedDay[], zone: string, records: TariffRecords): DayCost[] {
    try {
      return this.#costs.costs(days, zone, records);
    } catch (error) {
      if (!isCoded(error)) throw error;
      return [];
    }
  }

  /** Billed periods that end after `since`; bills of a meter do not overlap, so the newest ones are enough. */
  #periodsSince(meter: number, since: number): Span[] {
    const periods: Span[] = [];
    for (const { body } of this.#bills.iterate(meter)) {
      const { from, to } = JSON.parse(body) as ShownBill;
      if (to <= since) break;
      periods.push({ from, to });
    }
    return periods;
  }
}

function groupByDate(days: readonly PlacedDay[]): PlacedDay[][] {
  const groups = new Map<number, PlacedDay[]>();
  for (const day of days) groups.set(day.date, [...(groups.get(day.date) ?? []), day]);
  return [...groups.values()];
}
