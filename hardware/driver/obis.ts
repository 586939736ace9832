/**
 * What meters say under OBIS codes (IEC 62056-61), as a reading.
 *
 * A code has six parts, A-B:C.D.E*F; these are the parts C.D.E of electricity (A = 1) that a reading is made of:
 *
 *   1.8.0  1.8.1 …   imported energy, total and by tariff        2.8.0  2.8.1 …   exported
 *   16.7.0           power, signed                               1.7.0  2.7.0     power in and out
 *   36, 56, 76.7.0   power of each phase, signed
 *   32, 52, 72.7.0   voltage of each phase                       31, 51, 71.7.0   current
 *   14.7.0           frequency                                   13.7.0           power factor
 *
 * Values stay exact: a whole number, a power of ten and a unit, until they are rounded once to the reading's unit.
 */
import { fail } from "../../shared/base/error.ts";
import type { Reading } from "./driver.ts";

export type ObisUnit = "Wh" | "W" | "V" | "A" | "Hz" | "";

/** `value` × 10^`exponent` of the unit. */
export interface Quantity {
  readonly value: bigint;
  readonly exponent: number;
  readonly unit: ObisUnit;
  /** Of a counter shown with fixed digits: it runs through at 10^`wraps` of the unit. */
  readonly wraps?: number;
}

/** Quantities by "C.D.E". */
export type Quantities = ReadonlyMap<string, Quantity>;

/** What every meter stays below, in the units of a reading: 1 TWh, 1 GW, 1 MV, 1 MA. */
const MOST = { energy: 1e12, power: 1e12, voltage: 1e9, current: 1e9 } as const;
const MAX_FREQUENCY = 100_000;
/** Tariff registers are summed where there is no total. */
const TARIFFS = 9;

const PHASES = { voltage: [32, 52, 72], current: [31, 51, 71], power: [36, 56, 76] } as const;

const UNIT_BY_TEXT: { readonly [text: string]: readonly [ObisUnit, number] } = {
  kwh: ["Wh", 3],
  wh: ["Wh", 0],
  kw: ["W", 3],
  w: ["W", 0],
  v: ["V", 0],
  a: ["A", 0],
  hz: ["Hz", 0],
  "": ["", 0],
};
const MEGA: { readonly [text: string]: readonly [ObisUnit, number] } = {
  MWh: ["Wh", 6],
  MW: ["W", 6],
};

const DECIMAL = /^([+-]?)(\d{1,15})(?:\.(\d{1,9}))?(?:\*([A-Za-z]{1,4}))?$/;

/** A text like "001234.567*kWh"; undefined for anything else, other units included. */
export function parseQuantity(text: string): Quantity | undefined {
  const match = DECIMAL.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = "", decimals = "", name = ""] = match;
  const unit = MEGA[name] ?? UNIT_BY_TEXT[name.toLowerCase()];
  if (unit === undefined) return undefined;
  const size = BigInt(whole + decimals);
  return {
    value: sign === "-" ? -size : size,
    exponent: unit[1] - decimals.length,
    unit: unit[0],
    wraps: unit[1] + whole.length,
  };
}

/** The quantity × 10^`places` as a whole number, rounded half away from zero. */
function scale({ value, exponent }: Quantity, places: number): bigint {
  const power = exponent + places;
  if (power >= 0) return value * 10n ** BigInt(power);
  const divisor = 10n ** BigInt(-power);
  const size = value < 0n ? -value : value;
  const rounded = (2n * size + divisor) / (2n * divisor);
  return value < 0n ? -rounded : rounded;
}

/** Throws `sensor-range` beyond `most`. */
function toNumber(code: string, value: bigint, most: number): number {
  const number = Number(value);
  if (Math.abs(number) > most) {
    fail("sensor-range", `${code}: ${value} is more than a meter can measure`, { code });
  }
  return number;
}

