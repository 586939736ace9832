/**
 * Energy by rate: what one charge counts over a period, and its lines.
 *
 * In:  slots of the charge's tariff. Out: lines before rounding. Time bands take a slot by its first instant. Steps are
 *      counted in each local month by itself: a "month" step has the month's share of the days that begin under the
 *      tariff, a "day" step its size times those days. An R slot goes to the cheapest band of its gap.
 */
import type { Nano, UnixSeconds, WattHour } from "../base/units.ts";
import { divideRounded, sumExactly, toSafe } from "./amount.ts";
import type { ChargeLine } from "./charge-lines.ts";
import type { PriceSeries } from "./price-series.ts";
import type { LocalClock, MeteredSlot } from "./slot-walk.ts";
import type { EnergyCharge, ExportCharge, TariffStep } from "./tariff-charge.ts";
import { BandSchedule, type WhenRule } from "./tariff-when.ts";

/** A gap is looked at in steps of this length. */
const GAP_STEP_S = 900;
/** With more prices than this in a period, the charge is one line at the mean price. */
const MAX_PRICE_LINES = 24;

/** The days of a local month that count for its steps. */
export interface StepDays {
  /** Days that begin under the tariff within the period. */
  readonly counted: number;
  /** Days of the calendar month. */
  readonly all: number;
}

/** One charge's count of energy. */
export interface EnergyTally {
  /** @param month local month of the slot: 12 × year + month */
  add(slot: MeteredSlot, month: number): void;
  lines(daysOf: (month: number) => StepDays): readonly ChargeLine[];
}

interface RateBand {
  readonly code: string;
  readonly label: string;
  readonly nano?: Nano;
  readonly steps?: readonly TariffStep[];
  readonly per?: "month" | "day";
  readonly when?: readonly WhenRule[];
}

export function createTally(
  charge: EnergyCharge | ExportCharge,
  holidays: readonly string[],
  clock: LocalClock,
  series: PriceSeries | undefined,
): EnergyTally {
  if ("series" in charge && series !== undefined) return new SeriesTally(charge, series);
  return new BandTally(charge, listBands(charge), holidays, clock);
}

function listBands(charge: EnergyCharge | ExportCharge): readonly RateBand[] {
  if ("bands" in charge) {
    return charge.bands.map((band) => ({ ...band, label: `${charge.label}, ${band.label}` }));
  }
  return [charge as RateBand];
}

class BandTally implements EnergyTally {
  readonly #charge: EnergyCharge | ExportCharge;
  readonly #bands: readonly RateBand[];
  readonly #schedule: BandSchedule | undefined;
  readonly #clock: LocalClock;
  /** By band and local month. */
  readonly #wh: Map<number, WattHour>[];
  #recovered = 0;

