/**
 * Daily statements of billed periods: one row a meter and local day, written when the bill is projected. A bill never
 * changes and rests on the log below it, so its rows are final; they go only when the bill itself is taken back.
 */
import { isCoded } from "../../shared/base/error.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { localDayOf } from "../../shared/time/civil-day.ts";
import type { Db, Statement } from "../ledger/database.ts";
import { dateNumber, shiftDate } from "./day-table.ts";
import { type DayCost, PointCosts } from "./point-costs.ts";
import type { ShownBill } from "./row-tables.ts";

type BilledPeriod = Pick<ShownBill, "meter" | "zone" | "from" | "to">;

export class StatementTable {
  readonly #costs: PointCosts;
  readonly #insert: Statement<(string | number)[]>;
  readonly #remove: Statement<[number, number, number]>;
  readonly #billsFrom: Statement<[number], { pos: number; body: string }>;

  constructor(db: Db, suite: CryptoSuite) {
    this.#costs = new PointCosts(db, suite);
    this.#insert = db.prepare(
      `INSERT INTO statement (date, meter, bill, pos, wh, currency, minor, exact, amount)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#remove = db.prepare("DELETE FROM statement WHERE date = ? AND meter = ? AND bill = ?");
    this.#billsFrom = db.prepare("SELECT pos, body FROM bill WHERE pos >= ?");
  }

  /** Writes the days of the bill at `position`, from the rows of the records below it. */
  addBill(position: number, point: string, period: BilledPeriod): void {
    const meter = Number(period.meter);
    for (const day of this.#costsOf(point, meter, period)) {
      const { date, position: pos, wh, currency, minor, pico, amount } = day;
      this.#insert.run(date, meter, position, pos, wh, currency, minor, pico.toString(), amount);
    }
  }

  /** Takes back the days of all bills from `position` on; their own rows must still be there. */
  removeBillsFrom(position: number): void {
    for (const { pos, body } of this.#billsFrom.all(position)) {
      const bill = JSON.parse(body) as BilledPeriod;
      const { first, last } = datesOf(bill);
      for (let date = first; date <= last; date = shiftDate(date, 1)) {
        this.#remove.run(date, Number(bill.meter), pos);
      }
    }
  }

  /** None for a bill of another gateway whose tariff cannot be computed with here. */
  #costsOf(point: string, meter: number, period: BilledPeriod): DayCost[] {
    const { zone, from, to } = period;
    const { first, last } = datesOf(period);
    // The sealed date is of the meter's own zone, which may have been another than the bill's.
    const near = this.#costs.days(point, meter, shiftDate(first, -1), shiftDate(last, 1));
    const days = near.filter((day) => day.from >= from && day.to <= to);
    try {
      return this.#costs.costs(days, zone, this.#costs.tariffRecords(point));
    } catch (error) {
      if (!isCoded(error)) throw error;
      return [];
    }
  }
}

/** First and last local date (yyyymmdd) of a billed period. */
export function datesOf({ zone, from, to }: Pick<ShownBill, "zone" | "from" | "to">): {
  readonly first: number;
  readonly last: number;
} {
  return {
    first: dateNumber(localDayOf(zone, from)),
    last: dateNumber(localDayOf(zone, to - 1)),
  };
}
