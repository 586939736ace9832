/** Rows that a statement of any period rests on (period-statement.ts), and the statement made of them. */
import { encodeBase64url } from "../../shared/base/bytes.ts";
import { fail } from "../../shared/base/error.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { sumExactly } from "../../shared/money/amount.ts";
import { localDayOf, type Span } from "../../shared/time/civil-day.ts";
import type { Db, Statement } from "../ledger/database.ts";
import type { ChainReader } from "./chain-reader.ts";
import { dateNumber, shiftDate } from "./day-table.ts";
import { type StatementGrounds, statementSpan, statePeriod } from "./period-statement.ts";
import type { PeriodStatement, StatementQuery, TouchedBill } from "./period-statement-types.ts";
import { PointCosts } from "./point-costs.ts";
import { PriceReader } from "./price-reader.ts";
import type { MeterSummary } from "./read-model-types.ts";
import type { ShownBill } from "./row-tables.ts";

/** Longest period in seconds: ten years, as of a bill. */
const MAX_PERIOD_S = 3_653 * 86_400;

export class PeriodReader {
  readonly #suite: CryptoSuite;
  readonly #chain: ChainReader;
  readonly #costs: PointCosts;
  readonly #prices: PriceReader;
  readonly #bills: Statement<[number, number], { pos: number; body: string }>;
  readonly #credits: Statement<[number], { body: string }>;
  readonly #tariff: Statement<[string], { pos: number; id: string; ver: number }>;

  constructor(db: Db, chain: ChainReader) {
    const { suite } = chain;
    this.#suite = suite;
    this.#chain = chain;
    this.#costs = new PointCosts(db, suite);
    this.#prices = new PriceReader(db, suite);
    this.#bills = db.prepare(
      "SELECT pos, body FROM bill WHERE meter = ? AND from_s < ? ORDER BY from_s DESC, pos",
    );
    this.#credits = db.prepare("SELECT body FROM credit WHERE bill = ? ORDER BY pos");
    this.#tariff = db.prepare("SELECT pos, id, ver FROM tariff WHERE leaf = ?");
  }

  /** Throws `bill-period` for a period longer than ten years or none at all, and what computeBill throws. */
  statement(meter: MeterSummary, query: StatementQuery): PeriodStatement {
    const zone = meter.lastDay?.zone ?? meter.zone;
    const period = statementSpan(zone, query);
    if (period.to - period.from > MAX_PERIOD_S) {
      fail("bill-period", "a statement has at most ten years");
    }
    this.#chain.tip();
    const grounds: StatementGrounds = {
      zone,
      point: meter.point,
      days: this.#days(meter, zone, period),
      records: {
        ...this.#costs.tariffRecords(meter.point),
        prices: this.#prices.within(period),
      },
      tariffOf: (leaf) => {
        const row = this.#tariff.get(leaf);
        return row && { id: row.id, version: row.ver, position: row.pos };
      },
      bills: this.#touched(Number(meter.meter), period),
      sealedTo: meter.lastDay?.toSeconds ?? 0,
    };
    return statePeriod(this.#suite, query, grounds);
  }

  /** The sealed date is of the meter's own zone, which may have been another one: a date more on both sides. */
  #days({ meter, point, firstDate, lastDay }: MeterSummary, zone: string, period: Span) {
    const [first, last] = [firstDate, lastDay?.date].map((date) =>
      dateNumber(date ?? "1970-01-01"),
    );
    const low = shiftDate(dateNumber(localDayOf(zone, period.from)), -1);
    const high = shiftDate(dateNumber(localDayOf(zone, period.to - 1)), 1);
    const [from, to] = [Math.max(low, first ?? 0), Math.min(high, last ?? 0)];
    return this.#costs
      .days(point, Number(meter), from, to)
      .filter((day) => period.from <= day.from && day.to <= period.to)
      .map((day) => ({
        ...day,
        leaf: encodeBase64url(this.#chain.tree.node(0, day.position)),
      }));
  }

  /** Bills of a meter do not overlap, so the newest ones that begin before the period's end are enough. */
  #touched(meter: number, { from, to }: Span): TouchedBill[] {
    const bills: TouchedBill[] = [];
    for (const { pos, body } of this.#bills.iterate(meter, to)) {
      const bill = JSON.parse(body) as ShownBill;
      if (bill.to <= from) break;
      const credits = this.#credits.all(pos).map(({ body: credit }) => JSON.parse(credit).total);
      bills.unshift({
        no: bill.no,
        position: pos,
        fromSeconds: bill.from,
        toSeconds: bill.to,
        currency: bill.currency,
        minorDigits: bill.minor,
        totalMinor: bill.total,
        inForceMinor: sumExactly([bill.total, ...credits]),
      });
    }
    return bills;
  }
}
