/**
 * HTS221: temperature and relative humidity on I2C, address 0x5F; on the Raspberry Pi Sense HAT.
 *
 *   0x0F id 0xBC · 0x20 CTRL_REG1: 0x84 = powered, block data update, measures on request; 0 = off ·
 *   0x21 CTRL_REG2: bit 0 starts a measurement · 0x27 STATUS: bit 0 temperature, bit 1 humidity is new ·
 *   0x28 humidity s16, 0x2A temperature s16 · 0x30 to 0x3F calibration: 30 H0×2 u8, 31 H1×2 u8, 32 T0×8, 33 T1×8 with
 *   two higher bits each in 35 (T0 1:0, T1 3:2), 36 H0_OUT, 3A H1_OUT, 3C T0_OUT, 3E T1_OUT s16; low byte first
 *
 * Both quantities lie on the line through their two calibration points. Reading on from a register needs bit 7 of
 * its number. Source: ST's data sheet HTS221 (DocID026333), sections 5 to 8, and ST's technical note TN1218 on the
 * interpolation.
 *
 * On a Sense HAT the part sits above the Pi's processor and shows some degrees too much, and too little humidity.
 */
import { concatBytes } from "../../shared/base/bytes.ts";
import { type Decoded, integer, literal, object } from "../../shared/base/decoder.ts";
import { fail } from "../../shared/base/error.ts";
import type { Timing } from "../port/timing.ts";
import type { Driver, Reading, Sensor } from "./driver.ts";
import {
  byteAt,
  hex,
  littleWordAt,
  type RegisterPart,
  readRegister,
  readStable,
  requireRange,
  signed,
  writeRegister,
} from "./i2c-registers.ts";

const ADDRESS = 0x5f;
const REGISTER = {
  id: 0x0f,
  control: 0x20,
  start: 0x21,
  status: 0x27,
  output: 0x28,
  calibration: 0x30,
};
const ONWARD = 0x80;
const OUTPUT_LENGTH = 4;
const CALIBRATION_LENGTH = 16;
/** Where the parts of the raw bytes begin: id, calibration, output. */
const AT = { id: 0, calibration: 1, humidity: 17, temperature: 19 };
const RAW_LENGTH = 21;

const ID = 0xbc;
const ON = 0x84;
const OFF = 0x00;
const POWERED = 0x80;
const START = 0x01;
const BOTH_NEW = 0x03;
const POLLS = 20;
const POLL_MS = 10;
/** Operating range of the data sheet, m°C. */
const TEMPERATURE = [-40_000, 120_000] as const;
/** The line may lead a little out of 0 to 100 %; far out is no humidity. 0.01 %. */
const HUMIDITY = [-1_000, 11_000] as const;

const decode = object({ kind: literal("hts221"), bus: integer(0, 255) });

export type Hts221Config = Decoded<typeof decode>;

export const hts221: Sensor<Hts221Config> = {
  kind: "hts221",
  metersEnergy: false,
  decode,
  candidates: (place) => (place.kind === "i2c" ? [{ kind: "hts221", bus: place.bus }] : []),
  async open({ bus }, ports) {
    const part = { sensor: "hts221", bus: await ports.i2cBus(bus), address: ADDRESS };
    return createHts221(part, ports.timing);
  },
};

function createHts221(part: RegisterPart, timing: Timing): Driver {
  const output = REGISTER.output | ONWARD;
  const read = async (): Promise<Reading> => {
    const id = await readStable(part, REGISTER.id, 1);
    await writeRegister(part, REGISTER.control, ON);
    const calibration = await readStable(part, REGISTER.calibration | ONWARD, CALIBRATION_LENGTH);
    // Reading the output takes back the marks of an older measurement.
    await readRegister(part, output, OUTPUT_LENGTH);
    await writeRegister(part, REGISTER.start, START);
    for (let poll = 1; ; poll++) {
      await timing.sleep(POLL_MS);
      const status = byteAt(await readRegister(part, REGISTER.status, 1), 0);
      if ((status & BOTH_NEW) === BOTH_NEW) break;
      // A part that was reset meanwhile is off and never gets ready.
      if (poll >= POLLS) fail("sensor-busy", "hts221: it measured nothing", { status });
    }
    const raw = concatBytes(id, calibration, await readStable(part, output, OUTPUT_LENGTH));
    await writeRegister(part, REGISTER.control, OFF);
    return parseHts221(raw);
  };
  return {
    sensor: "hts221",
    read,
    async probe() {
      requireId(byteAt(await readStable(part, REGISTER.id, 1), 0));
      const name = `HTS221 at address ${hex(ADDRESS)}`;
      const control = byteAt(await readRegister(part, REGISTER.control, 1), 0);
      // Somebody else may have set it to measure all the time: then it is left alone.
      if ((control & POWERED) !== 0) return name;
      const { temperature = 0, humidity = 0 } = await read();
      return `${name}: ${(temperature / 1000).toFixed(1)} °C, ${(humidity / 100).toFixed(1)} %`;
    },
    async close() {},
  };
}

function requireId(id: number): void {
  if (id !== ID) fail("sensor-gone", `hts221: a part with the id ${hex(id)}`, { id });
}

/**
 * The reading in 21 bytes: id, registers 0x30 to 0x3F, 0x28 to 0x2B. Throws `sensor-gone` for another part,
 * `sensor-range`.
 */
export function parseHts221(raw: Uint8Array): Reading {
  if (raw.length !== RAW_LENGTH) fail("sensor-range", "hts221: not 21 bytes");
  requireId(byteAt(raw, AT.id));
  const at = (register: number): number => AT.calibration + register - REGISTER.calibration;
  const word = (register: number): number => signed(littleWordAt(raw, at(register)), 16);
  const high = byteAt(raw, at(0x35));
  const t0 = byteAt(raw, at(0x32)) | ((high & 0x03) << 8);
  const t1 = byteAt(raw, at(0x33)) | ((high & 0x0c) << 6);
  // T in eighths of a degree: 125 m°C. H in halves of a percent: 50 of 0.01 %.
  const temperature = interpolate(
    signed(littleWordAt(raw, AT.temperature), 16),
    [word(0x3c), 125 * t0],
    [word(0x3e), 125 * t1],
  );
  const humidity = interpolate(
    signed(littleWordAt(raw, AT.humidity), 16),
    [word(0x36), 50 * byteAt(raw, at(0x30))],
    [word(0x3a), 50 * byteAt(raw, at(0x31))],
  );
  requireRange("hts221", "humidity", humidity, HUMIDITY);
  return {
    energy: "none",
    temperature: requireRange("hts221", "temperature", temperature, TEMPERATURE),
    humidity: Math.min(10_000, Math.max(0, humidity)),
    raw,
  };
}

type Point = readonly [output: number, value: number];

function interpolate(output: number, from: Point, to: Point): number {
  const width = to[0] - from[0];
  if (width === 0) fail("sensor-range", "hts221: its calibration is blank");
  return from[1] + Math.round(((to[1] - from[1]) * (output - from[0])) / width);
}
