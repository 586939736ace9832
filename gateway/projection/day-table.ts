/**
 * The rows that readings make: one a day or correction record, the sums of its month, the total of its date.
 *
 * Sums are added to once a block, a meter and a month. A day of a plain meter is added blindly; where several records may share a
 * date (a swap, a correction) what the date came to before is compared with what it comes to after. After a rollback months are
 * summed again from the rows that are left, so that they are what a rebuild would give.
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
  /** Of a correction. */
  readonly reason: string | null;
  /** Position of the record for which it does not count any more. */
  readonly lost: number | null;
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
const COUNTS = ["measured", "partial", "recovered", "substituted", "gap"] as const;

/** What one date of a meter comes to. */
interface DateSum extends Record<(typeof COUNTS)[number], number> {
  /** Day records. */
  readonly records: number;
  /** 1 where any reading counts. */
  readonly days: 0 | 1;
  readonly wh: number;
}

export class DayTable {
  readonly #insert: Statement<[number, number, number, string | null, Uint8Array | null]>;
  readonly #insertCorrection: Statement<
    [number, number, number, string | null, Uint8Array | null, string]
  >;
  readonly #mark: Statement<[number | null, number, number, number]>;
  readonly #addMonth: Statement<number[]>;
  readonly #addTotal: Statement<[number, number, number]>;
  readonly #at: Statement<[number, number, number], DayRow>;
  readonly #ofDate: Statement<[number, number], DayRow>;
  readonly #remove: Statement<[number, number, number]>;
  readonly #removeMonth: Statement<[number, number]>;
  readonly #removeTotal: Statement<[number]>;
  /** Sums over the block that is being applied, by month and meter: a meter has one to many days in it. */
  readonly #months = new Map<number, MonthSum>();
  /** Totals of the block that is being applied, by date. */
  readonly #totals = new Map<number, { wh: number; days: number }>();
  /** Months to be summed again. */
  readonly #toSum = new Map<number, { readonly month: number; readonly meter: number }>();

