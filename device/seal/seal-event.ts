/** Sealing: a notice whose time is known becomes an `event` record in the outbox, exactly once. */
import { localDayOf } from "../../shared/time/civil-day.ts";
import { findUnsealedNotice, markSealed } from "../event/notice-store.ts";
import { isConcluded } from "../journal/retirement.ts";
import { findSealPlace, makeEnvelope, type SealContext, storeEnvelope } from "./make-envelope.ts";

export interface SealedEvent {
  readonly code: string;
  readonly date: string;
  readonly seq: number;
  /** H */
  readonly leaf: string;
}

/** Seals the oldest notice that is not sealed; `undefined` as `sealNextDay`, and after the last day of all. */
export function sealNextEvent(
  context: SealContext,
  { meter, zone }: { readonly meter: string; readonly zone: string },
): SealedEvent | undefined {
  const { journal } = context;
  const place = findSealPlace(journal);
  const notice =
    place === undefined || isConcluded(journal) ? undefined : findUnsealedNotice(journal);
  if (place === undefined || notice === undefined) return undefined;
  const { id, ...told } = notice;
  const { at, code } = told;
  const body = { v: 1, meter, ...told };
  const envelope = makeEnvelope(context, place, { typ: "event", body, slots: 0, own: { at } });
  const { seq, leaf } = envelope;
  const date = localDayOf(zone, at);
  journal.transact("seal", () => {
    storeEnvelope(journal, envelope, date);
    markSealed(journal, id, seq);
  });
  return { code, date, seq, leaf };
}
