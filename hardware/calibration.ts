/**
 * Calibration of a source: factors of current transformer, voltage divider and power, as exact ratios of integers.
 *
 * In: a reading as the part gave it. Out: the same reading in the units of the wire. It is applied here and nowhere
 * else; the raw bytes stay as they were, so that anyone can do it again. Registers are multiplied as a whole and rounded
 * down, so that their differences never drift.
 */
import { type Decoded, integer, object, tuple } from "../shared/base/decoder.ts";
import type { Reading } from "./driver/driver.ts";

const ratio = tuple(integer(1, 10_000_000), integer(1, 10_000_000));

/** `[numerator, denominator]` each; what is left out is 1. */
export const decodeCalibration = object(
  {},
  {
    /** Primary by secondary current of a transformer that the part does not know of: [200, 5]. */
    ct_ratio: ratio,
    /** True voltage by shown voltage. */
    voltage_gain: ratio,
    /** True power by shown power, beyond the two above: what an angle between the two costs. */
    power_gain: ratio,
  },
);

export type Calibration = Decoded<typeof decodeCalibration>;
type Ratio = Decoded<typeof ratio>;

export function calibrate<R extends Omit<Reading, "raw">>(
  reading: R,
  calibration: Calibration | undefined,
): R {
  if (calibration === undefined) return reading;
  const { ct_ratio, voltage_gain, power_gain } = calibration;
  const energy = [ct_ratio, voltage_gain, power_gain];
  const { voltage, current, power, register, registerSpan, registerStep = 1, exported } = reading;
  return {
    ...reading,
    ...(voltage && { voltage: voltage.map((value) => scale(value, [voltage_gain], "nearest")) }),
    ...(current && { current: current.map((value) => scale(value, [ct_ratio], "nearest")) }),
    ...(power === undefined ? {} : { power: scale(power, energy, "nearest") }),
    ...(register === undefined ? {} : { register: scale(register, energy, "down") }),
    ...(registerSpan === undefined ? {} : { registerSpan: scale(registerSpan, energy, "down") }),
    ...(register === undefined ? {} : { registerStep: scale(registerStep, energy, "up") }),
    ...(exported === undefined ? {} : { exported: scale(exported, energy, "down") }),
  };
}

/** Exact at any size: products of three ratios leave the range of whole numbers. */
function scale(
  value: number,
  ratios: readonly (Ratio | undefined)[],
  round: "down" | "nearest" | "up",
): number {
  let numerator = BigInt(Math.abs(value));
  let denominator = 1n;
  for (const [by, of] of ratios.filter((one) => one !== undefined)) {
    numerator *= BigInt(by);
    denominator *= BigInt(of);
  }
  const more = { down: 0n, nearest: denominator / 2n, up: denominator - 1n }[round];
  return Math.sign(value) * Number((numerator + more) / denominator);
}
