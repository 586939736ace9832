/**
 * The day and correction rows of a metering point with what their records say.
 *
 * In:  a store, a meter, dates or a span. Out: rows by position with period, leaf, what they correct and whether they are void:
 *      what shared/day/effective-readings.ts judges, and what bills are made from.
 */
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import type { Reading } from "../../shared/day/effective-readings.ts";
import { type ParsedRecord, parseRecord } from "../../shared/record/record.ts";
import { localDayOf, type Span } from "../../shared/time/civil-day.ts";
import type { Db, Statement } from "../ledger/database.ts";
import { RecordStore } from "../ledger/record-store.ts";
import { type DayRow, dateNumber, isCounting, shiftDate } from "./day-table.ts";

export interface ReadingRow extends Reading {
  readonly row: DayRow;
  /** P: where it was logged. */
  readonly point: string;
  readonly kid: string;
  readonly seq: number;
  /** Position of the revocation that makes it void. */
  readonly voidBy?: number;
}

export class ReadingRows {
  readonly #suite: CryptoSuite;
  readonly #records: RecordStore;
  readonly #ofDate: Statement<[number, number], DayRow>;
  readonly #pointOfKey: Statement<[string, number], string>;
  readonly #revoked: Statement<[string], { pos: number; last: number }>;

  constructor(db: Db, suite: CryptoSuite) {
    this.#suite = suite;
    this.#records = new RecordStore(db);
    this.#ofDate = db.prepare("SELECT * FROM day WHERE date = ? AND meter = ? ORDER BY pos");
    this.#pointOfKey = db.prepare<[string, number], string>(
      "SELECT point FROM enrolment WHERE kid = ? AND pos < ? ORDER BY pos DESC LIMIT 1",
    );
    this.#pointOfKey.pluck();
    this.#revoked = db.prepare("SELECT pos, last FROM revoked WHERE kid = ?");
  }

  /** All readings of a meter that overlap the span, of any of its points, by position. */
  overlapping(meter: number, span: Span): ReadingRow[] {
    return this.near(meter, span).filter(({ from, to }) => from < span.to && span.from < to);
  }

  /** All readings of a meter that overlap the span, and some beside it. */
  near(meter: number, { from, to }: Span): ReadingRow[] {
    // The date is the meter's own, and a record lies within its date: a day more on both sides covers every zone.
    const first = shiftDate(utcDate(from), -1);
    const last = shiftDate(utcDate(to), 1);
    const rows: ReadingRow[] = [];
    for (let date = first; date <= last; date = shiftDate(date, 1)) {
      rows.push(...this.onDate(meter, date));
    }
    return rows.sort((a, b) => a.position - b.position);
  }

  /** All readings of a meter under one date (yyyymmdd), by position. */
  onDate(meter: number, date: number): ReadingRow[] {
    return this.#ofDate.all(date, meter).flatMap((row) => this.#read(row) ?? []);
  }

  /** The readings of a point that count and lie within the span, by `from`. */
  counting(point: string, meter: number, span: Span): readonly ReadingRow[] {
    return listCounting(this.near(meter, span), point, span);
  }

  #read(row: DayRow): ReadingRow | undefined {
    const record = this.#record(row.pos);
    if (record?.typ !== "day" && record?.typ !== "correction") return undefined;
    const { typ, kid, seq, leaf, payload } = record;
    const { from, to } = payload;
    const of = "of" in payload ? payload.of : undefined;
    const revoked = this.#revoked.get(kid);
    const voidBy = revoked !== undefined && seq > revoked.last ? revoked.pos : undefined;
    return {
      ...{ row, typ, kid, seq, leaf, from, to, position: row.pos },
      point: "point" in payload ? payload.point : (this.#pointOfKey.get(kid, row.pos) ?? ""),
      isUsable: row.code === null && row.body !== null,
      isVoid: voidBy !== undefined,
      ...(of === undefined ? {} : { of }),
      ...(voidBy === undefined ? {} : { voidBy }),
    };
  }

  #record(position: number): ParsedRecord | undefined {
    const line1 = this.#records.line1(position);
    return line1 === undefined ? undefined : parseRecord(this.#suite, line1);
  }
}

/** Of rows that include all near the span: the readings of a point that count and lie within it, by `from`. */
export function listCounting(
  near: readonly ReadingRow[],
  point: string,
  span: Span,
): readonly ReadingRow[] {
  return near
    .filter((one) => one.point === point && isCounting(one.row) && isWithin(one, span))
    .sort((a, b) => a.from - b.from);
}

function isWithin({ from, to }: Span, span: Span): boolean {
  return span.from <= from && to <= span.to;
}

function utcDate(instant: number): number {
  return dateNumber(localDayOf("UTC", instant));
}
