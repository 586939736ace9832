/**
 * What came and went at a metering point: which keys were there in turn, which of their days stand, which spans a
 * registrar has filled, which meter swaps are logged.
 *
 * A plain point has one key and no entry of its own here; one is made when something rare happens. A key's stay is
 * bounded by its seqs, so no day ever changes it.
 */
import type { ChainState, DeviceEntity } from "./chain-state.ts";
import type { LoggedDay, LogView } from "./log-view.ts";

/** A key at a point: its records with after < seq <= last were signed there. */
export interface Stay {
  readonly kid: string;
  /** Its seq when it came; 0 for a new key. */
  readonly after: number;
  /** Its seq when it left; absent while it is there. */
  readonly last?: number;
}

export interface PlaceEntity {
  /** In the order of their coming. */
  readonly stays: readonly Stay[];
  /** Logged meter swaps as [old kid, new kid]. */
  readonly exchanged: readonly (readonly [string, string])[];
  /** Periods of corrections without `of`, as [from, to]. */
  readonly fills: readonly (readonly [number, number])[];
}

/** The place of a point that was enrolled. */
export function placeOf(state: ChainState, point: string): PlaceEntity {
  const place = state.get("place", point);
  if (place !== undefined) return place;
  const kid = state.get("point", point)?.kid;
  const stays = kid === undefined ? [] : [{ kid, after: 0 }];
  return { stays, exchanged: [], fills: [] };
}

/** A key comes to a point that has no other; `after`: its seq. */
export function enterPlace(state: ChainState, point: string, kid: string, after: number): void {
  const isFirst = state.get("place", point) === undefined;
  // The one key of a plain point, which placeOf knows without an entry.
  if (isFirst && after === 0) return;
  const place = placeOf(state, point);
  state.put("place", point, { ...place, stays: [...place.stays, { kid, after }] });
}

/** A key does not occupy its point any more, if it did. */
export function leavePlace(state: ChainState, kid: string, device: DeviceEntity): void {
  const { point: id, seq } = device;
  const point = state.get("point", id);
  if (point?.kid !== kid) return;
  const place = placeOf(state, id);
  const stays = place.stays.map((stay) =>
    stay.kid === kid && stay.last === undefined ? { ...stay, last: seq } : stay,
  );
  state.put("place", id, { ...place, stays });
  const { kid: _, ...left } = point;
  state.put("point", id, left);
}

/** Whether a key's record with this seq is void: the key was revoked as of an earlier one. */
export function isVoid(state: ChainState, kid: string, seq: number): boolean {
  const revoked = state.get("device", kid)?.revoked;
  return revoked !== undefined && seq > revoked.last;
}

/** The days of one stay that are not void, newest first. */
export function* standingDays(state: ChainState, log: LogView, stay: Stay): Iterable<LoggedDay> {
  const device = state.get("device", stay.kid);
  const last = Math.min(stay.last ?? device?.seq ?? 0, device?.revoked?.last ?? Infinity);
  for (const day of log.daysUpTo(stay.kid, last)) {
    if (day.seq <= stay.after) return;
    yield day;
  }
}
