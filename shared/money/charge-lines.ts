/**
 * Lines of a period: quantities under each tariff, each line exact and rounded once.
 *
 * A slot belongs to the tariff in force at its first instant; a standing charge falls due at the first instant of the
 * local day or month, one per bill at the first instant of the period, under the tariff in force then. So for plain
 * tariffs (tariff.ts) the unrounded sums stay the same however a period is cut.
 */
import { formatDate, monthDays, monthOf } from "../time/calendar-date.ts";
import { countStarts, type OffsetChange, startOfLocalDay } from "../time/local-start.ts";
import { type Charge, roundAmount, roundPico, sumExactly } from "./amount.ts";
import type { BillLine } from "./bill-plaintext.ts";
import { DemandTally } from "./demand-line.ts";
import { createTally, type StepDays } from "./energy-lines.ts";
import { type LoggedPrice, PriceSeries } from "./price-series.ts";
import { LocalClock, type MeteredDay, type MeteredSlot, visitSlots } from "./slot-walk.ts";
import type { MinimumCharge, StandingCharge, TariffCharge, TaxCharge } from "./tariff-charge.ts";
import type { ReadTariff, TariffSegment } from "./tariff-timeline.ts";

/** A line without its amount. */
export interface ChargeLine extends Charge {
  readonly code: string;
  readonly label: string;
  /** The exact amount in 1e-12 of the currency, of a line with many prices. */
  readonly pico?: bigint;
}

export interface ChargeInput {
  /** Of one period, ascending and adjoining. */
  readonly segments: readonly TariffSegment[];
  /** By `from`, within the period. */
  readonly days: readonly MeteredDay[];
  /** As `offsets` of a bill. */
  readonly offsets: readonly OffsetChange[];
  /** Of any series. */
  readonly prices: readonly LoggedPrice[];
}

export interface ListedLines {
  readonly lines: readonly (ChargeLine & BillLine)[];
  /** Leaf and position of the price records that gave a price. */
  readonly usedPrices: ReadonlyMap<string, number>;
}

/**
 * Lines in order of the tariffs' first use, each tariff's in the order of its charges.
 * Throws `money-range`, `price-none`.
 */
export function listBillLines(input: ChargeInput): ListedLines {
  const clock = new LocalClock(input.offsets);
  const tariffs = new Map(input.segments.map(({ tariff }) => [tariff.leaf, tariff]));
  const tallies = new Map(
    [...tariffs].map(([leaf, tariff]) => [leaf, new TariffTally(tariff, input, clock)]),
  );
  const { segments } = input;
  let index = 0;
  visitSlots(input.days, input.offsets, (slot) => {
    while (index < segments.length && slot.at >= (segments[index] as TariffSegment).to) index++;
    const segment = segments[index];
    if (segment !== undefined) tallies.get(segment.tariff.leaf)?.add(slot);
  });
  const lines = [...tallies.values()].flatMap((tally) => tally.lines());
  const usedPrices = new Map([...tallies.values()].flatMap((tally) => [...tally.usedPrices()]));
  return { lines, usedPrices };
}

/** What one tariff's charges count. */
class TariffTally {
  readonly #tariff: ReadTariff;
  readonly #input: ChargeInput;
  readonly #segments: readonly TariffSegment[];
  readonly #series: PriceSeries[] = [];
  /** One for each charge; a charge that counts no energy has none. */
  readonly #counters: readonly (ReturnType<typeof createTally> | DemandTally | undefined)[];
  #day = -1;
  #month = 0;

