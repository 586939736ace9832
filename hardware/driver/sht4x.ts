/**
 * The SHT4x family (SHT40, SHT41, SHT43, SHT45): temperature and relative humidity on I2C, address 0x44, or 0x45 and
 * 0x46 by the part's ordering code.
 *
 * Commands are one byte: 0xFD measure with high precision, 8.3 ms; 0x89 serial number. The part has no clock
 * stretching. 0x24 to 0x39 and their like turn its heater on and are never sent: the SHT3x's 0x2400 begins
 * with one, so the two families must not be mixed up. Sources: Sensirion's data sheet SHT4x version 6, sections 4.5 and
 * 4.6; the Linux driver hwmon/sht4x.c for codes and time.
 *
 *   reply  temperature(2)  crc8  humidity(2)  crc8
 *   T = -45 + 175 × t / 65535 °C      RH = -6 + 125 × h / 65535 %, cut to 0 to 100 as the data sheet says
 */
import { type Decoded, integer, literal, object } from "../../shared/base/decoder.ts";
import type { Reading, Sensor } from "./driver.ts";
import { requireRange } from "./i2c-registers.ts";
import { createSensirion, parseWords, type SensirionPart } from "./sensirion.ts";

/** Operating range of the data sheet, m°C. */
const TEMPERATURE = [-40_000, 125_000] as const;
const ADDRESSES = [0x44, 0x45, 0x46] as const;

const decode = object(
  { kind: literal("sht4x"), bus: integer(0, 255) },
  {
    /** Default 0x44 (68); SHT4x-BD1B 0x45 (69), SHT4x-CD1B 0x46 (70). */
    address: literal(...ADDRESSES),
  },
);

export type Sht4xConfig = Decoded<typeof decode>;

const part: SensirionPart = {
  sensor: "sht4x",
  family: "SHT4x",
  measure: Uint8Array.of(0xfd),
  measuringMs: 10,
  readSerial: Uint8Array.of(0x89),
  serialMs: 1,
  parse: parseSht4xReply,
};

export const sht4x: Sensor<Sht4xConfig> = {
  kind: "sht4x",
  metersEnergy: false,
  decode,
  candidates: (place) =>
    place.kind === "i2c"
      ? ADDRESSES.map((address) => ({ kind: "sht4x", bus: place.bus, address }))
      : [],
  async open({ bus, address = 0x44 }, ports) {
    return createSensirion(part, await ports.i2cBus(bus), address, ports.timing);
  },
};

/** The reading in the six bytes of a measurement. Throws `sensor-crc`, `sensor-range`. */
export function parseSht4xReply(reply: Uint8Array): Reading {
  const [t, h] = parseWords(reply, "sht4x");
  const temperature = Math.round(-45_000 + (175_000 * t) / 65_535);
  const humidity = Math.round(-600 + (12_500 * h) / 65_535);
  return {
    energy: "none",
    temperature: requireRange("sht4x", "temperature", temperature, TEMPERATURE),
    humidity: Math.min(10_000, Math.max(0, humidity)),
    raw: reply,
  };
}
