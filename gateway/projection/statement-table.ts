/**
 * Daily statements of billed periods: one row a meter and local day, written when the bill is projected, and again for each
 * credit of it. Neither ever changes and both rest on the log below them, so their rows are final; they go only when the bill
 * or credit itself is taken back.
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
  readonly #billsFrom: Statement<[number, number], { pos: number; body: string }>;

  constructor(db: Db, suite: CryptoSuite) {
    this.#costs = new PointCosts(db, suite);
    this.#insert = db.prepare(
      `INSERT INTO statement (date, meter, bill, pos, wh, currency, minor, exact, amount)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#remove = db.prepare("DELETE FROM statement WHERE date = ? AND meter = ? AND bill = ?");
    this.#billsFrom = db.prepare(
      "SELECT pos, body FROM bill WHERE pos >= ? UNION ALL SELECT pos, body FROM credit WHERE pos >= ?",
    );
  }

  /**
   * Writes the days of the bill or credit at `position`, from the rows of the records below it. A credit has the rates that
   * were known at its bill, whose position is `bill`.
   */
  addBill(position: number, point: string, period: BilledPeriod, bill = position): void {
    const meter = Number(period.meter);
    for (const day of this.#costsOf(point, meter, period, bill)) {
      const { date, position: pos, wh, currency, minor, pico, amount } = day;
      this.#insert.run(date, meter, position, pos, wh, currency, minor, pico.toString(), amount);
    }
  }

  /** Takes back the days of all bills and credits from `position` on; their own rows must still be there. */
  removeBillsFrom(position: number): void {
    for (const { pos, body } of this.#billsFrom.all(position, position)) {
      const bill = JSON.parse(body) as BilledPeriod;
      const { first, last } = datesOf(bill);
      for (let date = first; date <= last; date = shiftDate(date, 1)) {
        this.#remove.run(date, Number(bill.meter), pos);
      }
    }
  }

  /** None for a bill of another gateway whose tariff cannot be computed with here. */
  #costsOf(point: string, meter: number, period: BilledPeriod, rates: number): DayCost[] {
    const { zone, from, to } = period;
    const { first, last } = datesOf(period);
    // The sealed date is of the meter's own zone, which may have been another than the bill's.
    const near = this.#costs.days(point, meter, shiftDate(first, -1), shiftDate(last, 1));
    const days = near.filter((day) => day.from >= from && day.to <= to);
    try {
      return this.#costs.costs(days, zone, this.#costs.tariffRecords(point, rates), rates);
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
