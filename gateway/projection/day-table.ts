/**
 * The rows that days make: one a day record, the sums of its month, the total of its date.
 *
 * Sums are added to once a block, a meter and a month; after a rollback they are made again from the day rows that are left, so that
 * they are what a rebuild would give.
 */
import type { Db, Statement } from "../ledger/database.ts";
import { type DayHead, readDayHead } from "./packed-day.ts";

/** A row of `day`. */
export interface DayRow {
  /** yyyymmdd */
  readonly date: number;
  readonly meter: number;
  readonly pos: number;
  readonly code: string | null;
  readonly body: Uint8Array | null;
}

/** More than there are meter ids. */
const METERS = 2 ** 30;

interface MonthSum {
  readonly month: number;
  readonly meter: number;
  records: number;
  days: number;
  first: number;
  last: number;
  wh: number;
  measured: number;
  partial: number;
  recovered: number;
  substituted: number;
  gap: number;
}

const NO_COUNTS = { measured: 0, partial: 0, recovered: 0, substituted: 0, gap: 0 };

export class DayTable {
  readonly #insert: Statement<[number, number, number, string | null, Uint8Array | null]>;
  readonly #addMonth: Statement<number[]>;
  readonly #addTotal: Statement<[number, number, number]>;
  readonly #at: Statement<[number, number, number], DayRow>;
  readonly #ofDate: Statement<[number, number], DayRow>;
  readonly #remove: Statement<[number, number, number]>;
  readonly #removeMonth: Statement<[number, number]>;
  readonly #subtractTotal: Statement<[number, number]>;
  readonly #removeTotal: Statement<[number]>;
  /** Sums over the block that is being applied, by month and meter: a meter has one to many days in it. */
  readonly #months = new Map<number, MonthSum>();
  /** Totals of the block that is being applied, by date. */
  readonly #totals = new Map<number, { wh: number; days: number }>();

  constructor(db: Db) {
    this.#insert = db.prepare(
      "INSERT INTO day (date, meter, pos, code, body) VALUES (?, ?, ?, ?, ?)",
    );
    this.#addMonth = db.prepare(
      `INSERT INTO month VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (month, meter) DO UPDATE SET records = records + excluded.records, days = days + excluded.days,
         first = min(first, excluded.first), last = max(last, excluded.last),
         wh = wh + excluded.wh, measured = measured + excluded.measured,
         partial = partial + excluded.partial, recovered = recovered + excluded.recovered,
         substituted = substituted + excluded.substituted, gap = gap + excluded.gap`,
    );
    this.#addTotal = db.prepare(
      `INSERT INTO day_total VALUES (?, ?, ?)
       ON CONFLICT (date) DO UPDATE SET wh = wh + excluded.wh, days = days + excluded.days`,
    );
    this.#at = db.prepare("SELECT * FROM day WHERE date = ? AND meter = ? AND pos = ?");
    this.#ofDate = db.prepare("SELECT * FROM day WHERE date = ? AND meter = ? ORDER BY pos");
    this.#remove = db.prepare("DELETE FROM day WHERE date = ? AND meter = ? AND pos = ?");
    this.#removeMonth = db.prepare("DELETE FROM month WHERE month = ? AND meter = ?");
    this.#subtractTotal = db.prepare(
      "UPDATE day_total SET wh = wh - ?, days = days - 1 WHERE date = ?",
    );
    this.#removeTotal = db.prepare("DELETE FROM day_total WHERE date = ? AND days = 0");
  }

  /** Adds a row and its sums; `head` is the head of its body, where it has one. */
  add(row: DayRow, head: DayHead | undefined): void {
    const { date, meter, pos, code, body } = row;
    this.#insert.run(date, meter, pos, code, body);
    this.#sum(row, head);
    if (code !== null || head === undefined) return;
    const total = this.#totals.get(date);
    if (total === undefined) this.#totals.set(date, { wh: head.wh, days: 1 });
    else {
      total.wh += head.wh;
      total.days += 1;
    }
  }

  /** Writes the totals of the block that was applied. */
  flush(): void {
    for (const [date, { wh, days }] of this.#totals) this.#addTotal.run(date, wh, days);
    this.#totals.clear();
    this.#flushMonths();
  }

  /** Forgets sums and totals that were not written, after a transaction that was undone. */
  reset(): void {
    this.#totals.clear();
    this.#months.clear();
  }

  /** The row of the record at `pos`, which begins on or next to `date`. */
  find(date: number, meter: number, pos: number): DayRow | undefined {
    for (const near of [date, shiftDate(date, 1), shiftDate(date, -1)]) {
      const row = this.#at.get(near, meter, pos);
      if (row !== undefined) return row;
    }
    return undefined;
  }

  remove(row: DayRow): void {
    this.#remove.run(row.date, row.meter, row.pos);
    if (row.code !== null || row.body === null) return;
    this.#subtractTotal.run(readDayHead(row.body).wh, row.date);
    this.#removeTotal.run(row.date);
  }

  /** Makes the sums of a month (yyyymm) again from its rows. */
  resum(month: number, meter: number): void {
    this.#removeMonth.run(month, meter);
    for (let day = 1; day <= 31; day++) {
      for (const row of this.#ofDate.all(month * 100 + day, meter)) {
        this.#sum(row, row.body === null ? undefined : readDayHead(row.body));
      }
    }
    this.#flushMonths();
  }

  #sum({ date, meter, code }: DayRow, head: DayHead | undefined): void {
    const month = Math.floor(date / 100);
    const key = month * METERS + meter;
    let sum = this.#months.get(key);
    if (sum === undefined) {
      sum = { month, meter, records: 0, days: 0, first: date, last: date, wh: 0, ...NO_COUNTS };
      this.#months.set(key, sum);
    }
    sum.records += 1;
    if (date < sum.first) sum.first = date;
    if (date > sum.last) sum.last = date;
    if (code !== null || head === undefined) return;
    const { measured, partial, recovered, substituted, gap } = head.counts;
    sum.days += 1;
    sum.wh += head.wh;
    sum.measured += measured;
    sum.partial += partial;
    sum.recovered += recovered;
    sum.substituted += substituted;
    sum.gap += gap;
  }

  #flushMonths(): void {
    for (const sum of this.#months.values()) {
      const { month, meter, records, days, first, last, wh } = sum;
      const { measured, partial, recovered, substituted, gap } = sum;
      const counts = [measured, partial, recovered, substituted, gap];
      this.#addMonth.run(month, meter, records, days, first, last, wh, ...counts);
    }
    this.#months.clear();
  }
}

/** yyyymmdd of `YYYY-MM-DD`. */
export function dateNumber(date: string): number {
  return Number(date.slice(0, 4)) * 10_000 + Number(date.slice(5, 7)) * 100 + Number(date.slice(8));
}

/** `YYYY-MM-DD` of yyyymmdd. */
export function dateText(date: number): string {
  const text = String(date).padStart(8, "0");
  return `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}`;
}

/** The date `days` later, in the proleptic Gregorian calendar. */
export function shiftDate(date: number, days: number): number {
  const at = new Date(
    Date.UTC(Math.floor(date / 10_000), (Math.floor(date / 100) % 100) - 1, (date % 100) + days),
  );
  return at.getUTCFullYear() * 10_000 + (at.getUTCMonth() + 1) * 100 + at.getUTCDate();
}
