/**
 * Two periods beside each other, day by day or month by month in their own order: the third day of the one against the third of the
 * other. Pure; a difference is only there where both were measured.
 */
import { type Column, measuredColumns } from "./history.ts";

export interface Pair {
  readonly left?: Column;
  readonly right?: Column;
  /** Energy of the left without that of the right, Wh. */
  readonly differenceWh?: number;
}

export interface Total {
  readonly wh: number;
  /** Columns that carry energy. */
  readonly measured: number;
  /** Columns that lie in a gap. */
  readonly gaps: number;
}

export interface Comparison {
  readonly pairs: readonly Pair[];
  readonly left: Total;
  readonly right: Total;
}

export function compareColumns(left: readonly Column[], right: readonly Column[]): Comparison {
  const length = Math.max(left.length, right.length);
  const pairs = Array.from({ length }, (_, i): Pair => {
    const [a, b] = [left[i], right[i]];
    const both = isMeasured(a) && isMeasured(b);
    return {
      ...(a !== undefined && { left: a }),
      ...(b !== undefined && { right: b }),
      ...(both && { differenceWh: a.wh - b.wh }),
    };
  });
  return { pairs, left: totalOf(left), right: totalOf(right) };
}

/** Energy of one column of a side on average; undefined without one that was measured. */
export function meanWh({ wh, measured }: Total): number | undefined {
  return measured === 0 ? undefined : wh / measured;
}

/** How much more the first is than the second, in percent; undefined against nothing. */
export function percentMore(first: number, second: number): number | undefined {
  return second === 0 ? undefined : (first / second - 1) * 100;
}

export function isMeasured(column: Column | undefined): column is Column {
  return column !== undefined && column.kind !== "gap" && column.kind !== "none";
}

function totalOf(columns: readonly Column[]): Total {
  const measured = measuredColumns(columns);
  return {
    wh: measured.reduce((sum, { wh }) => sum + wh, 0),
    measured: measured.length,
    gaps: columns.filter(({ kind }) => kind === "gap").length,
  };
}
