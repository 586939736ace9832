/**
 * The driver of a part that prints its readings as lines of text, by itself and without checksums: what RPICT boards
 * and OpenEnergyMonitor devices have in common.
 *
 * A line is judged when it arrives: a good one is kept, one that is none of the part's readings is passed over, a
 * damaged one is refused and shows if no good one follows.
 */

import { parseDecimal } from "../../shared/base/decimal.ts";
import { fail } from "../../shared/base/error.ts";
import type { SerialLine } from "../port/serial-line.ts";
import type { Timing } from "../port/timing.ts";
import type { Driver, Reading } from "./driver.ts";
import { LineFramer } from "./line-framer.ts";
import { createPushDriver } from "./push-driver.ts";

export interface LineDriverOptions {
  readonly sensor: string;
  readonly line: SerialLine;
  readonly timing: Timing;
  /** Between two lines of the part. */
  readonly periodMs: number;
  /** The reading in a line; undefined if the line is none of the part's readings. Throws `sensor-range`. */
  readonly parse: (text: string) => Omit<Reading, "raw"> | undefined;
  /** What `probe` says of a first reading, for people. */
  readonly describe: (reading: Reading) => string;
}

/** The longest line of any such part: a stack of HATs with some 60 columns. */
const MAX_LENGTH = 1_024;
/** A reading counts until the third line after it is due. */
const PERIODS = 3;
/** Who only looks for the part waits for one line. */
const PROBE_PERIODS = 1.5;

export function createLineDriver(options: LineDriverOptions): Driver {
  const { periodMs, parse, ...rest } = options;
  return createPushDriver({
    ...rest,
    maxAgeMs: PERIODS * periodMs,
    probeMs: PROBE_PERIODS * periodMs,
    framer: new LineFramer(MAX_LENGTH),
    parse(frame) {
      const reading = parse(textOf(frame));
      return reading === undefined ? undefined : { ...reading, raw: frame };
    },
  });
}

/** A byte that is not ASCII becomes U+FFFD, which no line may hold. */
function textOf(frame: Uint8Array): string {
  let text = "";
  for (const byte of frame) text += byte < 0x80 ? String.fromCharCode(byte) : "\ufffd";
  return text.trim();
}

/** How the C libraries of these parts print what is no number. */
const NOT_A_NUMBER = /^[+-]?nan$/i;

/**
 * A printed number × 10^`places`, without passing through a float; undefined for `nan`. Throws `sensor-range` for what is
 * no number (also `inf`, `ovf`) and what lies outside of `range`, which is given in the result's unit.
 */
export function parseQuantity(
  what: string,
  text: string,
  places: number,
  [min, max]: readonly [number, number],
): number | undefined {
  if (NOT_A_NUMBER.test(text)) return undefined;
  const value = text.length > 32 ? undefined : parseDecimal(text, places, ".");
  if (value === undefined) fail("sensor-range", `${what} is no number`, { quantity: what });
  if (value < min || value > max) {
    fail("sensor-range", `${what} ${value} is not within ${min} to ${max}`, {
      quantity: what,
      value,
    });
  }
  return value;
}

/** The same where the part must have measured. Throws `sensor-range` for `nan` too. */
export function requireQuantity(
  what: string,
  text: string,
  places: number,
  range: readonly [number, number],
): number {
  const value = parseQuantity(what, text, places, range);
  if (value === undefined) fail("sensor-range", `${what} is not measured`, { quantity: what });
  return value;
}

/** Undefined for values that stand for a thermometer that is not there. Throws `sensor-range` for what is no number. */
export function parseTemperature(what: string, text: string, places: number): number | undefined {
  const value = parseQuantity(what, text, places, [-1e12, 1e12]);
  const [min, max] = TEMPERATURE;
  return value === undefined || value < min || value > max ? undefined : value;
}

const TEMPERATURE = [-55_000, 125_000] as const;

/** What these parts can show, in thousandths of volt, ampere and watt, and in Wh. */
export const LINE_RANGES = {
  voltage: [0, 1_000_000],
  current: [0, 5_000_000],
  power: [-1_000_000_000, 1_000_000_000],
  energy: [0, 1e12],
} as const;