  constructor(
    charge: EnergyCharge | ExportCharge,
    bands: readonly RateBand[],
    holidays: readonly string[],
    clock: LocalClock,
  ) {
    this.#charge = charge;
    this.#bands = bands;
    this.#clock = clock;
    this.#wh = bands.map(() => new Map());
    if (bands.length > 1) {
      this.#schedule = new BandSchedule(
        bands.map(({ when }) => when),
        holidays,
      );
    }
  }

  add(slot: MeteredSlot, month: number): void {
    const isExport = this.#charge.kind === "export";
    const wh = isExport ? slot.exported : slot.wh;
    if (wh === 0) return;
    if (!isExport && slot.letter === "R" && recoveredRate(this.#charge) !== undefined) {
      this.#recovered += wh;
      return;
    }
    const sums = this.#wh[this.#bandOf(slot, isExport)] as Map<number, WattHour>;
    sums.set(month, (sums.get(month) ?? 0) + wh);
  }

  lines(daysOf: (month: number) => StepDays): readonly ChargeLine[] {
    const sign = this.#charge.kind === "export" ? -1 : 1;
    const all = this.#bands.flatMap((band, i) =>
      bandLines(band, this.#wh[i] as Map<number, WattHour>, sign, daysOf),
    );
    const used = all.filter(({ qty }) => qty !== 0);
    const lines = used.length > 0 ? used : all.slice(0, 1);
    const nano = recoveredRate(this.#charge);
    if (nano === undefined || this.#recovered === 0) return lines;
    return [...lines, recoveredLine(this.#charge, nano, this.#recovered)];
  }

  #bandOf(slot: MeteredSlot, isExport: boolean): number {
    if (this.#schedule === undefined) return 0;
    const own = this.#schedule.bandAt(slot.day, slot.minute);
    if (slot.letter !== "R" || isExport) return own;
    let cheapest = own;
    for (let at = slot.gapFrom; at < slot.at; at += GAP_STEP_S) {
      const band = this.#bandAt(at, this.#schedule);
      if (firstNano(this.#bands[band]) < firstNano(this.#bands[cheapest])) cheapest = band;
    }
    return cheapest;
  }

  #bandAt(at: UnixSeconds, schedule: BandSchedule): number {
    const { day, minute } = this.#clock.at(at);
    return schedule.bandAt(day, minute);
  }
}

class SeriesTally implements EnergyTally {
  readonly #charge: (EnergyCharge | ExportCharge) & { readonly add?: number };
  readonly #series: PriceSeries;
  readonly #whByNano = new Map<Nano, WattHour>();
  #recovered = 0;

  constructor(charge: EnergyCharge | ExportCharge, series: PriceSeries) {
    this.#charge = charge;
    this.#series = series;
  }

  add(slot: MeteredSlot): void {
    const isExport = this.#charge.kind === "export";
    const wh = isExport ? slot.exported : slot.wh;
    if (wh === 0) return;
    const isRecovered = !isExport && slot.letter === "R";
    if (isRecovered && recoveredRate(this.#charge) !== undefined) {
      this.#recovered += wh;
      return;
    }
    let nano = this.#series.at(slot.at);
    if (isRecovered) {
      for (let at = slot.gapFrom; at < slot.at; at += GAP_STEP_S) {
        nano = Math.min(nano, this.#series.find(at) ?? nano);
      }
    }
    nano = sumExactly([nano, this.#charge.add ?? 0]);
    this.#whByNano.set(nano, (this.#whByNano.get(nano) ?? 0) + wh);
  }

  lines(): readonly ChargeLine[] {
    const { code, label, kind } = this.#charge;
    const sign = kind === "export" ? -1 : 1;
    const prices = [...this.#whByNano].sort(([a], [b]) => a - b);
    const recovered = recoveredRate(this.#charge);
    const extra =
      recovered === undefined || this.#recovered === 0
        ? []
        : [recoveredLine(this.#charge, recovered, this.#recovered)];
    if (prices.length > MAX_PRICE_LINES) return [meanLine(code, label, sign, prices), ...extra];
    const lines = prices.map(([nano, wh]) => ({
      code,
      label,
      qty: sumExactly([wh]),
      unit: "wh" as const,
      nano: signed(sign, nano),
    }));
    if (lines.length > 0) return [...lines, ...extra];
    return [{ code, label, qty: 0, unit: "wh", nano: 0 }, ...extra];
  }
}

/** Many prices in one line: exact over all of them, with the mean price for people. */
function meanLine(
  code: string,
  label: string,
  sign: number,
  prices: readonly (readonly [Nano, WattHour])[],
): ChargeLine {
  const qty = sumExactly(prices.map(([, wh]) => wh));
  const exact = prices.reduce((sum, [nano, wh]) => sum + BigInt(nano) * BigInt(wh), 0n);
  const pico = BigInt(sign) * exact;
  return {
    code,
    label,
    qty,
    unit: "wh-mean",
    nano: Number(divideRounded(pico, BigInt(qty))),
    pico,
  };
}

function recoveredRate(charge: EnergyCharge | ExportCharge): Nano | undefined {
  return charge.kind === "energy" ? charge.recovered : undefined;
}

function recoveredLine({ code, label }: EnergyCharge | ExportCharge, nano: Nano, wh: WattHour) {
  const qty = sumExactly([wh]);
  return { code, label: `${label}, recovered`, qty, unit: "wh" as const, nano };
}

function bandLines(
  { code, label, nano, steps, per }: RateBand,
  sums: ReadonlyMap<number, WattHour>,
  sign: number,
  daysOf: (month: number) => StepDays,
): readonly ChargeLine[] {
  const unit = "wh" as const;
  if (steps === undefined) {
    return [
      { code, label, qty: sumExactly([...sums.values()]), unit, nano: signed(sign, nano ?? 0) },
    ];
  }
  return [...sums]
    .sort(([a], [b]) => a - b)
    .flatMap(([month, wh]) => {
      const days = daysOf(month);
      let below = 0;
      return steps.map(({ upto, nano: rate }) => {
        const top = upto === undefined ? undefined : allowance(upto, per ?? "month", days);
        const qty = Math.min(wh, top ?? wh) - Math.min(wh, below);
        const line = { code, label: `${label}, ${stepText(below, top)}`, qty, unit };
        below = top ?? below;
        return { ...line, nano: signed(sign, rate) };
      });
    });
}

function allowance(upto: WattHour, per: "month" | "day", { counted, all }: StepDays): WattHour {
  const product = BigInt(upto) * BigInt(counted);
  return toSafe(per === "day" ? product : product / BigInt(all));
}

function stepText(below: WattHour, top: WattHour | undefined): string {
  if (top === undefined) return `above ${kilowattHours(below)}`;
  return below === 0
    ? `first ${kilowattHours(top)}`
    : `${kilowattHours(below)} to ${kilowattHours(top)}`;
}

function kilowattHours(wh: WattHour): string {
  const fraction = String(wh % 1000)
    .padStart(3, "0")
    .replace(/0+$/, "");
  return `${Math.floor(wh / 1000)}${fraction === "" ? "" : `.${fraction}`} kWh`;
}

function firstNano(band: RateBand | undefined): Nano {
  return band?.nano ?? band?.steps?.[0]?.nano ?? 0;
}

/** Never -0, which has no canonical form. */
function signed(sign: number, nano: Nano): Nano {
  return nano === 0 ? 0 : sign * nano;
}
