/**
 * Which readings of a point count (records.md section 3, row correction): the rule that bills, credits, sums and every
 * verifier share.
 *
 * In:  day and correction records of one point that stand below a position of the log, in any order, each with its verdict as
 *      of that position. Out: the records that count, by `from`. They never overlap if the chain rules hold.
 *
 * The root of a correction is the day, or the correction without `of` (a fill), where its `of`s end. Of the records of one
 * root the latest in the log counts. A root that is void takes its corrections with it; one that is unusable does not: a
 * correction is how it is mended. A fill is for want of something better: a record of another root that stands after the
 * fill and overlaps it replaces the fill and all its corrections.
 */
import type { Span } from "../time/civil-day.ts";

/** A day or correction record as the rule sees it. */
export interface Reading extends Span {
  readonly typ: "day" | "correction";
  /** H */
  readonly leaf: string;
  /** In the log. */
  readonly position: number;
  /** H: what it corrects; absent for a day and for a fill. */
  readonly of?: string;
  /** Opened, and within its local rules. */
  readonly isUsable: boolean;
  /** Signed by a key that was revoked from an earlier seq on. */
  readonly isVoid: boolean;
}

/**
 * The readings that count, by `from`. A list of part of a point's records gives the same as the whole as far as it has all
 * that overlap the span that is asked for: records of one root have one span.
 */
export function listEffective<R extends Reading>(readings: readonly R[]): readonly R[] {
  const roots = readings.some(({ typ }) => typ === "correction") ? findRoots(readings) : undefined;
  const latest = new Map<string, R>();
  for (const reading of readings) {
    const root = roots?.get(reading.leaf) ?? reading;
    if (!reading.isUsable || reading.isVoid || root.isVoid) continue;
    const other = latest.get(root.leaf);
    if (other === undefined || other.position < reading.position) latest.set(root.leaf, reading);
  }
  const counting = [...latest].sort(([, a], [, b]) => a.from - b.from || a.position - b.position);
  return counting
    .filter(([root]) => !isReplaced(roots?.get(root), root, counting))
    .map(([, reading]) => reading);
}

/** What is known of the record where the `of`s of others end. */
type Root = Pick<Reading, "leaf" | "isVoid"> & Partial<Reading>;

/** Root of each reading. One that is not in the list is taken for a day that is not void. */
function findRoots(readings: readonly Reading[]): ReadonlyMap<string, Root> {
  const byLeaf = new Map(readings.map((reading) => [reading.leaf, reading]));
  const roots = new Map<string, Root>();
  // A record only names earlier ones, so in log order what it names has its root already.
  for (const reading of [...readings].sort((a, b) => a.position - b.position)) {
    const { leaf, of } = reading;
    if (of === undefined) roots.set(leaf, reading);
    else roots.set(leaf, roots.get(of) ?? byLeaf.get(of) ?? { leaf: of, isVoid: false });
  }
  return roots;
}

/** Whether this root is a fill that a record of another root replaces. */
function isReplaced(
  root: Root | undefined,
  leaf: string,
  counting: readonly (readonly [string, Reading])[],
): boolean {
  const { typ, position, from, to } = root ?? {};
  if (typ !== "correction" || position === undefined || from === undefined || to === undefined) {
    return false;
  }
  return counting.some(
    ([other, reading]) =>
      other !== leaf && reading.position > position && reading.from < to && from < reading.to,
  );
}
