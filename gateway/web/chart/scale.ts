/** Axis arithmetic: from the least and greatest value to a few round ticks. */

export interface Scale {
  readonly min: number;
  readonly max: number;
  /** Ascending, evenly spaced, from `min` to `max`. */
  readonly ticks: readonly number[];
  /** Decimals that tell the ticks apart. */
  readonly digits: number;
}

const STEPS = [1, 2, 2.5, 5, 10];

/** A scale of about `wanted` intervals that holds both values; equal values get room around them. */
export function niceScale(low: number, high: number, wanted = 4): Scale {
  const room = high > low ? 0 : Math.max(Math.abs(high) * 0.02, 0.5);
  const [from, to] = [low - room, high + room];
  const rough = (to - from) / wanted;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = (STEPS.find((s) => s * magnitude >= rough * 0.9) ?? 10) * magnitude;
  const first = Math.floor(from / step + 1e-9);
  const last = Math.ceil(to / step - 1e-9);
  const ticks: number[] = [];
  for (let i = first; i <= last; i++) ticks.push(Number((i * step).toPrecision(12)));
  return { min: first * step, max: last * step, ticks, digits: mostDecimals(ticks) };
}

/** A scale from zero, for bars. */
export function zeroScale(high: number, wanted = 4): Scale {
  return niceScale(0, high > 0 ? high : 1, wanted);
}

function mostDecimals(ticks: readonly number[]): number {
  return Math.min(3, Math.max(...ticks.map(decimalsOf)));
}

function decimalsOf(value: number): number {
  const text = String(value);
  const dot = text.indexOf(".");
  return dot < 0 ? 0 : text.length - dot - 1;
}

/** Distance from the top of the plot in percent, with two decimals. */
export function fromTop(scale: Scale, value: number): number {
  return round2(((scale.max - value) / (scale.max - scale.min)) * 100);
}

export function round2(value: number): number {
  return Math.round(value * 100) / 100;
}
