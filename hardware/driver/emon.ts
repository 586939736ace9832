/**
 * OpenEnergyMonitor devices on a serial line: emonPi2, emonTx4 and emonTx5 (115200 8N1), emonTx3 in emonESP form, and
 * emonPi or RFM69Pi, which print radio packets (38400). emon-line.ts has the forms of their lines.
 *
 * Names of channels are the device's: `P1` W, `E1` Wh, `Vrms` or `V1` V, `I1` A, `T1` or `t1` °C, `pulse`, `pulse1`.
 * Energy counters begin again when the device restarts, or go back to what it saved last; what that means is the
 * meter's business. They count net energy: where power flows out they go back, and below 0 there is no reading. There, name
 * `power` channels only and let the meter integrate.
 */
import {
  arrayOf,
  type Decoded,
  type Decoder,
  integer,
  literal,
  object,
  pattern,
  tuple,
} from "../../shared/base/decoder.ts";
import { fail } from "../../shared/base/error.ts";
import type { Reading, Sensor } from "./driver.ts";
import { EMONPI_PACKET, type PacketField, parseEmonLine, type Values } from "./emon-line.ts";
import { createLineDriver, LINE_RANGES, parseTemperature, requireQuantity } from "./line-driver.ts";

const MAX_CHANNELS = 12;
const MAX_PHASES = 3;
const DEFAULT_PERIOD_S = 10;
const PULSES = /^pulse(?:count)?\d*$/;

const channel = pattern(/^[A-Za-z][\w-]{0,31}$/, "a channel's name");
const channels = arrayOf(channel, 1, MAX_CHANNELS);
const phases = arrayOf(channel, 1, MAX_PHASES);

const decodeEntry = object(
  { kind: literal("emon"), port: pattern(/^[^\0]{1,400}$/, "a device file") },
  {
    /** Default 115200; 38400 with `node`. */
    baud: literal(9600, 38400, 57600, 115200),
    /** Counters whose sum is the meter's register: `["E1"]`, or pulse inputs. */
    energy: channels,
    /** Pulses of a kWh, where `energy` names pulse inputs. */
    pulses_per_kwh: integer(1, 1_000_000),
    /** Channels whose sum is the meter's power; default those that belong to `energy`. */
    power: channels,
    /** One channel a phase; default `Vrms`, `V1` or `vrms`. */
    voltage: phases,
    current: phases,
    temperature: channel,
    /** Of a device that prints radio packets: take those of this node. */
    node: integer(1, 255),
    /** What its packets consist of: name, type, decimals; default an emonPi's. */
    packet: arrayOf(
      tuple(channel, literal("b", "B", "h", "H", "l", "L"), integer(0, 3)),
      1,
      32,
    ) as Decoder<PacketField[]>,
    /** Seconds between two lines, as the device is set up (default 10). */
    period_s: integer(1, 600),
  },
);

export type EmonConfig = Decoded<typeof decodeEntry>;

const decode: Decoder<EmonConfig> = (value, path) => {
  const config = decodeEntry(value, path);
  const { energy = [], power, node, packet, pulses_per_kwh } = config;
  const refuse = (expected: string): never =>
    fail("schema", `${path}: expected ${expected}`, { path });
  const pulses = energy.filter((name) => PULSES.test(name)).length;
  if (energy.length === 0 && power === undefined) refuse("channels of energy or of power");
  if (pulses > 0 && pulses < energy.length) refuse("either counters of Wh or pulses as energy");
  if (pulses > 0 !== (pulses_per_kwh !== undefined)) {
    refuse("pulses_per_kwh with energy of pulse inputs, and only there");
  }
  if (packet !== undefined && node === undefined) refuse("a node with a packet");
  return config;
};