  constructor(db: Db) {
    this.#insert = db.prepare(
      "INSERT INTO day (date, meter, pos, code, body) VALUES (?, ?, ?, ?, ?)",
    );
    this.#insertCorrection = db.prepare(
      "INSERT INTO day (date, meter, pos, code, body, reason) VALUES (?, ?, ?, ?, ?, ?)",
    );
    this.#mark = db.prepare("UPDATE day SET lost = ? WHERE date = ? AND meter = ? AND pos = ?");
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
    this.#removeTotal = db.prepare("DELETE FROM day_total WHERE date = ? AND days = 0");
  }

  /** Adds the day of a plain meter and its sums; `head` is the head of its body, where it has one. */
  add(row: Omit<DayRow, "reason" | "lost">, head: DayHead | undefined): void {
    const { date, meter, pos, code, body } = row;
    this.#insert.run(date, meter, pos, code, body);
    const counts = code === null ? head : undefined;
    this.#addRecord(date, meter, counts);
    if (counts !== undefined) this.#addTotalOf(date, counts.wh, 1);
  }

  /** Adds the row of a meter that may have other rows on its date. */
  addBeside(row: Omit<DayRow, "lost">): void {
    const { date, meter, pos, code, body, reason } = row;
    this.#change(date, meter, () => {
      if (reason === null) this.#insert.run(date, meter, pos, code, body);
      else this.#insertCorrection.run(date, meter, pos, code, body, reason);
    });
  }

  /** From now on the row does not count because of the record at `lost`, or null: it counts. */
  mark({ date, meter, pos }: DayRow, lost: number | null): void {
    this.#change(date, meter, () => this.#mark.run(lost, date, meter, pos));
  }

  /** Writes the sums of the block that was applied, or of the rows that were taken back. */
  flush(): void {
    for (const [date, { wh, days }] of this.#totals) {
      this.#addTotal.run(date, wh, days);
      if (days <= 0) this.#removeTotal.run(date);
    }
    this.#totals.clear();
    this.#flushMonths();
    for (const { month, meter } of this.#toSum.values()) this.#resum(month, meter);
    this.#toSum.clear();
  }

  /** Forgets sums and totals that were not written, after a transaction that was undone. */
  reset(): void {
    this.#totals.clear();
    this.#months.clear();
    this.#toSum.clear();
  }

  /** The row of the record at `pos`, which begins on or next to `date`. */
  find(date: number, meter: number, pos: number): DayRow | undefined {
    for (const near of [date, shiftDate(date, 1), shiftDate(date, -1)]) {
      const row = this.#at.get(near, meter, pos);
      if (row !== undefined) return row;
    }
    return undefined;
  }

  /** The rows of a meter from one date to another (yyyymmdd), both included, by date and position. */
  between(meter: number, first: number, last: number): DayRow[] {
    const rows: DayRow[] = [];
    for (let date = first; date <= last; date = shiftDate(date, 1)) {
      rows.push(...this.#ofDate.all(date, meter));
    }
    return rows;
  }

  /** Takes a row back; `flush` sums its month again. */
  remove({ date, meter, pos }: DayRow): void {
    this.#change(date, meter, () => this.#remove.run(date, meter, pos));
    const month = Math.floor(date / 100);
    this.#toSum.set(month * METERS + meter, { month, meter });
  }

  /** Makes the sums of a month (yyyymm) again from its rows. */
  #resum(month: number, meter: number): void {
    this.#removeMonth.run(month, meter);
    for (let day = 1; day <= 31; day++) {
      const date = month * 100 + day;
      const rows = this.#ofDate.all(date, meter);
      if (rows.length > 0) this.#addSum(date, meter, NOTHING, sumOf(rows));
    }
    this.#flushMonths();
  }

  /** Does what changes the rows of a date, and adds to the sums by how much they change. */
  #change(date: number, meter: number, work: () => void): void {
    const before = sumOf(this.#ofDate.all(date, meter));
    work();
    const after = sumOf(this.#ofDate.all(date, meter));
    this.#addSum(date, meter, before, after);
    if (before.wh !== after.wh || before.days !== after.days) {
      this.#addTotalOf(date, after.wh - before.wh, after.days - before.days);
    }
  }

  #addTotalOf(date: number, wh: number, days: number): void {
    const total = this.#totals.get(date);
    if (total === undefined) this.#totals.set(date, { wh, days });
    else {
      total.wh += wh;
      total.days += days;
    }
  }

  #monthOf(date: number, meter: number): MonthSum {
    const month = Math.floor(date / 100);
    const key = month * METERS + meter;
    let sum = this.#months.get(key);
    if (sum === undefined) {
      sum = { month, meter, records: 0, days: 0, first: date, last: date, wh: 0, ...NO_COUNTS };
      this.#months.set(key, sum);
    }
    if (date < sum.first) sum.first = date;
    if (date > sum.last) sum.last = date;
    return sum;
  }

  #addSum(date: number, meter: number, before: DateSum, after: DateSum): void {
    const sum = this.#monthOf(date, meter);
    sum.records += after.records - before.records;
    sum.days += after.days - before.days;
    sum.wh += after.wh - before.wh;
    for (const name of COUNTS) sum[name] += after[name] - before[name];
  }

  /** @param head of a day that counts */
  #addRecord(date: number, meter: number, head: DayHead | undefined): void {
    const sum = this.#monthOf(date, meter);
    sum.records += 1;
    if (head === undefined) return;
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

const NOTHING: DateSum = { records: 0, days: 0, wh: 0, ...NO_COUNTS };

/** @param rows of one date and meter */
function sumOf(rows: readonly DayRow[]): DateSum {
  const sum = { records: 0, days: 0 as 0 | 1, wh: 0, ...NO_COUNTS };
  for (const row of rows) {
    if (row.reason === null) sum.records += 1;
    if (!isCounting(row)) continue;
    const { wh, counts } = readDayHead(row.body);
    sum.days = 1;
    sum.wh += wh;
    for (const name of COUNTS) sum[name] += counts[name];
  }
  return sum;
}

/** Whether a row is a reading that counts: usable, not void, with nothing in its place. */
export function isCounting<R extends Pick<DayRow, "code" | "lost" | "body">>(
  row: R,
): row is R & { readonly body: Uint8Array } {
  return row.code === null && row.lost === null && row.body !== null;
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