  constructor(tariff: ReadTariff, input: ChargeInput, clock: LocalClock) {
    const { charges, holidays = [] } = tariff.body;
    this.#tariff = tariff;
    this.#input = input;
    this.#segments = input.segments.filter((segment) => segment.tariff.leaf === tariff.leaf);
    this.#counters = charges.map((charge) => {
      if (charge.kind === "demand") return new DemandTally(charge, holidays, clock);
      if (charge.kind !== "energy" && charge.kind !== "export") return undefined;
      return createTally(charge, holidays, clock, this.#seriesOf(charge));
    });
  }

  add(slot: MeteredSlot): void {
    if (slot.day !== this.#day) {
      this.#day = slot.day;
      this.#month = monthNumber(slot.day);
    }
    for (const counter of this.#counters) counter?.add(slot, this.#month);
  }

  lines(): readonly (ChargeLine & BillLine)[] {
    const { charges, minor } = this.#tariff.body;
    const lines: (ChargeLine & BillLine)[] = [];
    const daysOf = (month: number): StepDays => this.#stepDays(month);
    for (const [i, charge] of charges.entries()) {
      const listed = this.#counters[i]?.lines(daysOf) ?? this.#otherLines(charge, lines);
      for (const line of listed) {
        const amount =
          line.pico === undefined ? roundAmount(line, minor) : roundPico(line.pico, minor);
        lines.push({ ...line, amount });
      }
    }
    return lines;
  }

  *usedPrices(): Generator<[string, number]> {
    for (const series of this.#series) yield* series.used;
  }

  #seriesOf(charge: TariffCharge): PriceSeries | undefined {
    if (!("series" in charge)) return undefined;
    const series = new PriceSeries(this.#input.prices.filter(({ id }) => id === charge.series));
    this.#series.push(series);
    return series;
  }

  #otherLines(charge: TariffCharge, before: readonly BillLine[]): readonly ChargeLine[] {
    if (charge.kind === "standing") return this.#standingLines(charge);
    if (charge.kind === "minimum") return this.#minimumLines(charge, before);
    return charge.kind === "tax" ? [taxLine(charge, before)] : [];
  }

  #standingLines({ code, label, nano, per }: StandingCharge): readonly ChargeLine[] {
    if (per !== "bill") return [{ code, label, unit: per, nano, qty: this.#countStarts(per) }];
    const isFirst = this.#segments[0] === this.#input.segments[0];
    return isFirst ? [{ code, label, unit: "each", nano, qty: 1 }] : [];
  }

  #minimumLines(
    { code, label, nano, per }: MinimumCharge,
    before: readonly BillLine[],
  ): readonly ChargeLine[] {
    const { minor } = this.#tariff.body;
    const least = roundAmount({ qty: this.#countStarts(per), unit: per, nano }, minor);
    const lacking = sumExactly([least, ...before.map(({ amount }) => -amount)]);
    if (lacking <= 0) return [];
    return [{ code, label, qty: lacking, unit: "each", nano: 10 ** (9 - minor) }];
  }

  #countStarts(per: "day" | "month"): number {
    const { offsets } = this.#input;
    return sumExactly(this.#segments.map(({ from, to }) => countStarts(offsets, per, from, to)));
  }

  #stepDays(month: number): StepDays {
    const { offsets } = this.#input;
    const { first, after } = monthDays(monthText(month));
    const [start, end] = [startOfLocalDay(offsets, first), startOfLocalDay(offsets, after)];
    let counted = 0;
    for (const segment of this.#segments) {
      const from = Math.max(start, segment.from);
      const to = Math.min(end, segment.to);
      if (from < to) counted += countStarts(offsets, "day", from, to);
    }
    return { counted, all: after - first };
  }
}

/** On the lines before it but other taxes, or on those that it names. */
function taxLine({ code, label, nano, on }: TaxCharge, before: readonly BillLine[]): ChargeLine {
  const taxed = before.filter((line) => on?.includes(line.code) ?? line.unit !== "tax");
  return { code, label, qty: sumExactly(taxed.map(({ amount }) => amount)), unit: "tax", nano };
}

function monthNumber(day: number): number {
  const month = monthOf(formatDate(day));
  return Number(month.slice(0, 4)) * 12 + Number(month.slice(5)) - 1;
}

function monthText(month: number): string {
  return `${Math.floor(month / 12)}-${String((month % 12) + 1).padStart(2, "0")}`;
}
