/**
 * BME280: temperature and relative humidity on I2C, address 0x76 or 0x77. A BMP280, which many boards sold as BME280
 * carry, gives its temperature only. Air pressure is not a meter's quantity and is not measured.
 *
 *   0xD0 id: 0x60 BME280, 0x56 to 0x58 BMP280 · 0xF3 status: bit 3 measuring, bit 0 loading its calibration ·
 *   0xF2 humidity: 1 = once, counts from the next write to 0xF4 ·
 *   0xF4 0x21 = temperature once, no pressure, measure one time and sleep · 0xF7 pressure(20 bits) temperature(20)
 *   humidity(16); 0x80000 and 0x8000 stand for not measured ·
 *   0x88 to 0xA1, 0xE1 to 0xE7 calibration, low byte first: T1 u16, T2 T3 s16, …, 0xA1 H1 u8, 0xE1 H2 s16, H3 u8,
 *   H4 s12 = E4 E5[3:0], H5 s12 = E6 E5[7:4], H6 s8
 *
 * Source: Bosch's data sheet BME280 revision 1.6, sections 4.2.2 (calibration), 4.2.3 (the 32-bit formulas below), 5.4 and
 * 9.1 (1.25 + 2.3 + 2.3 + 0.575 ms). A reading begins with the part asleep and asks for its calibration too,
 * so that a part that was reset or replaced meanwhile is read correctly, and the raw bytes hold all that went in.
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

const REGISTER = {
  calibration: 0x88,
  id: 0xd0,
  humidityCalibration: 0xe1,
  humidityControl: 0xf2,
  status: 0xf3,
  control: 0xf4,
  data: 0xf7,
} as const;
const CALIBRATION_LENGTH = 26;
const HUMIDITY_CALIBRATION_LENGTH = 7;
const DATA_LENGTH = 8;
/** Where the parts of the raw bytes begin: id, both calibrations, data. */
const AT = { id: 0, t1: 1, t2: 3, t3: 5, h1: 26, h2: 27, h3: 29, h4: 30, h6: 33, t: 37, h: 40 };
const RAW_LENGTH = 42;

const HUMIDITY_ONCE = 0x01;
const MEASURE_ONCE = 0x21;
const SLEEPING_MASK = 0x03;
const BUSY_MASK = 0x09;
const MEASURING_MS = 8;
const POLLS = 10;
const POLL_MS = 2;
/** A part that was reset while it measured has nothing to say; it is asked once more. */
const MEASUREMENTS = 2;
const NO_TEMPERATURE = 0x80000;
const NO_HUMIDITY = 0x8000;
/** Operating range of the data sheet, m°C. */
const TEMPERATURE = [-40_000, 85_000] as const;

const decode = object(
  { kind: literal("bme280"), bus: integer(0, 255) },
  {
    /** Default 0x76 (118); 0x77 (119) with SDO high. */
    address: literal(0x76, 0x77),
  },
);

export type Bme280Config = Decoded<typeof decode>;

export const bme280: Sensor<Bme280Config> = {
  kind: "bme280",
  metersEnergy: false,
  decode,
  candidates: (place) =>
    place.kind === "i2c"
      ? ([0x76, 0x77] as const).map((address) => ({ kind: "bme280", bus: place.bus, address }))
      : [],
  async open({ bus, address = 0x76 }, ports) {
    const part = { sensor: "bme280", bus: await ports.i2cBus(bus), address };
    return createBme280(part, ports.timing);
  },
};

function createBme280(part: RegisterPart, timing: Timing): Driver {
  const untilIdle = async (): Promise<void> => {
    for (let poll = 1; ; poll++) {
      const status = byteAt(await readRegister(part, REGISTER.status, 1), 0);
      if ((status & BUSY_MASK) === 0) return;
      if (poll >= POLLS) fail("sensor-busy", "bme280: still measuring", { status });
      await timing.sleep(POLL_MS);
    }
  };
  const measure = async (): Promise<Uint8Array> => {
    await writeRegister(part, REGISTER.humidityControl, HUMIDITY_ONCE);
    await writeRegister(part, REGISTER.control, MEASURE_ONCE);
    await timing.sleep(MEASURING_MS);
    await untilIdle();
    return readStable(part, REGISTER.data, DATA_LENGTH);
  };
  const read = async (): Promise<Reading> => {
    await untilIdle();
    const constants = [
      await readStable(part, REGISTER.id, 1),
      await readStable(part, REGISTER.calibration, CALIBRATION_LENGTH),
      await readStable(part, REGISTER.humidityCalibration, HUMIDITY_CALIBRATION_LENGTH),
    ];
    for (let measurement = 1; ; measurement++) {
      const raw = concatBytes(...constants, await measure());
      if (hasMeasured(raw) || measurement >= MEASUREMENTS) return parseBme280(raw);
    }
  };
  return {
    sensor: "bme280",
    read,
    async probe() {
      const id = byteAt(await readStable(part, REGISTER.id, 1), 0);
      const name = `${nameOf(id)} at address ${hex(part.address)}`;
      const control = byteAt(await readRegister(part, REGISTER.control, 1), 0);
      // Somebody else may have set it to measure all the time: then it is left alone.
      if ((control & SLEEPING_MASK) !== 0) return name;
      const { temperature = 0, humidity } = await read();
      const dampness = humidity === undefined ? "no humidity" : `${(humidity / 100).toFixed(1)} %`;
      return `${name}: ${(temperature / 1000).toFixed(1)} °C, ${dampness}`;
    },
    async close() {},
  };
}

