/** Sealing: a closed day becomes an envelope in the outbox, exactly once (see `make-envelope.ts`). */
import type { WattHour } from "../../shared/base/units.ts";
import type { DayBody } from "../day-close/day-body.ts";
import { findSealPlace, makeEnvelope, type SealContext, storeEnvelope } from "./make-envelope.ts";

export interface SealedDay {
  readonly date: string;
  readonly wh: WattHour;
  readonly seq: number;
  /** H */
  readonly leaf: string;
}

/**
 * Seals the oldest closed day that is not sealed. Returns `undefined` when there is none, when the enrolment is
 * not known yet, or when the key is of no more use.
 */
export function sealNextDay(context: SealContext): SealedDay | undefined {
  const { journal } = context;
  const place = findSealPlace(journal);
  if (place === undefined) return undefined;
  const day = journal.get<{ start: number; date: string; wh: number; body: string }>(
    "SELECT start, date, wh, body FROM day WHERE seq IS NULL ORDER BY start LIMIT 1",
  );
  if (day === undefined) return undefined;
  const { date, wh } = day;
  const body = JSON.parse(day.body) as DayBody;
  const { from, to } = body;
  const slots = body.wh.length;
  const envelope = makeEnvelope(context, place, {
    typ: "day",
    body: { ...body },
    slots,
    own: { from, to },
  });
  const { seq, leaf } = envelope;
  journal.transact("seal", () => {
    storeEnvelope(journal, envelope, date);
    journal.run("UPDATE day SET seq = ?, body = '' WHERE start = ?", seq, day.start);
  });
  return { date, wh, seq, leaf };
}
