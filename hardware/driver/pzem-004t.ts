/**
 * PZEM-004T v3 and PZEM-016: mains energy meters on a serial line, Modbus-RTU, 9600 8N1.
 *
 * One read of ten input registers gives everything; 32-bit values come low word first:
 *
 *   0 voltage 0.1 V · 1,2 current 1 mA · 3,4 power 0.1 W · 5,6 energy 1 Wh · 7 frequency 0.1 Hz ·
 *   8 power factor 0.01 · 9 alarm
 *
 * The part counts energy itself (register source). Its measuring side runs on mains: without mains it does
 * not answer, which looks like a broken wire. The reset and calibration commands are never sent.
 */
import { type Decoded, integer, literal, object, pattern } from "../../shared/base/decoder.ts";
import { fail } from "../../shared/base/error.ts";
import type { Driver, Reading, Sensor } from "./driver.ts";
import { ANY_ADDRESS, ModbusMaster } from "./modbus-rtu.ts";

/** 9,999,999 Wh is the last value that the part shows; then it starts at 0. */
export const PZEM_REGISTER_SPAN = 10_000_000;

const REGISTERS = 10;
const REPLY_DATA = 3;
/** At 9600 Bd request and reply take 34 ms; the part thinks for up to 100, adapters add some tens. */
const EXCHANGE = { replyMs: 400, attempts: 2 };

/** The measuring ranges of the data sheet, a twentieth wider for the part's own error. */
const RANGES = {
  voltage: [76_000, 273_000],
  current: [0, 105_000],
  power: [0, 24_150_000],
  register: [0, PZEM_REGISTER_SPAN - 1],
  frequency: [42_750, 68_250],
  powerFactor: [0, 1_000],
} as const;

const decode = object(
  { kind: literal("pzem-004t"), port: pattern(/^[^\0]{1,400}$/, "a device file") },
  {
    /** Default 9600; only a PZEM-016 of some firmwares has others. */
    baud: literal(2400, 4800, 9600, 19200),
    /** 1 to 247, or 248 (the default) for whichever part is alone on the line. */
    address: integer(1, ANY_ADDRESS),
  },
);

export type PzemConfig = Decoded<typeof decode>;

export const pzem004t: Sensor<PzemConfig> = {
  kind: "pzem-004t",
  metersEnergy: true,
  decode,
  candidates: (place) => (place.kind === "serial" ? [{ kind: "pzem-004t", port: place.port }] : []),
  async open(config, ports) {
    const { port, baud = 9600, address = ANY_ADDRESS } = config;
    const line = await ports.serialLine({ port, baud, parity: "none" });
    return createPzem(new ModbusMaster(line, ports.timing, EXCHANGE), address);
  },
};

function createPzem(modbus: ModbusMaster, address: number): Driver {
  const read = async (): Promise<Reading> =>
    parsePzemReply(await modbus.readInput(address, 0, REGISTERS));
  return {
    sensor: "pzem-004t",
    read,
    async probe() {
      const { raw, voltage = [], frequency = 0, register = 0 } = await read();
      const volts = ((voltage[0] ?? 0) / 1000).toFixed(1);
      const hertz = (frequency / 1000).toFixed(1);
      return `PZEM-004T at address ${raw[0]}: ${volts} V, ${hertz} Hz, register ${register} Wh`;
    },
    async close() {},
  };
}

/** The reading in a reply frame whose checksum holds. Throws `sensor-range`. */
export function parsePzemReply(frame: Uint8Array): Reading {
  const word = (register: number): number => {
    const at = REPLY_DATA + 2 * register;
    return ((frame[at] ?? 0) << 8) | (frame[at + 1] ?? 0);
  };
  // Not `<< 16`: a high word from 0x8000 on would turn negative.
  const long = (register: number): number => word(register + 1) * 0x10000 + word(register);
  return {
    energy: "register",
    register: within("register", long(5)),
    registerSpan: PZEM_REGISTER_SPAN,
    power: within("power", long(3) * 100),
    voltage: [within("voltage", word(0) * 100)],
    current: [within("current", long(1))],
    frequency: within("frequency", word(7) * 100),
    powerFactor: within("powerFactor", word(8) * 10),
    raw: frame,
  };
}

function within(quantity: keyof typeof RANGES, value: number): number {
  const [min, max] = RANGES[quantity];
  if (value < min || value > max) {
    fail("sensor-range", `pzem-004t: ${quantity} ${value} is not within ${min} to ${max}`, {
      quantity,
      value,
    });
  }
  return value;
}
