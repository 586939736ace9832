/**
 * Eastron SDM72, SDM120, SDM220, SDM230, SDM630 and meters with the same registers: mains energy meters on RS485,
 * Modbus-RTU. SDM120 comes with 2400 8N1, SDM630 with 9600 8N1, some relatives with 9600 8E1; address 1.
 *
 * Input registers (function 0x04), each value an IEEE 754 single in two registers, high word first:
 *
 *   0x00 0x02 0x04 voltage L1 L2 L3 V · 0x06 0x08 0x0A current A · 0x0C power of L1 (of a one-phase meter) W ·
 *   0x1E power factor L1 · 0x34 power of all phases W · 0x3E power factor of all · 0x46 frequency Hz ·
 *   0x48 import kWh · 0x4A export kWh · 0x156 import + export kWh
 *
 * Holding register (function 0x03) 0xFC00: serial number, 32 bits; older meters refuse it or keep silent.
 * One read of 80 registers gives everything of one instant; a meter that refuses so many is read in parts.
 */
import { concatBytes } from "../../shared/base/bytes.ts";
import { type Decoded, integer, literal, object, pattern } from "../../shared/base/decoder.ts";
import { fail, isCoded } from "../../shared/base/error.ts";
import type { Driver, Reading, Sensor } from "./driver.ts";
import { ModbusMaster, type ModbusOptions } from "./modbus-rtu.ts";

const REPLY_DATA = 3;
const REGISTER = {
  voltage: [0x00, 0x02, 0x04],
  current: [0x06, 0x08, 0x0a],
  powerOfOne: 0x0c,
  powerFactorOfOne: 0x1e,
  power: 0x34,
  powerFactor: 0x3e,
  frequency: 0x46,
  imported: 0x48,
  exported: 0x4a,
  total: 0x156,
} as const;
const SERIAL_NUMBER = 0xfc00;

/** First register and number of registers of each read: 80 is the most that the meter gives at once. */
type Block = readonly [register: number, count: number];
type Plan = readonly Block[];
const WHOLE: Plan = [[0x00, 80]];
const PARTS: Plan = [
  [0x00, 0x20],
  [0x34, 0x0c],
  [0x46, 0x06],
];
const PARTS_OF_ONE: Plan = [
  [0x00, 0x20],
  [0x46, 0x06],
];

/**
 * A meter that keeps silent on the serial number so often in a row is taken to have none; after one that had a number the
 * line has to be very bad for that, or the meter another one.
 */
const SILENCES = { atFirst: 3, afterNumber: 12 };
/** A phase below this (mV) is one that is not there. */
const NO_PHASE = 1_000;

/** What any part of the family can measure, behind transformers too; beyond it the bytes are not a measurement. */
const RANGES = {
  voltage: [0, 1_000_000],
  current: [0, 20_000_000],
  power: [-30_000_000_000, 30_000_000_000],
  powerFactor: [-1_000, 1_000],
  frequency: [40_000, 70_000],
  register: [0, 1e12],
} as const;

const decode = object(
  { kind: literal("eastron-sdm"), port: pattern(/^[^\0]{1,400}$/, "a device file") },
  {
    /** Default 9600; an SDM120 leaves the factory with 2400. */
    baud: literal(1200, 2400, 4800, 9600, 19200, 38400),
    /** Default none. */
    parity: literal("none", "even", "odd"),
    /** Default 1. */
    address: integer(1, 247),
    /** Without it: 3 when there is voltage on L2 or L3, else 1. */
    phases: literal(1, 3),
    /** The register that is billed: `import` (default), or `total` of a meter that has no import register. */
    energy: literal("import", "total"),
    /** Decimals of a kWh on the meter's display (default 2): the register is rounded to what a person reads there. */
    decimals: integer(0, 3),
  },
);

export type EastronConfig = Decoded<typeof decode>;

