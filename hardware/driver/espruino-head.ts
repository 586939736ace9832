/**
 * A sensor head: an Espruino board with the program of device/espruino, which reads I2C sensors and counts pulses by itself and
 * prints a frame every few seconds (head-frame.ts). 115200 8N1, or USB.
 *
 * Two kinds are the same board: `espruino-head` measures energy, by pulses (a register) or by the power of its INA
 * sensors; `espruino-climate` only temperature and humidity.
 *
 *   register = ⌊pulses × 1000 / pulses per kWh⌋ Wh since the head's start
 *
 * A frame that was lost costs nothing of the register, because the head counts on. Losses, and frames that were said
 * before, are reported with the next reading.
 */

import { decodeHex } from "../../shared/base/bytes.ts";
import {
  arrayOf,
  type Decoded,
  type Decoder,
  integer,
  literal,
  object,
  pattern,
} from "../../shared/base/decoder.ts";
import { fail, isCoded } from "../../shared/base/error.ts";
import type { ErrorCode } from "../../shared/base/error-code.ts";
import type { Ports } from "../port/ports.ts";
import type { Driver, Place, Reading, Sensor } from "./driver.ts";
import { findFrame, type HeadFrame, MAX_FRAME, parseHeadFrame } from "./head-frame.ts";
import { HeadOrder } from "./head-order.ts";
import { LineFramer } from "./line-framer.ts";
import { PushReader } from "./push-reader.ts";
import { readingOf } from "./s0.ts";

const BAUD = 115_200;
const PERIOD_S = 10;
/** A reading counts until the third frame after it is due. */
const PERIODS = 3;
/** Who only looks for the part waits for one frame. */
const PROBE_PERIODS = 1.2;

const channel = (letter: string) =>
  pattern(new RegExp(`^${letter}[1-8]$`), `a channel from ${letter}1 to ${letter}8`);

const port = pattern(/^[^\0]{1,400}$/, "a device file");
const common = {
  /** Default 115200; means nothing on USB. */
  baud: literal(9600, 19200, 38400, 57600, 115200, 230400),
  /** Takes frames of the head with this name only. */
  head: pattern(/^[\w-]{1,16}$/, "a head's name"),
  /** 32 bytes in hex, the same as in the head's settings: takes frames only that it has signed. */
  key: pattern(/^[0-9a-f]{64}$/, "64 digits of hex"),
  /** Seconds between two frames, as the head is set up (default 10). */
  period_s: integer(1, 60),
  /** Default the first that the head has. */
  temperature: channel("t"),
  humidity: channel("h"),
};

const decodeHead = object(
  { kind: literal("espruino-head"), port },
  {
    ...common,
    /** Pulse inputs whose sum is the meter's register: `["p1"]`. */
    energy: arrayOf(channel("p"), 1, 8),
    pulses_per_kwh: integer(1, 1_000_000),
    /** Without `energy`: power of INA sensors whose sum is integrated: `["w1"]`. */
    power: arrayOf(channel("w"), 1, 8),
    voltage: arrayOf(channel("v"), 1, 3),
    current: arrayOf(channel("i"), 1, 3),
  },
);

export type EspruinoHeadConfig = Decoded<typeof decodeHead>;

const decodeChecked: Decoder<EspruinoHeadConfig> = (value, path) => {
  const config = decodeHead(value, path);
  const { energy, power, pulses_per_kwh } = config;
  const refuse = (expected: string): never =>
    fail("schema", `${path}: expected ${expected}`, { path });
  if ((energy === undefined) === (power === undefined)) refuse("either energy or power");
  if ((energy === undefined) !== (pulses_per_kwh === undefined)) {
    refuse("pulses_per_kwh with energy, and only there");
  }
  return config;
};

const decodeClimate = object({ kind: literal("espruino-climate"), port }, common);

export type EspruinoClimateConfig = Decoded<typeof decodeClimate>;

type Channels = Omit<EspruinoHeadConfig, "kind" | "port">;

