/**
 * ADE7878 on a SmartPi: mains energy of three phases by current transformers, on I2C, address 0x38.
 *
 * The chip adds up active power in one signed counter a phase, 0xE400 to 0xE402: up for import, down for
 * export. Sums over the phases, as a meter of the grid does. The threshold of a count (0x43AB, 0x43AC) is set to 8000 ×
 * 3600 × 16 units of power, so that one count is one hour of the least power in 0xE513 to 0xE515: with the
 * SmartPi's standard transformers 0.019413 Wh.
 *
 *   0x43C1 C3 C5 voltage, 0.1 mV after the SmartPi's gains · 0x43C0 C2 C4 current · 0xE513 to 0xE515 power, signed ·
 *   0xE607 period in 1/256000 s less 1 · 0xE228 running
 *
 * Sources: Analog Devices' data sheet ADE7878 revision G (equation of WTHR with PMAX = 33,516,139 at 8 kHz; counters
 * that roll over; read with reset; tables 30 to 34), its engineers' answer that a power register is PMAX / 16 at
 * full scale (ez.analog.com 25081), and for gains, offsets and factors by transformer SmartPi's own program
 * (nDenerserve/SmartPi, smartpiac/device/ade7878.go). That the last write to the signal processor's memory is to be made
 * three times is from memory of the data sheet.
 *
 * The driver adds up import and export since it began, starting from the chip's counters: without export a new
 * process continues where the last one stopped. A chip that was reset is set up again and counts from 0.
 */
import { concatBytes } from "../../shared/base/bytes.ts";
import { type Decoded, integer, literal, object } from "../../shared/base/decoder.ts";
import { fail } from "../../shared/base/error.ts";
import type {
  MilliAmp,
  MilliHertz,
  MilliVolt,
  MilliWatt,
  WattHour,
} from "../../shared/base/units.ts";
import type { I2cBus } from "../port/i2c-bus.ts";
import type { Timing } from "../port/timing.ts";
import {
  ADE,
  ADE7878_ADDRESS,
  type AdeRegister,
  computingMode,
  numberIn,
  readAde,
  readAdeNumber,
  refuseExpander,
  requireAde7878,
  writeAde,
} from "./ade7878-registers.ts";
import type { Driver, Sensor } from "./driver.ts";
import { hex, requireRange } from "./i2c-registers.ts";

/** One count of power in nW and of current in pA (at 50 Hz), by transformer. */
const TRANSFORMERS = {
  /** YHDC SCT-013, 100 A : 50 mA, the SmartPi's own. */
  "sct-013": { power: 19_413_000, current: 23_207_368 },
  /** YHDC SCT-4333QL, 300 A. */
  "sct-4333ql": { power: 58_239_000, current: 69_622_105 },
  /** 400 A : 0.333 V. */
  "400a-333mv": { power: 85_859_712, current: 102_382_714 },
  /** Any transformer with 1 A or 5 A of secondary current: secondary values, the ratio is `ct_ratio`. */
  "1a": { power: 219_305, current: 258_284 },
  "5a": { power: 1_096_525, current: 1_253_435 },
} as const;

/** 8 kHz × 3600 s × 16: a power register is a sixteenth of what the counters add up 8000 times a second. */
const THRESHOLD_HIGH = 0x1b;
const THRESHOLD_LOW = 0x77_4000;
const LINE_CYCLES_OFF = 0x00;
const READ_WITH_RESET = 0x40;
const PROTECTION_KEY = 0xad;
const SETTLING_MS = 1_000;
const COUNTER_SPAN = 0x1_0000_0000;
const PERIOD_HZ = 256_000;

/** The measuring ranges of the board, a twentieth wider; beyond them the bytes are not a measurement. */
const VOLTAGE = [0, 441_000] as const;
const FREQUENCY = [40_000, 70_000] as const;
const RMS_BITS = 24;
const POWER_BITS = 24;

const PHASES: readonly {
  readonly [quantity in "voltage" | "current" | "power" | "energy"]: AdeRegister;
}[] = [
  { voltage: ADE.voltageA, current: ADE.currentA, power: ADE.powerA, energy: ADE.energyA },
  { voltage: ADE.voltageB, current: ADE.currentB, power: ADE.powerB, energy: ADE.energyB },
  { voltage: ADE.voltageC, current: ADE.currentC, power: ADE.powerC, energy: ADE.energyC },
];
const PHASE_LENGTH = 16;