export const eastronSdm: Sensor<EastronConfig> = {
  kind: "eastron-sdm",
  metersEnergy: true,
  decode,
  candidates(place) {
    if (place.kind !== "serial") return [];
    const settings = [
      [9600, "none"],
      [2400, "none"],
      [9600, "even"],
      [19200, "none"],
      [19200, "even"],
      [2400, "even"],
    ] as const;
    const { port } = place;
    return settings.map(([baud, parity]) => ({ kind: "eastron-sdm", port, baud, parity }));
  },
  async open(config, ports) {
    const { port, baud = 9600, parity = "none" } = config;
    const line = await ports.serialLine({ port, baud, parity });
    return new EastronDriver(new ModbusMaster(line, ports.timing, exchangeAt(baud)), config);
  },
};

/** 8 bytes there, 165 back, 11 bits each, and what the meter thinks and adapters add. */
function exchangeAt(baud: number): ModbusOptions {
  return { replyMs: Math.ceil((173 * 11 * 1000) / baud) + 300, attempts: 2 };
}

class EastronDriver implements Driver {
  readonly sensor = "eastron-sdm";
  readonly #modbus: ModbusMaster;
  readonly #config: EastronConfig;
  readonly #address: number;
  /** Ways to read the meter, each tried when it refuses the one before. */
  readonly #plans: readonly Plan[];
  #plan = 0;
  /** Undefined: not known yet. It is asked again after each failure, because meters are swapped powerless. */
  #serial: { readonly number?: string } | undefined;
  #silences = 0;
  #mostSilences = SILENCES.atFirst;

  constructor(modbus: ModbusMaster, config: EastronConfig) {
    this.#modbus = modbus;
    this.#config = config;
    this.#address = config.address ?? 1;
    const { phases, energy } = config;
    const parts = phases === 1 ? [] : [PARTS];
    const partsOfOne = phases === 3 ? [] : [PARTS_OF_ONE];
    const total: Plan = energy === "total" ? [[REGISTER.total, 2]] : [];
    this.#plans = [WHOLE, ...parts, ...partsOfOne].map((plan) => [...plan, ...total]);
  }