export const emon: Sensor<EmonConfig> = {
  kind: "emon",
  metersEnergy: true,
  decode,
  candidates(place) {
    if (place.kind !== "serial") return [];
    const { port } = place;
    return [
      { kind: "emon", port, energy: ["E1"] },
      { kind: "emon", port, power: ["ct1"] },
      { kind: "emon", port, node: 5, power: ["power1"] },
    ];
  },
  async open(config, ports) {
    const { port, node, period_s = DEFAULT_PERIOD_S } = config;
    const { baud = node === undefined ? 115200 : 38400 } = config;
    return createLineDriver({
      sensor: "emon",
      line: await ports.serialLine({ port, baud, parity: "none" }),
      timing: ports.timing,
      periodMs: period_s * 1000,
      parse: (text) => parseEmonReading(text, config),
      describe: ({ power = 0, voltage = [], register }) => {
        const volts = voltage.map((mv) => `, ${(mv / 1000).toFixed(1)} V`).join("");
        const counted = register === undefined ? "" : `, register ${register} Wh`;
        return `OpenEnergyMonitor device: ${(power / 1000).toFixed(1)} W${volts}${counted}`;
      },
    });
  },
};

type Channels = Omit<EmonConfig, "kind" | "port" | "baud" | "period_s">;

/** The reading in a line; undefined if it is none of this device's. Throws `sensor-range`. */
export function parseEmonReading(text: string, config: Channels): Omit<Reading, "raw"> | undefined {
  const { node, packet: fields = EMONPI_PACKET } = config;
  const values = parseEmonLine(text, node === undefined ? undefined : { node, fields });
  if (values === undefined) return undefined;
  const { energy = [], temperature } = config;
  const power = config.power ?? belongingTo(energy, values);
  const voltage = config.voltage ?? anyOf(["Vrms", "V1", "vrms"], values);
  const watts = power.map((name) => read(values, name, 3, LINE_RANGES.power));
  const volts = voltage.map((name) => read(values, name, 3, LINE_RANGES.voltage));
  const amps = (config.current ?? []).map((name) => read(values, name, 3, LINE_RANGES.current));
  const degrees = temperature === undefined ? undefined : readTemperature(values, temperature);
  return {
    ...(energy.length > 0
      ? { energy: "register", register: countWattHours(values, config), identity: nameOf(config) }
      : { energy: "power" }),
    ...(watts.length === 0 ? {} : { power: watts.reduce((sum, value) => sum + value, 0) }),
    ...(volts.length === 0 ? {} : { voltage: volts }),
    ...(amps.length === 0 ? {} : { current: amps }),
    ...(degrees === undefined ? {} : { temperature: degrees }),
  };
}

/** Other channels are another register. */
function nameOf({ energy = [], pulses_per_kwh: perKwh }: Channels): string {
  return energy.join("+") + (perKwh === undefined ? "" : ` ${perKwh}/kWh`);
}

function countWattHours(values: Values, config: Channels): number {
  const { energy = [], pulses_per_kwh } = config;
  const counts = energy.map((name) => read(values, name, 0, LINE_RANGES.energy));
  const sum = counts.reduce((total, count) => total + count, 0);
  return pulses_per_kwh === undefined ? sum : Math.floor((sum * 1000) / pulses_per_kwh);
}

/** `P1` for `E1`, as far as the line has them. */
function belongingTo(energy: readonly string[], values: Values): readonly string[] {
  const names = energy.map((name) => name.replace(/^E/, "P"));
  return names.every((name, i) => name !== energy[i] && values.has(name)) ? names : [];
}

function anyOf(names: readonly string[], values: Values): readonly string[] {
  const found = names.find((name) => values.has(name));
  return found === undefined ? [] : [found];
}

function printed(values: Values, name: string): readonly [string, number] {
  return values.get(name) ?? fail("sensor-range", `the line has no ${name}`, { quantity: name });
}

/** The channel's number in 10^-`places` of its unit. */
function read(
  values: Values,
  name: string,
  places: number,
  range: readonly [number, number],
): number {
  const [text, decimals] = printed(values, name);
  if (decimals <= places) return requireQuantity(name, text, places - decimals, range);
  const factor = 10 ** (decimals - places);
  return Math.floor(requireQuantity(name, text, 0, [range[0], range[1] * factor]) / factor);
}

function readTemperature(values: Values, name: string): number | undefined {
  const [text, decimals] = printed(values, name);
  return parseTemperature(name, text, 3 - decimals);
}
