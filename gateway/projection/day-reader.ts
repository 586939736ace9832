/** Days and months for readers: rows of the projection → the shapes of read-model-types.ts. */
import type { Db, Statement } from "../ledger/database.ts";
import type { ChainReader } from "./chain-reader.ts";
import { conditionsOf, mergeConditions } from "./conditions.ts";
import { type DayRow, dateNumber, dateText, isCounting, shiftDate } from "./day-table.ts";
import { meterText } from "./meter-text.ts";
import { readSensors, type UnpackedDay, unpackDay } from "./packed-day.ts";
import type {
  Conditions,
  DayDetail,
  DaySummary,
  MonthSummary,
  ReadingSigner,
  ReplacedReading,
  SlotCounts,
} from "./read-model-types.ts";

/** Why a reading of a revoked key does not count. */
const VOID = "void";

/** Where a reading is. */
export interface PlacedReading {
  readonly date: string;
  readonly position: number;
}

export interface MonthRow {
  readonly month: number;
  readonly records: number;
  readonly days: number;
  readonly first: number;
  readonly last: number;
  readonly wh: number;
  readonly measured: number;
  readonly partial: number;
  readonly recovered: number;
  readonly substituted: number;
  readonly gap: number;
}

const NO_SLOTS: SlotCounts = countsOf({
  measured: 0,
  partial: 0,
  recovered: 0,
  substituted: 0,
  gap: 0,
});
/** The number after yyyymm, and after yyyymmdd: that a month may be shorter than 31 days costs a look-up in vain. */
const NEXT_MONTH = "month + CASE month % 100 WHEN 12 THEN 89 ELSE 1 END";
const NEXT_DATE = `CASE WHEN date % 100 < 31 THEN date + 1
  ELSE (date / 100 + CASE date / 100 % 100 WHEN 12 THEN 89 ELSE 1 END) * 100 + 1 END`;

export class DayReader {
  readonly #chain: ChainReader;
  readonly #ofDate: Statement<[number, number], DayRow>;
  readonly #between: Statement<[number, number, number], DayRow>;
  readonly #months: Statement<[number, number, number], MonthRow>;
  readonly #firstMonth: Statement<[], { month: number }>;
  readonly #lastMonth: Statement<[], { month: number }>;
  readonly #zone: Statement<[number], { zone: string | null }>;