  async read(): Promise<Reading> {
    try {
      const frames = await this.#readFrames();
      this.#serial ??= await this.#readSerial();
      return parseEastron(frames, this.#config, this.#serial.number);
    } catch (error) {
      this.#serial = undefined;
      throw error;
    }
  }

  async probe(): Promise<string> {
    const frames = await this.#readFrames();
    const { number } = await this.#readSerial().catch(nothingInSilence);
    const reading = parseEastron(frames, this.#config, number);
    const { voltage = [], frequency = 0, register = 0, identity } = reading;
    const volts = voltage.map((mv) => (mv / 1000).toFixed(1)).join("/");
    const serial = identity === undefined ? "" : `, serial ${identity}`;
    const hertz = (frequency / 1000).toFixed(1);
    return `Eastron SDM at address ${this.#address}: ${volts} V, ${hertz} Hz, register ${register} Wh${serial}`;
  }

  async close(): Promise<void> {}

  async #readFrames(): Promise<readonly Frame[]> {
    for (let plan = this.#plan; ; plan++) {
      try {
        const frames = await this.#readBlocks(this.#plans[plan] ?? WHOLE);
        this.#plan = plan;
        return frames;
      } catch (error) {
        if (!isCoded(error, "sensor-nack") || plan + 1 >= this.#plans.length) throw error;
      }
    }
  }

  async #readBlocks(plan: Plan): Promise<readonly Frame[]> {
    const frames: Frame[] = [];
    for (const [first, count] of plan) {
      frames.push({ first, bytes: await this.#modbus.readInput(this.#address, first, count) });
    }
    return frames;
  }

  /** Throws `sensor-timeout`, `sensor-crc` as long as it may be a disturbance. */
  async #readSerial(): Promise<{ readonly number?: string }> {
    try {
      const reply = await this.#modbus.readHolding(this.#address, SERIAL_NUMBER, 2);
      this.#silences = 0;
      const number = viewOf(reply).getUint32(REPLY_DATA);
      if (number === 0 || number === 0xffff_ffff) return {};
      this.#mostSilences = SILENCES.afterNumber;
      return { number: String(number) };
    } catch (error) {
      if (isCoded(error, "sensor-nack")) return {};
      if (!isCoded(error, "sensor-timeout")) throw error;
      this.#silences += 1;
      if (this.#silences < this.#mostSilences) throw error;
      return {};
    }
  }
}

/** Who only looks for the meter does not insist on its serial number. */
function nothingInSilence(error: unknown): { readonly number?: string } {
  if (isCoded(error, "sensor-timeout")) return {};
  throw error;
}

/** A whole reply frame and the first register in it. */
export interface Frame {
  readonly first: number;
  readonly bytes: Uint8Array;
}

/**
 * The reading in reply frames whose checksums hold. Throws `sensor-range`, for NaN and infinities too.
 */
export function parseEastron(
  frames: readonly Frame[],
  config: Pick<EastronConfig, "phases" | "energy" | "decimals">,
  serial?: string,
): Reading {
  const { energy = "import", decimals = 2 } = config;
  const float = (register: number): number => floatIn(frames, register);
  const scaled = (quantity: keyof typeof RANGES, register: number, factor: number): number =>
    within(quantity, Math.round(float(register) * factor));
  // Rounding never turns a growing register around: it is monotonic.
  const wattHours = (register: number): number =>
    scaled("register", register, 10 ** decimals) * 10 ** (3 - decimals);
  const three = config.phases === undefined ? hasThreePhases(float) : config.phases === 3;
  const perPhase = (quantity: "voltage" | "current"): number[] =>
    REGISTER[quantity].slice(0, three ? 3 : 1).map((register) => scaled(quantity, register, 1000));
  const power = three ? REGISTER.power : REGISTER.powerOfOne;
  const factor = three ? REGISTER.powerFactor : REGISTER.powerFactorOfOne;
  return {
    energy: "register",
    register: wattHours(energy === "import" ? REGISTER.imported : REGISTER.total),
    ...(energy === "import" ? { exported: wattHours(REGISTER.exported) } : {}),
    ...identityOf(energy, serial),
    power: scaled("power", power, 1000),
    voltage: perPhase("voltage"),
    current: perPhase("current"),
    frequency: scaled("frequency", REGISTER.frequency, 1000),
    powerFactor: Math.abs(scaled("powerFactor", factor, 1000)),
    raw: concatBytes(...frames.map(({ bytes }) => bytes)),
  };
}

/** Another register of the same meter is another counter too. */
function identityOf(energy: "import" | "total", serial: string | undefined): Partial<Reading> {
  const names = [
    ...(serial === undefined ? [] : [serial]),
    ...(energy === "total" ? [energy] : []),
  ];
  return names.length === 0 ? {} : { identity: names.join(" ") };
}

function hasThreePhases(float: (register: number) => number): boolean {
  const [, second, third] = REGISTER.voltage;
  return [second, third].some((register) => float(register) * 1000 >= NO_PHASE);
}

function floatIn(frames: readonly Frame[], register: number): number {
  for (const { first, bytes } of frames) {
    const at = REPLY_DATA + 2 * (register - first);
    if (register >= first && at + 4 + 2 <= bytes.length) return viewOf(bytes).getFloat32(at);
  }
  return fail("sensor-range", `eastron-sdm: register ${register} is in no reply`, { register });
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Also turns -0 into 0. */
function within(quantity: keyof typeof RANGES, value: number): number {
  const [min, max] = RANGES[quantity];
  if (!(value >= min && value <= max)) {
    // Not every float is a value that a detail may hold.
    fail("sensor-range", `eastron-sdm: ${quantity} ${value} is not within ${min} to ${max}`, {
      quantity,
    });
  }
  return value + 0;
}
