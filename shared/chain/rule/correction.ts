/**
 * Rule C6 of `correction`: a reading that stands in the place of another, or where there is none.
 *
 * With `of` it names a day or a correction of the same period at the same point; without it a registrar fills a span
 * that has no day. Which reading counts in a bill follows from positions (shared/day/effective-readings.ts).
 */
import { fail } from "../../base/error.ts";
import type { CorrectionPayload } from "../../record/payload.ts";
import type { ParsedRecord } from "../../record/record.ts";
import type { ChainState, LoggedCorrection } from "../chain-state.ts";
import type { LogView } from "../log-view.ts";
import { isVoid, placeOf, standingDays } from "../place.ts";
import type { RuleContext } from "../rule-context.ts";
import { MAX_DAY_S } from "./day.ts";

/** Who signed the reading that is corrected, and the day at the root of it, if there is one. */
interface Target {
  readonly kid: string;
  readonly root: LoggedCorrection["root"];
}

/** Throws `point`, `period`, `role`, `overlap`, `reference`. */
export function applyCorrection(
  state: ChainState,
  record: ParsedRecord<"correction">,
  context: RuleContext,
): void {
  const { kid, seq, leaf, payload } = record;
  const { point, from, to, of } = payload;
  if (state.get("point", point) === undefined) fail("point", "the point was never enrolled");
  if (to <= from) fail("period", "the correction ends before it begins");
  if (to - from > MAX_DAY_S) fail("period", "the correction is longer than 28 hours");
  const isMeter = state.get("device", kid) !== undefined;
  let root: LoggedCorrection["root"];
  if (of === undefined) {
    if (isMeter) fail("role", "only a registrar fills a span that has no day");
    fillSpan(state, payload, context.log);
  } else {
    const target = findTarget(state, payload, of, context.log);
    if (target === undefined) fail("reference", "the correction names no reading of this period");
    if (isMeter && target.kid !== kid) fail("reference", "a meter corrects its own readings only");
    root = target.root;
  }
  const { position } = context;
  const place = { kid, seq, point, from, to };
  const rooted = root === undefined ? place : { ...place, root };
  state.put("logged", leaf, { typ: "correction", position, ...rooted });
}

function fillSpan(state: ChainState, { point, from, to }: CorrectionPayload, log: LogView): void {
  const place = placeOf(state, point);
  const overlaps = (start: number, end: number): boolean => from < end && start < to;
  for (const stay of place.stays) {
    for (const day of standingDays(state, log, stay)) {
      if (overlaps(day.from, day.to)) fail("overlap", "the span has a day");
      // The days of one stay follow each other.
      if (day.to <= from) break;
    }
  }
  if (place.fills.some(([start, end]) => overlaps(start, end))) {
    fail("overlap", "the span was filled before");
  }
  state.put("place", point, { ...place, fills: [...place.fills, [from, to]] });
}

/** The reading with leaf `of`, if it has the correction's point and period and is not void. */
function findTarget(
  state: ChainState,
  { point, from, to }: CorrectionPayload,
  of: string,
  log: LogView,
): Target | undefined {
  const logged = state.get("logged", of);
  if (logged !== undefined) {
    if (logged.typ !== "correction" || logged.point !== point) return undefined;
    if (logged.from !== from || logged.to !== to) return undefined;
    const { kid, seq, root } = logged;
    if (isVoid(state, kid, seq)) return undefined;
    return root !== undefined && isVoid(state, root.kid, root.seq) ? undefined : { kid, root };
  }
  for (const stay of placeOf(state, point).stays) {
    for (const day of standingDays(state, log, stay)) {
      if (day.to <= from) break;
      // The leaf last: it may have to be hashed.
      if (day.from !== from || day.to !== to || day.leaf !== of) continue;
      const { kid, seq } = day;
      return { kid, root: { kid, seq } };
    }
  }
  return undefined;
}
