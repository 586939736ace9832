/**
 * The SHT3x family (SHT30, SHT31, SHT35): temperature and relative humidity on I2C, address 0x44 or 0x45.
 *
 * Single shot, high repeatability, without clock stretching (0x2400), 15.5 ms; serial number 0x3780. Source:
 * Sensirion's data sheet SHT3x-DIS, sections 2.2, 4.3, 4.12 and 4.13.
 *
 *   reply  temperature(2)  crc8  humidity(2)  crc8
 *   T = -45 + 175 × t / 65535 °C      RH = 100 × h / 65535 %
 */
import { type Decoded, integer, literal, object } from "../../shared/base/decoder.ts";
import type { Reading, Sensor } from "./driver.ts";
import { requireRange } from "./i2c-registers.ts";
import { createSensirion, parseWords, type SensirionPart } from "./sensirion.ts";

/** Operating range of the data sheet, m°C. */
const TEMPERATURE = [-40_000, 125_000] as const;

const decode = object(
  { kind: literal("sht31"), bus: integer(0, 255) },
  {
    /** Default 0x44 (68); 0x45 (69) with the ADDR pin high. */
    address: literal(0x44, 0x45),
  },
);

export type Sht31Config = Decoded<typeof decode>;

const part: SensirionPart = {
  sensor: "sht31",
  family: "SHT3x",
  measure: Uint8Array.of(0x24, 0x00),
  measuringMs: 20,
  readSerial: Uint8Array.of(0x37, 0x80),
  serialMs: 0,
  parse: parseSht31Reply,
};

export const sht31: Sensor<Sht31Config> = {
  kind: "sht31",
  metersEnergy: false,
  decode,
  candidates: (place) =>
    place.kind === "i2c"
      ? ([0x44, 0x45] as const).map((address) => ({ kind: "sht31", bus: place.bus, address }))
      : [],
  async open({ bus, address = 0x44 }, ports) {
    return createSensirion(part, await ports.i2cBus(bus), address, ports.timing);
  },
};

/** The reading in the six bytes of a measurement. Throws `sensor-crc`, `sensor-range`. */
export function parseSht31Reply(reply: Uint8Array): Reading {
  const [t, h] = parseWords(reply, "sht31");
  const temperature = Math.round(-45_000 + (175_000 * t) / 65_535);
  return {
    energy: "none",
    temperature: requireRange("sht31", "temperature", temperature, TEMPERATURE),
    humidity: Math.round((10_000 * h) / 65_535),
    raw: reply,
  };
}
