/**
 * SHT30, SHT31, SHT35: temperature and relative humidity on I2C, address 0x44 or 0x45.
 *
 * Single shot, high repeatability, without clock stretching (0x2400): a Pi's I2C controller up to the Pi 4
 * corrupts stretched transfers. The part needs 15.5 ms and does not acknowledge reads before.
 *
 *   reply  temperature(2)  crc8  humidity(2)  crc8
 *   T = -45 + 175 × t / 65535 °C      RH = 100 × h / 65535 %
 */
import { type Decoded, integer, literal, object } from "../../shared/base/decoder.ts";
import { fail, isCoded } from "../../shared/base/error.ts";
import type { I2cBus } from "../port/i2c-bus.ts";
import type { Timing } from "../port/timing.ts";
import { crc8Sensirion } from "./crc8-sensirion.ts";
import type { Driver, Reading, Sensor } from "./driver.ts";

const MEASURE = Uint8Array.of(0x24, 0x00);
const READ_SERIAL = Uint8Array.of(0x37, 0x80);
const REPLY_LENGTH = 6;
const MEASURING_MS = 20;
/** A slow part, or one that warms up, is asked again this often, this many milliseconds apart. */
const POLLS = 4;
const POLL_MS = 10;
/** A disturbed transfer is worth a second measurement; a broken part fails that one too. */
const MEASUREMENTS = 2;
/** Operating range of the data sheet, m°C. */
const MIN_TEMPERATURE = -40_000;
const MAX_TEMPERATURE = 125_000;

const decode = object(
  { kind: literal("sht31"), bus: integer(0, 255) },
  {
    /** Default 0x44 (68); 0x45 (69) with the ADDR pin high. */
    address: literal(0x44, 0x45),
  },
);

export type Sht31Config = Decoded<typeof decode>;

export const sht31: Sensor<Sht31Config> = {
  kind: "sht31",
  metersEnergy: false,
  decode,
  candidates: (place) =>
    place.kind === "i2c"
      ? ([0x44, 0x45] as const).map((address) => ({ kind: "sht31", bus: place.bus, address }))
      : [],
  async open({ bus, address = 0x44 }, ports) {
    return createSht31(await ports.i2cBus(bus), address, ports.timing);
  },
};

function createSht31(bus: I2cBus, address: number, timing: Timing): Driver {
  const measure = async (): Promise<Reading> => {
    await bus.write(address, MEASURE);
    await timing.sleep(MEASURING_MS);
    for (let poll = 1; ; poll++) {
      try {
        return parseSht31Reply(await bus.read(address, REPLY_LENGTH));
      } catch (error) {
        if (!isCoded(error, "sensor-nack") || poll >= POLLS) throw error;
        await timing.sleep(POLL_MS);
      }
    }
  };
  return {
    sensor: "sht31",
    async read() {
      for (let attempt = 1; ; attempt++) {
        try {
          return await measure();
        } catch (error) {
          if (!isCoded(error, "sensor-crc") || attempt >= MEASUREMENTS) throw error;
        }
      }
    },
    async probe() {
      await bus.write(address, READ_SERIAL);
      const reply = await bus.read(address, REPLY_LENGTH);
      const serial = word(reply, 0) * 0x10000 + word(reply, 3);
      return `SHT3x at address 0x${address.toString(16)}: serial ${serial.toString(16).padStart(8, "0")}`;
    },
    async close() {},
  };
}

/** The reading in the six bytes of a measurement. Throws `sensor-crc`, `sensor-range`. */
export function parseSht31Reply(reply: Uint8Array): Reading {
  const temperature = Math.round(-45_000 + (175_000 * word(reply, 0)) / 65_535);
  const humidity = Math.round((10_000 * word(reply, 3)) / 65_535);
  if (temperature < MIN_TEMPERATURE || temperature > MAX_TEMPERATURE) {
    fail("sensor-range", `sht31: ${temperature} m°C is out of its range`, { value: temperature });
  }
  return { energy: "none", temperature, humidity, raw: reply };
}

/** The big-endian word at `offset`, whose checksum follows it. Throws `sensor-crc`. */
function word(reply: Uint8Array, offset: number): number {
  const high = reply[offset] ?? 0;
  const low = reply[offset + 1] ?? 0;
  if (reply[offset + 2] !== crc8Sensirion(high, low)) {
    fail("sensor-crc", "sht31: a word with a wrong checksum", { offset });
  }
  return (high << 8) | low;
}
