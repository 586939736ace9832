/**
 * Day close: "close every unclosed local day that has ended" (design.md section 2).
 *
 * What is closed is kept on disk, so it does not matter when or how often this is called: after an outage of a
 * week it closes a week, whose days are days of gaps. Each day is one transaction: its body appears and its
 * slots go, or neither.
 */
import type { UnixSeconds, WattHour } from "../../shared/base/units.ts";
import type { Journal } from "../journal/journal.ts";
import { loadRetirement } from "../journal/retirement.ts";
import {
  type ClosingState,
  deleteSamples,
  loadClosingState,
  readEvents,
  readSlots,
} from "../journal/sampler-store.ts";
import type { Calendar } from "./calendar.ts";
import { buildDayBody, type MeterFacts, readBoot } from "./day-body.ts";

export interface ClosedDay {
  readonly date: string;
  readonly from: UnixSeconds;
  readonly to: UnixSeconds;
  readonly wh: WattHour;
}

export interface ClosingContext {
  readonly journal: Journal;
  readonly calendar: Calendar;
  readonly facts: MeterFacts;
}

/**
 * Closes all days that end at or before `finishedTo`, the instant up to which the sampler's slots are in the
 * journal. Returns them in order. A meter that was taken out has a shorter last day, and none after it.
 */
export function closeEndedDays(context: ClosingContext, finishedTo: UnixSeconds): ClosedDay[] {
  const closed: ClosedDay[] = [];
  const last = loadRetirement(context.journal)?.to ?? Number.POSITIVE_INFINITY;
  for (;;) {
    const state = loadClosingState(context.journal);
    if (state === undefined) return closed;
    const to = Math.min(context.calendar(state.from).to, last);
    if (to > finishedTo || to <= state.from) return closed;
    closed.push(closeDay(context, state, to));
  }
}

function closeDay(context: ClosingContext, state: ClosingState, to: UnixSeconds): ClosedDay {
  const { journal, calendar, facts } = context;
  const { date, step } = calendar(state.from);
  return journal.transact("close", () => {
    const slots = readSlots(journal, state.from, to);
    const events = readEvents(journal, to).map((event) =>
      event.at < state.from ? { ...event, at: state.from } : event,
    );
    // Slots that were gathered before the configured step changed keep their own.
    const parts = { ...state, date, to, step: slots[0]?.step ?? step, slots, events };
    const body = buildDayBody(facts, parts);
    const wh = body.register[1] - body.register[0];
    journal.run(
      "INSERT INTO day (start, date, wh, body) VALUES (?, ?, ?, ?)",
      state.from,
      date,
      wh,
      JSON.stringify(body),
    );
    deleteSamples(journal, to);
    const newest = events.map(readBoot).findLast((boot) => boot !== undefined);
    const clock = newest === undefined ? state.clock : ([newest[0], newest[1]] as const);
    const out = body.out === undefined ? {} : { out: body.out.register[1] };
    const next: ClosingState = { from: to, register: body.register[1], ...out, clock };
    journal.writeState("closing", next);
    return { date, from: state.from, to, wh };
  });
}
