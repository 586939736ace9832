/**
 * Exact lines of a period: quantities under each tariff, before any rounding.
 *
 * A slot belongs to the tariff in force at its first instant; a standing charge falls due at the first instant of the
 * local day or month, under the tariff in force then. Both rules give the same sums however a period is cut.
 */
import type { UnixSeconds, WattHour } from "../base/units.ts";
import { countStarts, type OffsetChange } from "../time/local-start.ts";
import { type Charge, sumExactly } from "./amount.ts";
import type { EnergyCharge, StandingCharge } from "./tariff.ts";
import type { ReadTariff, TariffSegment } from "./tariff-timeline.ts";

/** What a usable day record measured: opened, within its local rules, of a device of the point. */
export interface MeteredDay {
  readonly from: UnixSeconds;
  readonly to: UnixSeconds;
  /** 0: one slot for all of it. */
  readonly step: number;
  readonly wh: readonly WattHour[];
  /** One letter a slot. */
  readonly quality: string;
}

export interface BillableDay extends MeteredDay {
  /** H: leaf of the record. */
  readonly leaf: string;
}

/** A line without its amount. */
export interface ChargeLine extends Charge {
  readonly code: string;
  readonly label: string;
}

/** Lines in order of the tariffs' first use, each tariff's in the order of its charges. Throws `money-range`. */
export function listChargeLines(
  segments: readonly TariffSegment[],
  days: readonly MeteredDay[],
  offsets: readonly OffsetChange[],
): readonly ChargeLine[] {
  const energyByTariff = sumEnergy(segments, days);
  const tariffs = new Map(segments.map(({ tariff }) => [tariff.leaf, tariff]));
  return [...tariffs].flatMap(([leaf, tariff]) =>
    linesOfTariff(
      tariff,
      segments.filter((segment) => segment.tariff.leaf === leaf),
      energyByTariff.get(leaf) ?? { metered: 0, recovered: 0 },
      offsets,
    ),
  );
}

interface Energy {
  readonly metered: WattHour;
  /** Of R slots. */
  readonly recovered: WattHour;
}

function linesOfTariff(
  { body }: ReadTariff,
  segments: readonly TariffSegment[],
  energy: Energy,
  offsets: readonly OffsetChange[],
): readonly ChargeLine[] {
  return body.charges.flatMap((charge) =>
    charge.kind === "energy"
      ? energyLines(charge, energy)
      : [standingLine(charge, segments, offsets)],
  );
}

function energyLines(
  { code, label, nano, recovered }: EnergyCharge,
  energy: Energy,
): readonly ChargeLine[] {
  const line = { code, label, unit: "wh" as const, nano };
  // Without a rate of its own a recovered slot has the gap's cheapest, and a flat tariff has only one.
  if (recovered === undefined) {
    return [{ ...line, qty: sumExactly([energy.metered, energy.recovered]) }];
  }
  const metered = { ...line, qty: sumExactly([energy.metered]) };
  if (energy.recovered === 0) return [metered];
  const extra = {
    label: `${label}, recovered`,
    nano: recovered,
    qty: sumExactly([energy.recovered]),
  };
  return [metered, { ...line, ...extra }];
}

function standingLine(
  { code, label, nano, per }: StandingCharge,
  segments: readonly TariffSegment[],
  offsets: readonly OffsetChange[],
): ChargeLine {
  const starts = segments.map(({ from, to }) => countStarts(offsets, per, from, to));
  return { code, label, unit: per, nano, qty: sumExactly(starts) };
}

/** Energy by tariff leaf. Sums of naturals stay exact up to 2^53-1, which sumExactly holds them to. */
function sumEnergy(
  segments: readonly TariffSegment[],
  days: readonly MeteredDay[],
): ReadonlyMap<string, Energy> {
  const sums = new Map<string, { metered: number; recovered: number }>();
  for (const { tariff, from, to } of segments) {
    const sum = sums.get(tariff.leaf) ?? { metered: 0, recovered: 0 };
    sums.set(tariff.leaf, sum);
    for (const day of days) {
      if (day.to <= from || to <= day.from) continue;
      for (let slot = 0; slot < day.wh.length; slot++) {
        const at = day.from + slot * day.step;
        if (at < from || at >= to) continue;
        const wh = day.wh[slot] ?? 0;
        if (day.quality.charAt(slot) === "R") sum.recovered += wh;
        else sum.metered += wh;
      }
    }
  }
  return sums;
}