  constructor(db: Db, chain: ChainReader) {
    this.#chain = chain;
    this.#ofDate = db.prepare("SELECT * FROM day WHERE date = ? AND meter = ? ORDER BY pos");
    // Keys begin with the date, so each date is looked up; in one statement, which costs a tenth of one a date.
    // Numbers are bound as reals, and a division of reals leaves a rest: without the cast the second month is never found.
    this.#between = db.prepare(
      `WITH RECURSIVE asked (date) AS
         (SELECT CAST(? AS INTEGER) UNION ALL SELECT ${NEXT_DATE} FROM asked WHERE date < ?)
       SELECT d.* FROM asked CROSS JOIN day d ON d.date = asked.date AND d.meter = ?`,
    );
    this.#months = db.prepare(
      `WITH RECURSIVE asked (month) AS
         (SELECT CAST(? AS INTEGER) UNION ALL SELECT ${NEXT_MONTH} FROM asked WHERE month < ?)
       SELECT m.* FROM asked CROSS JOIN month m ON m.month = asked.month AND m.meter = ?`,
    );
    this.#firstMonth = db.prepare("SELECT month FROM month ORDER BY month LIMIT 1");
    this.#lastMonth = db.prepare("SELECT month FROM month ORDER BY month DESC LIMIT 1");
    this.#zone = db.prepare(
      `SELECT v.zone FROM meter m JOIN enrolment e ON e.pos = m.pos
       LEFT JOIN vault_point v ON v.point = e.point WHERE m.meter = ?`,
    );
  }

  days(meter: number, fromDate: string, toDate: string, final: number): DaySummary[] {
    return this.#standing(this.#rows(meter, dateNumber(fromDate), dateNumber(toDate)))
      .map((row) => this.#summarise(row, unpackBody(row), final))
      .sort((a, b) => a.fromSeconds - b.fromSeconds);
  }

  /** All records of dates, also those in whose place others stand: leaf, date and position. */
  placed(meter: number, fromDate: string, toDate: string): ReadonlyMap<string, PlacedReading> {
    const rows = this.#rows(meter, dateNumber(fromDate), dateNumber(toDate));
    return new Map(
      rows.map(({ pos, date }) => [
        this.#chain.leafAt(pos),
        { date: dateText(date), position: pos },
      ]),
    );
  }

  /** Rows in whose place nothing stands: what counts, cannot be used, or is void and left a hole. */
  #standing(rows: readonly DayRow[]): readonly DayRow[] {
    if (rows.every(({ lost }) => lost === null)) return rows;
    const inPlace = rows.filter(({ lost }) => lost === null).map((row) => this.#spanOf(row));
    return rows.filter((row) => {
      if (row.lost === null) return true;
      if (!this.#isVoid(row) || row.reason !== null) return false;
      const { from, to } = this.#spanOf(row);
      return !inPlace.some((other) => other.from < to && from < other.to);
    });
  }

  #spanOf(row: DayRow): { readonly from: number; readonly to: number } {
    return unpackBody(row) ?? this.#periodOf(row.pos) ?? { from: 0, to: 0 };
  }

  /** Whether a row does not count because its key was revoked. */
  #isVoid({ lost }: DayRow): boolean {
    return lost !== null && this.#chain.record(lost)?.record.typ === "revoke";
  }

  /** Rows of the dates (yyyymmdd) `from`…`to`, by date and position. */
  #rows(meter: number, from: number, to: number): DayRow[] {
    // No row lies outside of the months that have any.
    const first = Math.max(from, (this.#firstMonth.get()?.month ?? 0) * 100 + 1);
    const last = Math.min(to, (this.#lastMonth.get()?.month ?? 0) * 100 + 31);
    return first > last ? [] : this.#between.all(first, last, meter);
  }

  day(meter: number, date: string, final: number): DayDetail[] {
    const rows = this.#ofDate.all(dateNumber(date), meter);
    const standing = this.#standing(rows);
    const replaced = rows.filter((row) => !standing.includes(row));
    return standing
      .map((row) => this.#detail(row, replaced, final))
      .sort((a, b) => a.fromSeconds - b.fromSeconds);
  }

  /** The latest reading of a date. */
  last(meter: number, date: number, final: number): DaySummary | undefined {
    const rows = this.#standing(this.#ofDate.all(date, meter));
    const row = rows.reduce<DayRow | undefined>(
      (last, one) =>
        last === undefined || this.#spanOf(one).from >= this.#spanOf(last).from ? one : last,
      undefined,
    );
    return row === undefined ? undefined : this.#summarise(row, unpackBody(row), final);
  }

  /** Date (D) and code of a day record, found near the day on which it begins. */
  find(
    meter: number,
    fromSeconds: number,
    position: number,
  ): { readonly date: string; readonly code: string | null } | undefined {
    const utc = dateNumber(new Date(fromSeconds * 1000).toISOString().slice(0, 10));
    for (const near of [utc, shiftDate(utc, 1), shiftDate(utc, -1)]) {
      const row = this.#ofDate.all(near, meter).find(({ pos }) => pos === position);
      if (row !== undefined) return { date: dateText(row.date), code: row.code };
    }
    return undefined;
  }

  /** The month rows of a meter, ascending. */
  monthRows(meter: number): MonthRow[] {
    const first = this.#firstMonth.get()?.month;
    const last = this.#lastMonth.get()?.month;
    if (first === undefined || last === undefined) return [];
    return this.#months.all(first, last, meter);
  }

  months(meter: number): MonthSummary[] {
    return this.monthRows(meter).map((row) => ({
      meter: meterText(meter),
      month: dateText(row.month * 100 + 1).slice(0, 7),
      wh: row.wh,
      days: row.days,
      slots: countsOf(row),
      ...this.#conditionsOfMonth(row, meter),
    }));
  }

  #conditionsOfMonth(row: MonthRow, meter: number): Conditions {
    const days = this.#between
      .all(row.first, row.last, meter)
      .flatMap((row) => (isCounting(row) ? readSensors(row.body) : []));
    return mergeConditions(days.map(conditionsOf));
  }

  #summarise(row: DayRow, day: UnpackedDay | undefined, final: number): DaySummary {
    const { pos, reason } = row;
    const code = row.code ?? (row.lost === null ? null : VOID);
    const period = day ?? this.#periodOf(pos);
    const height = this.#chain.heightOf(pos);
    return {
      state: height <= final ? "final" : "block",
      leaf: this.#chain.leafAt(pos),
      position: pos,
      height,
      meter: meterText(row.meter),
      date: dateText(row.date),
      zone: day?.zone ?? this.#zone.get(row.meter)?.zone ?? "UTC",
      fromSeconds: period?.from ?? 0,
      toSeconds: period?.to ?? 0,
      stepSeconds: day?.step ?? 0,
      wh: code === null ? (day?.wh ?? 0) : 0,
      ...(day?.out === undefined || code !== null ? {} : { exportWh: day.out.wh }),
      slots: code === null && day !== undefined ? countsOf(day.counts) : NO_SLOTS,
      ...(day === undefined || code !== null ? {} : conditionsOf(day)),
      ...(code === null ? {} : { unusable: code }),
      ...(reason === null ? {} : { reason }),
    };
  }

  /** What line 1 says, of a day that did not open. */
  #periodOf(position: number): { readonly from: number; readonly to: number } | undefined {
    const record = this.#chain.record(position)?.record;
    return record?.typ === "day" || record?.typ === "correction" ? record.payload : undefined;
  }

  #detail(row: DayRow, others: readonly DayRow[], final: number): DayDetail {
    const day = unpackBody(row);
    const usable = row.code === null && row.lost === null ? day : undefined;
    const record = this.#chain.record(row.pos)?.record;
    return {
      ...this.#summarise(row, day, final),
      slotWh: usable?.slotWh ?? [],
      ...(usable?.slotExportWh === undefined ? {} : { slotExportWh: usable.slotExportWh }),
      quality: usable?.quality ?? "",
      registerFirstWh: day?.register[0] ?? 0,
      registerLastWh: day?.register[1] ?? 0,
      seq: record?.seq ?? 0,
      kid: record?.kid ?? "",
      tzdata: day?.tz ?? "",
      firmware: day?.fw ?? "",
      ...(day?.location === undefined
        ? {}
        : { latitudeE7: day.location[0], longitudeE7: day.location[1] }),
      events: (day?.events ?? []).map(([atSeconds, code, note]) =>
        note === undefined ? { atSeconds, code } : { atSeconds, code, note },
      ),
      signedBy: this.#signerOf(record?.kid ?? ""),
      replaced: this.#replacedBy(row, others, final),
    };
  }

  #signerOf(kid: string): ReadingSigner {
    return this.#chain.member(kid) === undefined ? "meter" : "registrar";
  }

  /** Of the rows that do not stand, those in the time of this one, in log order. */
  #replacedBy(row: DayRow, others: readonly DayRow[], final: number): ReplacedReading[] {
    const { from, to } = this.#spanOf(row);
    return others
      .filter((other) => {
        const span = this.#spanOf(other);
        return span.from < to && from < span.to;
      })
      .sort((a, b) => a.pos - b.pos)
      .map((other) => this.#replaced(other, final));
  }

  #replaced(row: DayRow, final: number): ReplacedReading {
    const day = row.code === null ? unpackBody(row) : undefined;
    const height = this.#chain.heightOf(row.pos);
    const { from, to } = this.#spanOf(row);
    const unusable = row.code ?? (this.#isVoid(row) ? VOID : null);
    return {
      state: height <= final ? "final" : "block",
      leaf: this.#chain.leafAt(row.pos),
      position: row.pos,
      height,
      fromSeconds: from,
      toSeconds: to,
      stepSeconds: day?.step ?? 0,
      wh: day?.wh ?? 0,
      slots: day === undefined ? NO_SLOTS : countsOf(day.counts),
      slotWh: day?.slotWh ?? [],
      quality: day?.quality ?? "",
      ...(unusable === null ? {} : { unusable }),
      ...(row.reason === null ? {} : { reason: row.reason }),
      signedBy: this.#signerOf(this.#chain.record(row.pos)?.record.kid ?? ""),
    };
  }
}

function unpackBody(row: DayRow): UnpackedDay | undefined {
  return row.body === null ? undefined : unpackDay(row.body);
}

function countsOf(counts: Omit<SlotCounts, "total" | "missing">): SlotCounts {
  const { measured, partial, recovered, substituted, gap } = counts;
  const total = measured + partial + recovered + substituted + gap;
  return { total, measured, partial, recovered, substituted, gap, missing: 0 };
}
