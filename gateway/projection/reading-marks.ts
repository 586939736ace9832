/**
 * Which rows of a meter count, after something that may have changed it: a correction, a revocation, a day that came where
 * a fill stood. A function of the rows that are there, so going back and rebuilding give the same marks.
 */
import { listEffective } from "../../shared/day/effective-readings.ts";
import type { Span } from "../../shared/time/civil-day.ts";
import type { DayTable } from "./day-table.ts";
import type { ReadingRow, ReadingRows } from "./reading-rows.ts";

/** Longest reading: what overlaps a span may be overlapped beyond its ends. */
const REACH_S = 100_800;

export class ReadingMarks {
  readonly #days: DayTable;
  readonly #rows: ReadingRows;

  constructor(days: DayTable, rows: ReadingRows) {
    this.#days = days;
    this.#rows = rows;
  }

  /** Marks anew every reading of the meter that overlaps the span. */
  settle(meter: number, span: Span): void {
    const wide = { from: Math.max(0, span.from - REACH_S), to: span.to + REACH_S };
    const near = this.#rows.overlapping(meter, wide);
    for (const point of new Set(near.map((reading) => reading.point))) {
      const readings = near.filter((reading) => reading.point === point);
      const effective = listEffective(readings);
      for (const reading of readings) {
        if (reading.from >= span.to || reading.to <= span.from) continue;
        const lost = lostTo(reading, readings, effective);
        if (lost !== reading.row.lost) this.#days.mark(reading.row, lost);
      }
    }
  }
}

/** Position of the record for which a reading does not count; null where it counts, or would if it were usable. */
function lostTo(
  reading: ReadingRow,
  all: readonly ReadingRow[],
  effective: readonly ReadingRow[],
): number | null {
  if (reading.voidBy !== undefined) return reading.voidBy;
  if (effective.includes(reading)) return null;
  const { position, from, to } = reading;
  const later = effective
    .filter((other) => other.position > position && other.from < to && from < other.to)
    .map((other) => other.position);
  if (later.length > 0) return Math.min(...later);
  return reading.isUsable ? (rootOf(reading, all).voidBy ?? position) : null;
}

/** The day or fill at which the `of`s of a correction end. */
function rootOf(reading: ReadingRow, all: readonly ReadingRow[]): ReadingRow {
  const corrected = all.find(({ leaf }) => leaf === reading.of);
  return corrected === undefined ? reading : rootOf(corrected, all);
}