/** In the order in which SmartPi's program writes them, with this driver's threshold. */
const MEMORY: readonly (readonly [AdeRegister, number])[] = [
  [ADE.integrator, 0x0fff_8000],
  [ADE.wattThresholdHigh, THRESHOLD_HIGH],
  [ADE.wattThresholdLow, THRESHOLD_LOW],
  [ADE.voltageLevel, 0x000c_ec85],
  [ADE.voltageGainA, 0xfffc_1cc2],
  [ADE.voltageGainB, 0xfffb_ca60],
  [ADE.voltageGainC, 0xfffc_12de],
  [ADE.currentOffsetA, 0x0ffd_40e0],
  [ADE.currentOffsetB, 0x0ffd_40e0],
  [ADE.currentOffsetC, 0x0ffd_40e0],
  [ADE.currentOffsetN, 0x0ffd_40e0],
];

const decode = object(
  { kind: literal("ade7878"), bus: integer(0, 255) },
  {
    /** Default "sct-013"; all phases have the same. */
    ct: literal("sct-013", "sct-4333ql", "400a-333mv", "1a", "5a"),
    /** Default 3. */
    phases: literal(1, 3),
    /** Default 50. */
    mains_hz: literal(50, 60),
  },
);

export type Ade7878Config = Decoded<typeof decode>;

export const ade7878: Sensor<Ade7878Config> = {
  kind: "ade7878",
  metersEnergy: true,
  decode,
  candidates: (place) => (place.kind === "i2c" ? [{ kind: "ade7878", bus: place.bus }] : []),
  async open(config, ports) {
    return createAde7878(await ports.i2cBus(config.bus), config, ports.timing);
  },
};

function createAde7878(bus: I2cBus, config: Ade7878Config, timing: Timing): Driver {
  const { ct = "sct-013", phases = 3, mains_hz: mainsHz = 50 } = config;
  const unit = TRANSFORMERS[ct].power;
  const span = wattHours(COUNTER_SPAN, unit);
  let known = false;
  let counted: Counted | undefined;

  const isSetUp = async (): Promise<boolean> => {
    const expected: readonly (readonly [AdeRegister, number])[] = [
      [ADE.run, 1],
      [ADE.computingMode, computingMode(mainsHz)],
      [ADE.wattThresholdHigh, THRESHOLD_HIGH],
      [ADE.wattThresholdLow, THRESHOLD_LOW],
      [ADE.lineCycleMode, LINE_CYCLES_OFF],
    ];
    for (const [register, value] of expected) {
      if ((await readAdeNumber(bus, register)) !== value) return false;
    }
    return true;
  };
  const unlock = async (value: number): Promise<void> => {
    await writeAde(bus, ADE.protectionKey, PROTECTION_KEY);
    await writeAde(bus, ADE.protection, value);
  };
  const setUp = async (): Promise<void> => {
    await requireAde7878(bus);
    counted = undefined;
    await writeAde(bus, ADE.interfaceLock, 0x02);
    await unlock(0x00);
    await writeAde(bus, ADE.computingMode, computingMode(mainsHz));
    await writeAde(bus, ADE.accumulationMode, 0x00);
    for (const [register, value] of MEMORY) await writeAde(bus, register, value);
    const last = MEMORY.at(-1);
    for (let again = 0; last !== undefined && again < 2; again++) await writeAde(bus, ...last);
    await unlock(0x80);
    await writeAde(bus, ADE.run, 1);
    // Counters of another threshold mean nothing: reading them this way sets them to 0.
    await writeAde(bus, ADE.lineCycleMode, READ_WITH_RESET);
    for (const { energy } of PHASES) await readAde(bus, energy);
    await writeAde(bus, ADE.lineCycleMode, LINE_CYCLES_OFF);
    await timing.sleep(SETTLING_MS);
    if (!(await isSetUp())) fail("sensor-gone", "ade7878: the part does not keep its settings");
    const lost = known;
    known = true;
    if (lost) fail("sensor-busy", "ade7878: it was reset and has been set up again");
  };
  const measure = async (): Promise<Uint8Array> => {
    const parts = [await readAde(bus, ADE.period)];
    for (const phase of PHASES.slice(0, phases)) {
      for (const register of [phase.voltage, phase.current, phase.power, phase.energy]) {
        parts.push(await readAde(bus, register));
      }
    }
    return concatBytes(...parts);
  };
  return {
    sensor: "ade7878",
    async read() {
      if (await isSetUp()) known = true;
      else await setUp();
      const { energyCount, ...measured } = parseAde7878(await measure(), { ct, phases, mainsHz });
      counted = addCounts(counted, energyCount);
      return {
        ...measured,
        energy: "register",
        register: wattHours(counted.imported, unit),
        exported: wattHours(counted.exported, unit),
        registerSpan: span,
      };
    },
    async probe() {
      await refuseExpander(bus);
      await requireAde7878(bus);
      const running = (await readAdeNumber(bus, ADE.run)) === 1 ? "running" : "not started";
      return `ADE7878 (SmartPi) at address ${hex(ADE7878_ADDRESS)}: ${running}`;
    },
    async close() {},
  };
}

