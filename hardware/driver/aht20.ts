/**
 * AHT20 and AHT21, also sold as DHT20: temperature and relative humidity on I2C, address 0x38.
 *
 * AC 33 00 measures, 80 ms; status bit 7 is busy, bit 3 calibrated (else BE 08 00 prepares the part). Sources:
 * Aosong's data sheets AHT20 and DHT20 V1.0, sections 5.3, 5.4 and 7.4; ESPHome's aht10 component for the humidity of
 * 0 that stands for no measurement. The older AHT10 has no checksum and is not supported.
 *
 *   reply  status(1)  humidity(20 bits)  temperature(20 bits)  crc8 over the six bytes before
 *   RH = 100 × h / 2^20 %      T = -50 + 200 × t / 2^20 °C
 *
 * The ADE7878 has the same address. What measures an AHT20 would write to a register there, so `probe` asks for
 * the other part first, and writes nothing to a port expander at that address.
 */
import { type Decoded, integer, literal, object } from "../../shared/base/decoder.ts";
import { fail, isCoded } from "../../shared/base/error.ts";
import type { I2cBus } from "../port/i2c-bus.ts";
import type { Timing } from "../port/timing.ts";
import { isAde7878, refuseExpander } from "./ade7878-registers.ts";
import { crc8Sensirion } from "./crc8-sensirion.ts";
import type { Driver, Reading, Sensor } from "./driver.ts";
import { byteAt, hex, requireRange } from "./i2c-registers.ts";

const ADDRESS = 0x38;
const MEASURE = Uint8Array.of(0xac, 0x33, 0x00);
const PREPARE = Uint8Array.of(0xbe, 0x08, 0x00);
const REPLY_LENGTH = 7;
const BUSY = 0x80;
const CALIBRATED = 0x08;
const MEASURING_MS = 80;
const PREPARING_MS = 10;
/** A part that is still busy is asked again this often, this many milliseconds apart. */
const POLLS = 6;
const POLL_MS = 10;
/** A disturbed transfer or a measurement of nothing is worth a second one. */
const MEASUREMENTS = 2;
/** Operating range of the data sheet, m°C. */
const TEMPERATURE = [-40_000, 85_000] as const;

const decode = object({ kind: literal("aht20"), bus: integer(0, 255) });

export type Aht20Config = Decoded<typeof decode>;

export const aht20: Sensor<Aht20Config> = {
  kind: "aht20",
  metersEnergy: false,
  decode,
  candidates: (place) => (place.kind === "i2c" ? [{ kind: "aht20", bus: place.bus }] : []),
  async open({ bus }, ports) {
    return createAht20(await ports.i2cBus(bus), ports.timing);
  },
};

function createAht20(bus: I2cBus, timing: Timing): Driver {
  const measure = async (): Promise<Reading> => {
    await bus.write(ADDRESS, MEASURE);
    await timing.sleep(MEASURING_MS);
    for (let poll = 1; ; poll++) {
      const reply = await bus.read(ADDRESS, REPLY_LENGTH);
      if ((byteAt(reply, 0) & BUSY) === 0) return parseAht20Reply(reply);
      if (poll >= POLLS) fail("sensor-busy", "aht20: still measuring");
      await timing.sleep(POLL_MS);
    }
  };
  const prepare = async (): Promise<void> => {
    const status = await bus.read(ADDRESS, 1);
    if ((byteAt(status, 0) & CALIBRATED) !== 0) return;
    await bus.write(ADDRESS, PREPARE);
    await timing.sleep(PREPARING_MS);
  };
  const read = async (): Promise<Reading> => {
    await prepare();
    for (let attempt = 1; ; attempt++) {
      try {
        return await measure();
      } catch (error) {
        const again = isCoded(error, "sensor-crc") || isCoded(error, "sensor-range");
        if (!again || attempt >= MEASUREMENTS) throw error;
      }
    }
  };
  return {
    sensor: "aht20",
    read,
    async probe() {
      await refuseExpander(bus);
      if (await isAde7878(bus)) {
        fail("sensor-gone", `an ADE7878 is at address ${hex(ADDRESS)}, no AHT20`);
      }
      const { temperature = 0, humidity = 0 } = await read();
      const climate = `${(temperature / 1000).toFixed(1)} °C, ${(humidity / 100).toFixed(1)} %`;
      return `AHT20 at address ${hex(ADDRESS)}: ${climate}`;
    },
    async close() {},
  };
}

/** The reading in the seven bytes of a finished measurement. Throws `sensor-crc`, `sensor-busy`, `sensor-range`. */
export function parseAht20Reply(reply: Uint8Array): Reading {
  const [status = 0, b1 = 0, b2 = 0, b3 = 0, b4 = 0, b5 = 0, crc] = reply;
  if (reply.length !== REPLY_LENGTH || crc !== crc8Sensirion(status, b1, b2, b3, b4, b5)) {
    fail("sensor-crc", "aht20: a wrong checksum");
  }
  if ((status & BUSY) !== 0) fail("sensor-busy", "aht20: still measuring");
  if ((status & CALIBRATED) === 0) fail("sensor-busy", "aht20: the part is not calibrated");
  const h = (b1 << 12) | (b2 << 4) | (b3 >> 4);
  const t = ((b3 & 0x0f) << 16) | (b4 << 8) | b5;
  if (h === 0) fail("sensor-range", "aht20: a humidity of 0 stands for no measurement");
  const temperature = Math.round(-50_000 + (200_000 * t) / 0x100000);
  return {
    energy: "none",
    temperature: requireRange("aht20", "temperature", temperature, TEMPERATURE),
    humidity: Math.round((10_000 * h) / 0x100000),
    raw: reply,
  };
}
