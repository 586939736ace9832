/**
 * What the SHT families of Sensirion have in common: a command, a wait, a reply of words with a checksum each.
 *
 *   reply  word(2)  crc8  word(2)  crc8
 *
 * No command with clock stretching is used: a Pi's I2C controller up to the Pi 4 corrupts stretched
 * transfers. While it measures the part does not acknowledge.
 */
import { fail, isCoded } from "../../shared/base/error.ts";
import type { I2cBus } from "../port/i2c-bus.ts";
import type { Timing } from "../port/timing.ts";
import { crc8Sensirion } from "./crc8-sensirion.ts";
import type { Driver, Reading } from "./driver.ts";
import { byteAt, hex, wordAt } from "./i2c-registers.ts";

const REPLY_LENGTH = 6;
/** A slow part, or one that warms up, is asked again this often, this many milliseconds apart. */
const POLLS = 4;
const POLL_MS = 10;
/** A disturbed transfer is worth a second measurement; a broken part fails that one too. */
const MEASUREMENTS = 2;

export interface SensirionPart {
  readonly sensor: string;
  /** The family, for people. */
  readonly family: string;
  readonly measure: Uint8Array;
  readonly measuringMs: number;
  readonly readSerial: Uint8Array;
  readonly serialMs: number;
  /** The reading in the reply to `measure`. Throws `sensor-crc`, `sensor-range`. */
  readonly parse: (reply: Uint8Array) => Reading;
}

export function createSensirion(
  part: SensirionPart,
  bus: I2cBus,
  address: number,
  timing: Timing,
): Driver {
  const ask = async (command: Uint8Array, waitMs: number): Promise<Uint8Array> => {
    await bus.write(address, command);
    if (waitMs > 0) await timing.sleep(waitMs);
    for (let poll = 1; ; poll++) {
      try {
        return await bus.read(address, REPLY_LENGTH);
      } catch (error) {
        if (!isCoded(error, "sensor-nack") || poll >= POLLS) throw error;
        await timing.sleep(POLL_MS);
      }
    }
  };
  const readSerial = async (): Promise<string> => {
    const [high, low] = parseWords(await ask(part.readSerial, part.serialMs), part.sensor);
    return (high * 0x10000 + low).toString(16).padStart(8, "0");
  };
  return {
    sensor: part.sensor,
    async read() {
      for (let attempt = 1; ; attempt++) {
        try {
          return part.parse(await ask(part.measure, part.measuringMs));
        } catch (error) {
          if (!isCoded(error, "sensor-crc") || attempt >= MEASUREMENTS) throw error;
        }
      }
    },
    async probe() {
      const serial = await readSerial();
      // The other family may answer the first time: with a measurement that nobody fetched.
      if ((await readSerial()) !== serial) fail("sensor-gone", `no ${part.family} at this address`);
      return `${part.family} at address ${hex(address)}: serial ${serial}`;
    },
    async close() {},
  };
}

/** The two words of a reply. Throws `sensor-crc`. */
export function parseWords(reply: Uint8Array, sensor: string): readonly [number, number] {
  for (const offset of [0, 3]) {
    const crc = crc8Sensirion(byteAt(reply, offset), byteAt(reply, offset + 1));
    if (reply.length !== REPLY_LENGTH || reply[offset + 2] !== crc) {
      fail("sensor-crc", `${sensor}: a word with a wrong checksum`, { offset });
    }
  }
  return [wordAt(reply, 0), wordAt(reply, 3)];
}