interface Counted {
  readonly last: number;
  readonly imported: number;
  readonly exported: number;
}

/**
 * Import and export in counts; the chip's counter is a signed one that falls when power flows out. What it shows at the
 * beginning is the balance since its own.
 */
export function addCounts(before: Counted | undefined, count: number): Counted {
  const { last, imported, exported } = before ?? { last: 0, imported: 0, exported: 0 };
  const delta = (count - last) | 0;
  return {
    last: count,
    imported: (imported + Math.max(0, delta)) % COUNTER_SPAN,
    exported: (exported + Math.max(0, -delta)) % COUNTER_SPAN,
  };
}

/** Rounded down, so that differences never drift. */
function wattHours(counts: number, nanowatts: number): WattHour {
  return Number((BigInt(counts) * BigInt(nanowatts)) / 1_000_000_000n);
}

interface Ade7878Values {
  readonly voltage: readonly MilliVolt[];
  readonly current: readonly MilliAmp[];
  readonly power: MilliWatt;
  readonly frequency?: MilliHertz;
  /** The sum of the phases' counters, unsigned 32 bits. */
  readonly energyCount: number;
  readonly raw: Uint8Array;
}

/**
 * What the registers say: period(2), then voltage, current, power, energy (4 each) a phase. Without mains there is no
 * frequency. Throws `sensor-range`.
 */
export function parseAde7878(
  raw: Uint8Array,
  options: {
    readonly ct: keyof typeof TRANSFORMERS;
    readonly phases: 1 | 3;
    readonly mainsHz: 50 | 60;
  },
): Ade7878Values {
  const { ct, phases, mainsHz } = options;
  if (raw.length !== 2 + phases * PHASE_LENGTH) fail("sensor-range", "ade7878: a wrong length");
  const unit = TRANSFORMERS[ct];
  const voltage: MilliVolt[] = [];
  const current: MilliAmp[] = [];
  let power = 0;
  let energyCount = 0;
  for (let phase = 0; phase < phases; phase++) {
    const at = (quantity: number): number => {
      const offset = 2 + phase * PHASE_LENGTH + 4 * quantity;
      return numberIn(raw.subarray(offset, offset + 4));
    };
    const volts = Math.round(requireWidth("voltage", at(0), RMS_BITS) / 10);
    voltage.push(requireRange("ade7878", "voltage", volts, VOLTAGE));
    const amperes = requireWidth("current", at(1), RMS_BITS) * unit.current;
    // The full scale of the effective values is 4,191,910 at 50 Hz and five sixths of it at 60.
    current.push(Math.round((mainsHz === 60 ? (amperes * 6) / 5 : amperes) / 1_000_000_000));
    power += requireSigned("power", at(2));
    energyCount = (energyCount + at(3)) % COUNTER_SPAN;
  }
  const frequency = Math.round((PERIOD_HZ * 1_000) / (numberIn(raw.subarray(0, 2)) + 1));
  return {
    voltage,
    current,
    power: Math.round((power * unit.power) / 1_000_000) + 0,
    ...(frequency >= FREQUENCY[0] && frequency <= FREQUENCY[1] ? { frequency } : {}),
    energyCount,
    raw,
  };
}

/** A value of 23 bits and no sign, which the chip pads with zeros to 32. Throws `sensor-range`. */
function requireWidth(quantity: string, value: number, bits: number): number {
  return requireRange("ade7878", quantity, value, [0, 2 ** (bits - 1) - 1]);
}

/** A value of 24 bits with sign, which the chip extends to 32. Throws `sensor-range`. */
function requireSigned(quantity: string, value: number): number {
  const limit = 2 ** (POWER_BITS - 1);
  return requireRange("ade7878", quantity, value | 0, [-limit, limit - 1]);
}