export const espruinoHead: Sensor<EspruinoHeadConfig> = {
  kind: "espruino-head",
  metersEnergy: true,
  decode: decodeChecked,
  candidates(place: Place) {
    if (place.kind !== "serial") return [];
    const { port } = place;
    return [
      { kind: "espruino-head", port, energy: ["p1"], pulses_per_kwh: 1000 },
      { kind: "espruino-head", port, power: ["w1"] },
    ];
  },
  open: (config, ports) => openHead(config, ports),
};

export const espruinoClimate: Sensor<EspruinoClimateConfig> = {
  kind: "espruino-climate",
  metersEnergy: false,
  decode: decodeClimate,
  candidates: (place) =>
    place.kind === "serial" ? [{ kind: "espruino-climate", port: place.port }] : [],
  open: (config, ports) => openHead(config, ports),
};

async function openHead(
  config: EspruinoHeadConfig | EspruinoClimateConfig,
  ports: Ports,
): Promise<Driver> {
  const { kind, port, baud = BAUD, head, period_s = PERIOD_S } = config;
  const { timing } = ports;
  const key = config.key === undefined ? undefined : decodeHex(config.key);
  const maxAgeMs = PERIODS * period_s * 1000;
  const order = new HeadOrder(maxAgeMs);
  let lost = 0;
  let troubles = new Set<ErrorCode>();

  const accept = (line: Uint8Array): boolean => {
    const whole = findFrame(line);
    if (whole === undefined) return false;
    try {
      const frame = parseHeadFrame(whole, key);
      if (head !== undefined && frame.head !== head) return false;
      const missing = order.take(frame, timing.monotonicMs());
      if (missing > 0) troubles.add("sensor-crc");
      lost += missing;
      readHead(frame, whole, config);
      return true;
    } catch (error) {
      if (isCoded(error)) troubles.add(error.code);
      throw error;
    }
  };
  const reader = new PushReader({
    line: await ports.serialLine({ port, baud, parity: "none" }),
    framer: new LineFramer(MAX_FRAME),
    timing,
    maxAgeMs,
    accept,
  });
  const take = async (waitMs?: number): Promise<{ frame: HeadFrame; reading: Reading }> => {
    const { frame: line, takenMs } = await reader.newest(waitMs);
    const whole = findFrame(line) ?? line;
    const frame = parseHeadFrame(whole);
    const { troubles: own = [], ...reading } = readHead(frame, whole, config);
    const all = [...new Set([...troubles, ...own])];
    troubles = new Set();
    const told = all.length === 0 ? {} : { troubles: all };
    return { frame, reading: { ...reading, ...told, lost, takenMs: Math.round(takenMs) } };
  };
  return {
    sensor: kind,
    read: async () => (await take()).reading,
    probe: async () => describe((await take(PROBE_PERIODS * period_s * 1000)).frame, config),
    close: () => reader.close(),
  };
}

function describe({ head, keyed, fields }: HeadFrame, config: Channels): string {
  const said = [...fields].map(([name, value]) => `${name} ${value}`).join(", ");
  const keys = keyed ? "signed by a key" : "without a key";
  const checked = keyed && config.key === undefined ? ", which is not checked" : "";
  const pulses = config.energy === undefined ? "" : `; ${config.pulses_per_kwh} pulses a kWh`;
  return `sensor head ${head}, ${keys}${checked}: ${said}${pulses}`;
}

/** Codes of a sensor's error in a frame. */
const FAULTS: { readonly [code: number]: ErrorCode } = {
  1: "sensor-nack",
  2: "sensor-crc",
  3: "sensor-range",
  4: "sensor-busy",
  5: "sensor-busy",
};

/** What each quantity may be, in its unit. */
const RANGES: { readonly [letter: string]: readonly [number, number] } = {
  t: [-40_000, 125_000],
  h: [0, 10_000],
  v: [0, 1_000_000],
  i: [-5_000_000, 5_000_000],
  w: [-1_000_000_000, 1_000_000_000],
  p: [0, 1e12],
  d: [0, 1e12],
  a: [0, 1e12],
};

