/**
 * What the INA219, INA226 and INA260 of Texas Instruments have in common: direct current and voltage in 16-bit
 * registers, high byte first, measured all the time by settings that the part forgets without power.
 *
 * Each reading asks for the settings too. Where they are not what the driver wrote, the part was reset: it is set up
 * again. The first time that is how a part is found; later it is `sensor-busy` for one reading, because
 * the part was without power and did not measure meanwhile.
 *
 * There is no checksum: a disturbed reply shows only by its range. The calibration registers have the values of
 * the Linux driver hwmon/ina2xx.c; they do not matter here, current and power are computed from the voltages.
 */
import { concatBytes } from "../../shared/base/bytes.ts";
import { fail } from "../../shared/base/error.ts";
import type { MilliAmp, MilliVolt } from "../../shared/base/units.ts";
import type { Timing } from "../port/timing.ts";
import type { Driver, Reading } from "./driver.ts";
import {
  hex,
  type RegisterPart,
  readRegister,
  readWord,
  requireRange,
  writeWord,
} from "./i2c-registers.ts";

/** The four address pins' combinations. */
export const INA_ADDRESSES: readonly number[] = Array.from({ length: 16 }, (_, i) => 0x40 + i);

const CONFIGURATION_REGISTER = 0;
/** Bits 14 to 12 of the configuration, which an INA226 and an INA260 keep. */
const FIXED_MASK = 0x7000;
const MANUFACTURER_REGISTER = 0xfe;
const DIE_REGISTER = 0xff;
/** "TI". */
const TEXAS_INSTRUMENTS = 0x5449;
/** The last four bits are the revision. */
const DIE_MASK = 0xfff0;

export interface InaMonitor extends RegisterPart {
  readonly name: string;
  /** Register and value, in the order in which they are written. */
  readonly settings: readonly (readonly [register: number, value: number])[];
  /** From the settings to the first result, with all its averages. */
  readonly settlingMs: number;
  /** The two registers of a reading, in the order of `parse`. */
  readonly measured: readonly [number, number];
  readonly parse: (raw: Uint8Array) => Reading;
  /** Throws `sensor-gone` where another part answers. */
  readonly identify: () => Promise<void>;
  /** What to say of a reading, for people. */
  readonly describe: (raw: Uint8Array) => string;
}

export function createInaMonitor(part: InaMonitor, timing: Timing): Driver {
  let known = false;
  const isSetUp = async (): Promise<boolean> => {
    for (const [register, value] of part.settings) {
      if ((await readWord(part, register)) !== value) return false;
    }
    return true;
  };
  const setUp = async (): Promise<void> => {
    for (const [register, value] of part.settings) await writeWord(part, register, value);
    await timing.sleep(part.settlingMs);
    if (!(await isSetUp()))
      fail("sensor-gone", `${part.sensor}: the part does not keep its settings`);
    const lost = known;
    known = true;
    if (lost) fail("sensor-busy", `${part.sensor}: it was reset and has been set up again`);
  };
  const measure = async (): Promise<Uint8Array> =>
    concatBytes(
      await readRegister(part, part.measured[0], 2),
      await readRegister(part, part.measured[1], 2),
    );
  return {
    sensor: part.sensor,
    async read() {
      if (await isSetUp()) known = true;
      else await setUp();
      return part.parse(await measure());
    },
    async probe() {
      await part.identify();
      return `${part.name} at address ${hex(part.address)}: ${part.describe(await measure())}`;
    },
    async close() {},
  };
}

/**
 * Throws `sensor-gone` where the fixed bits of the configuration or the id registers are others. The configuration
 * comes first: to an Si7021 or HTU21 at 0x40 the number of the maker's register is the command to reset, and
 * they do not acknowledge 0.
 */
export async function requireDie(part: RegisterPart, die: number, fixed: number): Promise<void> {
  const configuration = await readWord(part, CONFIGURATION_REGISTER);
  if ((configuration & FIXED_MASK) !== fixed) {
    fail("sensor-gone", `${part.sensor}: another part`, { configuration });
  }
  const maker = await readWord(part, MANUFACTURER_REGISTER);
  const found = await readWord(part, DIE_REGISTER);
  if (maker !== TEXAS_INSTRUMENTS || (found & DIE_MASK) !== die) {
    const ids = `${hex(maker)} ${hex(found)}`;
    fail("sensor-gone", `${part.sensor}: a part with the ids ${ids}`, { maker, found });
  }
}

/** Throws `sensor-gone` where an id register says that it is a newer part of the family. */
export async function requireNoDie(part: RegisterPart): Promise<void> {
  // The INA228 and its relatives have their maker's number at 0x3E.
  for (const register of [MANUFACTURER_REGISTER, 0x3e]) {
    if ((await readWord(part, register)) === TEXAS_INSTRUMENTS) {
      fail("sensor-gone", `${part.sensor}: another part of Texas Instruments`, { register });
    }
  }
}

/** A current in mA as a ratio of integers: [nanovolts, microohms], or [5 × counts, 4]. */
export type Ratio = readonly [numerator: number, denominator: number];

/** The reading of one channel; power is negative when current flows back. Throws `sensor-range`. */
export function parseChannel(
  sensor: string,
  voltage: MilliVolt,
  [numerator, denominator]: Ratio,
  limits: { readonly voltage: readonly [number, number]; readonly current: MilliAmp },
  raw: Uint8Array,
): Reading {
  const current = Math.round(numerator / denominator);
  return {
    energy: "power",
    // Of the exact current: a rounded one would cost much of a small power.
    power: Math.round((voltage * numerator) / (1000 * denominator)) + 0,
    voltage: [requireRange(sensor, "voltage", voltage, limits.voltage)],
    current: [requireRange(sensor, "current", current, [-limits.current, limits.current])],
    raw,
  };
}

/** The signed count of a shunt that has not reached the end of its scale. Throws `sensor-range`. */
export function requireUnsaturated(sensor: string, count: number, end: number): number {
  if (Math.abs(count) < end) return count;
  fail("sensor-range", `${sensor}: more current than it can measure with this shunt`, { count });
}

/** "12.004 V" */
export function inVolts(millivolts: MilliVolt): string {
  return `${(millivolts / 1000).toFixed(3)} V`;
}