/** Throws `sensor-gone` for a part that is neither. */
function nameOf(id: number): "BME280" | "BMP280" {
  if (id === 0x60) return "BME280";
  if (id >= 0x56 && id <= 0x58) return "BMP280";
  fail("sensor-gone", `bme280: a part with the id ${hex(id)}`, { id });
}

function rawTemperature(raw: Uint8Array): number {
  return (byteAt(raw, AT.t) << 12) | (byteAt(raw, AT.t + 1) << 4) | (byteAt(raw, AT.t + 2) >> 4);
}

/** The only big-endian word of the part. */
function rawHumidity(raw: Uint8Array): number {
  return (byteAt(raw, AT.h) << 8) | byteAt(raw, AT.h + 1);
}

function hasMeasured(raw: Uint8Array): boolean {
  const withHumidity = byteAt(raw, AT.id) === 0x60;
  if (rawTemperature(raw) === NO_TEMPERATURE) return false;
  return !withHumidity || rawHumidity(raw) !== NO_HUMIDITY;
}

/**
 * The reading in 42 bytes: id, registers 0x88 to 0xA1, 0xE1 to 0xE7, 0xF7 to 0xFE. Throws `sensor-gone` for
 * another part, `sensor-busy` where nothing was measured, `sensor-range`.
 */
export function parseBme280(raw: Uint8Array): Reading {
  if (raw.length !== RAW_LENGTH) fail("sensor-range", "bme280: not 42 bytes");
  const name = nameOf(byteAt(raw, AT.id));
  if (!hasMeasured(raw)) fail("sensor-busy", "bme280: it measured nothing");
  const t1 = littleWordAt(raw, AT.t1);
  const t2 = signed(littleWordAt(raw, AT.t2), 16);
  const t3 = signed(littleWordAt(raw, AT.t3), 16);
  if (t1 === 0 || t1 === 0xffff) fail("sensor-range", "bme280: its calibration is blank");
  const fine = fineTemperature(rawTemperature(raw), t1, t2, t3);
  const temperature = 10 * ((Math.imul(fine, 5) + 128) >> 8);
  const reading = {
    energy: "none",
    temperature: requireRange("bme280", "temperature", temperature, TEMPERATURE),
    raw,
  } as const;
  return name === "BMP280" ? reading : { ...reading, humidity: compensateHumidity(raw, fine) };
}

// The formulas of section 4.2.3 on 32-bit integers; `Math.imul` multiplies as the data sheet's type does.

function fineTemperature(adc: number, t1: number, t2: number, t3: number): number {
  const linear = Math.imul((adc >> 3) - (t1 << 1), t2) >> 11;
  const offset = (adc >> 4) - t1;
  return (linear + (Math.imul(Math.imul(offset, offset) >> 12, t3) >> 14)) | 0;
}

/** 0.01 %. */
function compensateHumidity(raw: Uint8Array, fine: number): number {
  const h1 = byteAt(raw, AT.h1);
  const h2 = signed(littleWordAt(raw, AT.h2), 16);
  const h3 = byteAt(raw, AT.h3);
  const middle = byteAt(raw, AT.h4 + 1);
  const h4 = signed((byteAt(raw, AT.h4) << 4) | (middle & 0x0f), 12);
  const h5 = signed((byteAt(raw, AT.h4 + 2) << 4) | (middle >> 4), 12);
  const h6 = signed(byteAt(raw, AT.h6), 8);
  const warmth = (fine - 76_800) | 0;
  const measured =
    (((rawHumidity(raw) << 14) - (h4 << 20) - Math.imul(h5, warmth) + 16_384) | 0) >> 15;
  const bend =
    (Math.imul(Math.imul(warmth, h6) >> 10, (Math.imul(warmth, h3) >> 11) + 32_768) >> 10) | 0;
  const gain = (Math.imul((bend + 2_097_152) | 0, h2) + 8_192) >> 14;
  let value = Math.imul(measured, gain);
  const square = Math.imul(value >> 15, value >> 15) >> 7;
  value = (value - (Math.imul(square, h1) >> 4)) | 0;
  const clamped = Math.min(419_430_400, Math.max(0, value));
  // 22.10 fixed point, in %.
  return Math.round(((clamped >> 12) * 100) / 1_024);
}