/** The reading in these quantities. Throws `sensor-range`; without an energy register too. */
export function readQuantities(quantities: Quantities, raw: Uint8Array): Reading {
  const register = readRegister(quantities, 1);
  if (register === undefined) {
    fail("sensor-range", "the telegram has no register of imported energy", { bytes: raw.length });
  }
  const exported = readRegister(quantities, 2);
  const power = readPower(quantities);
  const voltage = readPhases(quantities, "voltage", "V");
  const current = readPhases(quantities, "current", "A");
  const frequency = readFrequency(quantities);
  const factor = quantities.get("13.7.0");
  const thousandths = factor?.unit === "" ? Number(scale(factor, 3)) : undefined;
  return {
    energy: "register",
    register: register.wh,
    ...(register.span === undefined ? {} : { registerSpan: register.span }),
    ...(exported === undefined ? {} : { exported: exported.wh }),
    ...(power === undefined ? {} : { power }),
    ...(voltage.length === 0 ? {} : { voltage }),
    ...(current.length === 0 ? {} : { current }),
    ...(frequency === undefined ? {} : { frequency }),
    ...(thousandths === undefined || thousandths < 0 || thousandths > 1000
      ? {}
      : { powerFactor: thousandths }),
    raw,
  };
}

/**
 * The total, or else the sum of the tariffs. Where the sum is taken, `span` is that of each of its parts: when one
 * runs through, the sum falls by it.
 */
function readRegister(
  quantities: Quantities,
  group: 1 | 2,
): { readonly wh: number; readonly span?: number } | undefined {
  const code = `${group}.8`;
  const total = quantities.get(`${code}.0`);
  const parts = total === undefined ? [] : [total];
  for (let tariff = 1; tariff <= TARIFFS && total === undefined; tariff++) {
    const part = quantities.get(`${code}.${tariff}`);
    if (part !== undefined) parts.push(part);
  }
  const [first] = parts;
  if (first === undefined) return undefined;
  for (const { unit, value } of parts) {
    if (unit !== "Wh" || value < 0n) {
      fail("sensor-range", `${code}: ${value} ${unit} is no energy register`, { code });
    }
  }
  const sum = parts.reduce((all, part) => all + scale(part, 0), 0n);
  const wh = toNumber(code, sum, MOST.energy);
  const { wraps } = first;
  const fixed = wraps !== undefined && wraps <= 12 && parts.every((part) => part.wraps === wraps);
  return fixed ? { wh, span: 10 ** wraps } : { wh };
}

function readPower(quantities: Quantities): number | undefined {
  const watts = (code: string): bigint | undefined => {
    const quantity = quantities.get(code);
    return quantity?.unit === "W" ? scale(quantity, 3) : undefined;
  };
  const signed = watts("16.7.0");
  if (signed !== undefined) return toNumber("16.7.0", signed, MOST.power);
  const [taken, given] = [watts("1.7.0"), watts("2.7.0")];
  if (taken !== undefined || given !== undefined) {
    return toNumber("1.7.0", (taken ?? 0n) - (given ?? 0n), MOST.power);
  }
  const phases = PHASES.power.map((group) => watts(`${group}.7.0`));
  if (phases.every((phase) => phase === undefined)) return undefined;
  const sum = phases.reduce<bigint>((all, phase) => all + (phase ?? 0n), 0n);
  return toNumber("36.7.0", sum, MOST.power);
}

/** The phases from the first one on. */
function readPhases(
  quantities: Quantities,
  kind: "voltage" | "current",
  unit: ObisUnit,
): readonly number[] {
  const values: number[] = [];
  for (const group of PHASES[kind]) {
    const quantity = quantities.get(`${group}.7.0`);
    if (quantity?.unit !== unit) break;
    values.push(toNumber(`${group}.7.0`, scale(quantity, 3), MOST[kind]));
  }
  return values;
}

function readFrequency(quantities: Quantities): number | undefined {
  const quantity = quantities.get("14.7.0");
  if (quantity?.unit !== "Hz") return undefined;
  return toNumber("14.7.0", scale(quantity, 3), MAX_FREQUENCY);
}
