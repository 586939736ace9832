/**
 * A zone's summer time as the two rules of Green Button's LocalTimeParameters, found by looking at the clock changes themselves.
 *
 * A rule is 32 bits: month (4), operator (3), day of the month (5), day of the week (3; Monday is 1), hour (5), second of the
 * hour (12), by the wall clock before the change. Operators: 0 on this day of the month, 1 the first such weekday on or after it,
 * 2 to 6 the first to fifth such weekday of the month, 7 the last.
 */
import { listOffsets } from "../../shared/time/civil-day.ts";

export interface LocalTime {
  /** Eight capital hexadecimal digits; all ones: no summer time, or none that such a rule can tell. */
  readonly dstStartRule: string;
  readonly dstEndRule: string;
  /** Seconds that summer time is ahead of the zone's standard time. */
  readonly dstOffset: number;
  /** Seconds that standard time is ahead of UTC. */
  readonly tzOffset: number;
}

interface Change {
  readonly at: number;
  readonly before: number;
  readonly after: number;
}

const NO_RULE = "FFFFFFFF";
const LAST = 7;
/** Years around the asked one, nearest first, that tell "the last" from "the fourth". */
const NEIGHBOURS = [1, -1, 2, -2, 3, -3];
/** Before it there is no year that a clock could be asked about with a day to spare. */
export const FIRST_YEAR = 1971;

/** The rules in force in a year. Throws `zone`. */
export function readLocalTime(zone: string, year: number): LocalTime {
  const { changes, offset } = changesOf(zone, year);
  const start = changes.find(({ before, after }) => after > before);
  const end = changes.find(({ before, after }) => after < before);
  const isPair =
    changes.length === 2 && start?.after === end?.before && start?.before === end?.after;
  if (!isPair || start === undefined || end === undefined) {
    return { dstStartRule: NO_RULE, dstEndRule: NO_RULE, dstOffset: 0, tzOffset: offset };
  }
  return {
    dstStartRule: findRule(zone, year, start),
    dstEndRule: findRule(zone, year, end),
    dstOffset: start.after - start.before,
    tzOffset: start.before,
  };
}

/** The changes of a year, and the offset at its end. */
function changesOf(zone: string, year: number): { changes: readonly Change[]; offset: number } {
  const [from, to] = [Date.UTC(year, 0, 1) / 1000, Date.UTC(year + 1, 0, 1) / 1000];
  const offsets = listOffsets(zone, from, to);
  const changes = offsets
    .slice(1)
    .map(([at, after], i) => ({ at, before: offsets[i]?.[1] ?? after, after }));
  return { changes, offset: offsets.at(-1)?.[1] ?? 0 };
}

/** The first rule, the most usual ones first, that gives this change and those of the years beside it as far as they agree. */
function findRule(zone: string, year: number, change: Change): string {
  let rules = rulesOf(change);
  for (const step of NEIGHBOURS) {
    if (year + step < FIRST_YEAR) continue;
    const same = changesOf(zone, year + step).changes.find(
      ({ before, after }) => before === change.before && after === change.after,
    );
    const theirs = new Set(same === undefined ? [] : rulesOf(same));
    const agreed = rules.filter((rule) => theirs.has(rule));
    if (agreed.length > 0) rules = agreed;
  }
  return (rules[0] ?? 0).toString(16).toUpperCase().padStart(8, "0");
}

/** Every rule that gives this change. */
function rulesOf({ at, before }: Change): readonly number[] {
  const wall = new Date((at + before) * 1000);
  const [month, day] = [wall.getUTCMonth() + 1, wall.getUTCDate()];
  const weekday = wall.getUTCDay() === 0 ? 7 : wall.getUTCDay();
  const days = new Date(Date.UTC(wall.getUTCFullYear(), month, 0)).getUTCDate();
  const rule = (operator: number, dayOfMonth: number, dayOfWeek: number): number =>
    month * 2 ** 28 +
    operator * 2 ** 25 +
    dayOfMonth * 2 ** 20 +
    dayOfWeek * 2 ** 17 +
    wall.getUTCHours() * 2 ** 12 +
    wall.getUTCMinutes() * 60 +
    wall.getUTCSeconds();
  const first = Math.max(1, day - 6);
  return [
    ...(day + 7 > days ? [rule(LAST, 0, weekday)] : []),
    rule(1 + Math.ceil(day / 7), 0, weekday),
    ...Array.from({ length: day - first + 1 }, (_, i) => rule(1, day - i, weekday)),
    rule(0, day, 0),
  ];
}
