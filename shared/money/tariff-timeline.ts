/**
 * Which tariff is in force when: from assignments and tariff versions to segments of a period.
 *
 * At an instant the assignment logged last among those that cover it decides the tariff's id; the highest version
 * whose body is valid then decides the rates. Order of arrival therefore matters only as log order.
 */
import type { Json } from "../base/canonical-json.ts";
import { fail } from "../base/error.ts";
import type { UnixSeconds } from "../base/units.ts";
import type { Span } from "../time/civil-day.ts";
import type { LoggedPrice } from "./price-series.ts";
import { decodeTariffBody, type TariffBody } from "./tariff.ts";

/** A `tariff` record of the log. */
export interface LoggedTariff {
  /** H */
  readonly leaf: string;
  readonly position: number;
  readonly id: string;
  readonly ver: number;
  readonly body: Json;
}

/** An `assign` record of one point. */
export interface LoggedAssignment {
  readonly position: number;
  /** Tariff id. */
  readonly tariff: string;
  readonly from: UnixSeconds;
  readonly to?: UnixSeconds;
}

/** A tariff record with its decoded body. */
export type ReadTariff = Omit<LoggedTariff, "body"> & { readonly body: TariffBody };

/** A part of the period under one tariff record. */
export interface TariffSegment extends Span {
  readonly tariff: ReadTariff;
}

export interface TariffRecords {
  readonly assignments: readonly LoggedAssignment[];
  readonly tariffs: readonly LoggedTariff[];
  /** Of the series that these tariffs name; absent where none does. */
  readonly prices?: readonly LoggedPrice[];
}

/** Tariff records of a point, decoded once for any number of periods. */
export interface TariffTimeline {
  readonly assignments: readonly LoggedAssignment[];
  /** Of assigned ids, by descending version. */
  readonly tariffs: readonly ReadTariff[];
}

/** Throws `tariff-body` for a body of an assigned id that cannot be computed with. */
export function readTariffTimeline(records: TariffRecords): TariffTimeline {
  return { assignments: records.assignments, tariffs: readTariffs(records) };
}

/**
 * The segments of a period, ascending and adjoining. Throws `tariff-none` if a part has no tariff,
 * `tariff-currency` if they do not go together.
 */
export function listTariffSegments(
  period: Span,
  zone: string,
  { assignments, tariffs }: TariffTimeline,
): readonly TariffSegment[] {
  const segments: TariffSegment[] = [];
  const cuts = listCuts(period, assignments, tariffs);
  for (const [i, from] of cuts.entries()) {
    const to = cuts[i + 1];
    if (to === undefined) break;
    const tariff = findTariff(from, assignments, tariffs);
    const last = segments.at(-1);
    if (last?.tariff.leaf === tariff.leaf) segments[segments.length - 1] = { ...last, to };
    else segments.push({ from, to, tariff });
  }
  requireOneCurrency(segments, zone);
  return segments;
}

/** Only tariffs that are assigned are read: a body for somebody else's software is no reason to refuse. */
function readTariffs({ assignments, tariffs }: TariffRecords): readonly ReadTariff[] {
  const assigned = new Set(assignments.map((assignment) => assignment.tariff));
  return tariffs
    .filter(({ id }) => assigned.has(id))
    .map((tariff) => ({ ...tariff, body: decodeTariffBody(tariff.body) }))
    .sort((a, b) => b.ver - a.ver);
}

function listCuts(
  period: Span,
  assignments: readonly LoggedAssignment[],
  tariffs: readonly ReadTariff[],
): readonly UnixSeconds[] {
  const cuts = [period.from, period.to];
  for (const { from, to } of [...assignments, ...tariffs.map((tariff) => tariff.body)]) {
    for (const cut of [from, to]) {
      if (cut !== undefined && cut > period.from && cut < period.to) cuts.push(cut);
    }
  }
  return [...new Set(cuts)].sort((a, b) => a - b);
}

function findTariff(
  at: UnixSeconds,
  assignments: readonly LoggedAssignment[],
  tariffs: readonly ReadTariff[],
): ReadTariff {
  let latest: LoggedAssignment | undefined;
  for (const assignment of assignments) {
    if (covers(assignment, at) && assignment.position > (latest?.position ?? -1))
      latest = assignment;
  }
  const tariff = tariffs.find(({ id, body }) => id === latest?.tariff && covers(body, at));
  if (tariff === undefined) fail("tariff-none", "no tariff is in force", { at });
  return tariff;
}

function covers(validity: { readonly from?: number; readonly to?: number }, at: number): boolean {
  return (validity.from ?? 0) <= at && at < (validity.to ?? Number.POSITIVE_INFINITY);
}

function requireOneCurrency(segments: readonly TariffSegment[], zone: string): void {
  const first = segments[0]?.tariff.body;
  for (const { tariff } of segments) {
    const { body } = tariff;
    if (body.currency !== first?.currency || body.minor !== first.minor) {
      fail("tariff-currency", "tariffs of one bill in different currencies");
    }
    if (body.zone !== undefined && body.zone !== zone) {
      fail("tariff-currency", `tariff ${tariff.id} is for ${body.zone} only`, { zone });
    }
  }
}