/**
 * The reading of a frame. Throws the code of a sensor that the configuration needs and that the head could not read, or
 * `sensor-range` where it has none; what is only there by the way is absent, and among the reading's `troubles`.
 */
export function readHead(
  frame: HeadFrame,
  raw: Uint8Array,
  config: EspruinoHeadConfig | EspruinoClimateConfig,
): Reading {
  const { fields } = frame;
  const need = (name: string): number => readField(fields, name) ?? failFor(fields, name);
  const climate = (letter: "t" | "h", named: string | undefined): number | undefined => {
    const name = named ?? [...fields.keys()].filter((key) => key.startsWith(letter)).sort()[0];
    return name === undefined ? undefined : readField(fields, name);
  };
  const temperature = climate("t", config.temperature);
  const humidity = climate("h", config.humidity);
  const troubles = [...fields].flatMap(([name, code]) => (name[0] === "x" ? [faultOf(code)] : []));
  const quantities = {
    ...(temperature === undefined ? {} : { temperature }),
    ...(humidity === undefined ? {} : { humidity }),
    ...(troubles.length === 0 ? {} : { troubles: [...new Set(troubles)] }),
    raw,
  };
  if (config.kind === "espruino-climate") {
    const first = config.temperature ?? config.humidity;
    if (temperature === undefined && humidity === undefined) failFor(fields, first ?? "t1");
    return { ...quantities, energy: "none" };
  }
  const { voltage = [], current = [] } = config;
  const volts = voltage.map(need);
  const amps = current.map(need);
  return {
    ...quantities,
    ...readEnergy(frame, config, need),
    ...(volts.length === 0 ? {} : { voltage: volts }),
    ...(amps.length === 0 ? {} : { current: amps }),
  };
}

function readEnergy(
  { head, boot, fields }: HeadFrame,
  { energy, power = [], pulses_per_kwh: perKwh = 1 }: Channels,
  need: (name: string) => number,
): Pick<Reading, "energy" | "register" | "registerStep" | "identity" | "epoch" | "power"> {
  if (energy === undefined) {
    return { energy: "power", power: power.map(need).reduce((sum, value) => sum + value, 0) };
  }
  const watts = energy.map((name) => {
    const intervalMs = readField(fields, `d${name[1]}`);
    const agoMs = readField(fields, `a${name[1]}`);
    if (intervalMs === undefined || agoMs === undefined) return undefined;
    return readingOf({ pulses: 0, intervalMs, agoMs }, perKwh).power;
  });
  const known = watts.filter((one) => one !== undefined);
  const sum = known.reduce((all, one) => all + one, 0);
  const pulses = energy.map(need).reduce((all, one) => all + one, 0);
  return {
    energy: "register",
    register: Number((BigInt(pulses) * 1000n) / BigInt(perKwh)),
    // Another head, other inputs or another constant are another register; another start is the same one, from 0 on.
    identity: `${head} ${energy.join("+")} ${perKwh}/kWh`,
    epoch: boot,
    ...(perKwh < 500 ? { registerStep: Math.ceil(1000 / perKwh) } : {}),
    ...(known.length < energy.length ? {} : { power: sum }),
  };
}

/** Undefined where the frame has none. Throws `sensor-range`. */
function readField(fields: HeadFrame["fields"], name: string): number | undefined {
  const value = fields.get(name);
  const [min, max] = RANGES[name[0] ?? ""] ?? [0, 0];
  if (value !== undefined && (value < min || value > max)) {
    fail("sensor-range", `espruino-head: ${name} ${value} is not within ${min} to ${max}`, {
      value,
    });
  }
  return value;
}

function faultOf(code: number): ErrorCode {
  return FAULTS[code] ?? "sensor-range";
}

function failFor(fields: HeadFrame["fields"], name: string): never {
  const code = fields.get(`x${name[1]}`);
  if (code === undefined) fail("sensor-range", `espruino-head: no ${name} in its frames`, { name });
  fail(faultOf(code), `espruino-head: its sensor ${name[1]} did not answer`, { code });
}
