/**
 * Parts on the guest's I2C bus, at register level, written from their data sheets and sharing nothing with the drivers:
 * SHT31 (Sensirion), BME280 (Bosch), INA219 (Texas Instruments).
 *
 * Each holds one measurement that never changes, so that a test knows the exact value. Time is real: a part that is
 * still measuring does not acknowledge or says that it is busy.
 */
import type { I2cSlave } from "./cp2112.ts";

/** CRC-8 of Sensirion: polynomial 0x31, first value 0xff. */
function crc8(high: number, low: number): number {
  let crc = 0xff;
  for (const byte of [high, low]) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = ((crc << 1) ^ (crc & 0x80 ? 0x31 : 0)) & 0xff;
  }
  return crc;
}

const words = (...values: readonly number[]): Uint8Array =>
  Uint8Array.from(
    values.flatMap((value) => [value >> 8, value & 0xff, crc8(value >> 8, value & 0xff)]),
  );

/** `temperature`, `humidity`: raw words. Single shots without clock stretching, serial number, status, soft reset. */
export function createSht31(temperature: number, humidity: number, serial: number): I2cSlave {
  const MEASURING_MS = 15;
  let readyAt = 0;
  let result: Uint8Array | undefined;
  return {
    write(bytes) {
      const command = ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0);
      if ([0x2400, 0x240b, 0x2416].includes(command)) {
        readyAt = performance.now() + MEASURING_MS;
        result = words(temperature, humidity);
      } else if (command === 0x3780 || command === 0x3682) {
        result = words(serial >>> 16, serial & 0xffff);
      } else if (command === 0xf32d) result = words(0x8010);
      else if (command === 0x30a2) result = undefined;
      else return false;
      return true;
    },
    read(length) {
      if (result === undefined || performance.now() < readyAt) return undefined;
      const answer = result;
      result = undefined;
      return fill(answer, length);
    },
  };
}

/** Bytes beyond the answer are the idle bus. */
function fill(answer: Uint8Array, length: number): Uint8Array {
  const bytes = new Uint8Array(length).fill(0xff);
  bytes.set(answer.subarray(0, length));
  return bytes;
}

const fromHex = (text: string): number[] => [...Buffer.from(text.replaceAll(" ", ""), "hex")];

/**
 * The data sheet's own calibration and raw values: 25.08 °C, 100,653 Pa; humidity 37.56 %. A forced measurement takes
 * 10 ms, in which the status says so and the old result stays.
 */
export function createBme280(): I2cSlave {
  const MEASURING_MS = 10;
  const START = {
    136: "706b 436718fc 7d8e43d6d00b270b8c00f9ff8c3cf8c67017",
    161: "4b",
    208: "60",
    225: "6a0100132b031e",
    247: "800000 800000 8000",
  };
  const RESULT = fromHex("655ac0 7eed00 6978");
  const registers = new Uint8Array(256);
  let pointer = 0;
  let readyAt: number | undefined;
  const put = (at: number, bytes: readonly number[]): void => registers.set(bytes, at);
  const reset = (): void => {
    registers.fill(0);
    for (const [at, hex] of Object.entries(START)) put(Number(at), fromHex(hex));
    readyAt = undefined;
  };
  const finish = (): void => {
    if (readyAt === undefined || performance.now() < readyAt) return;
    readyAt = undefined;
    put(0xf3, [0]);
    put(0xf4, [(registers[0xf4] ?? 0) & 0xfc]);
    put(0xf7, RESULT);
  };
  const set = (register: number, value: number): void => {
    if (register === 0xe0) {
      if (value === 0xb6) reset();
      return;
    }
    if (![0xf2, 0xf4, 0xf5].includes(register)) return;
    registers[register] = value;
    if (register === 0xf4 && (value & 3) !== 0) {
      put(0xf3, [0x08]);
      readyAt = performance.now() + MEASURING_MS;
    }
  };
  reset();
  return {
    write(bytes) {
      finish();
      pointer = bytes[0] ?? 0;
      // Pairs of register and value; only the first register is the pointer of a later read.
      for (let at = 0; at + 1 < bytes.length; at += 2) set(bytes[at] ?? 0, bytes[at + 1] ?? 0);
      return true;
    },
    read(length) {
      finish();
      const bytes = registers.slice(pointer, pointer + length);
      return fill(bytes, length);
    },
  };
}

/**
 * 12.004 V on the bus, 40 mV over the shunt (0.4 A at 0.1 Ω). Current and power registers stay 0 while the calibration
 * register is 0, as after a power loss of the chip.
 */
export function createIna219(): I2cSlave {
  const CONFIG_AT_RESET = 0x399f;
  const SHUNT = 4000;
  const BUS = 3001 << 3;
  const CONVERSION_READY = 2;
  let config = CONFIG_AT_RESET;
  let calibration = 0;
  let pointer = 0;
  const value = (): number => {
    const current = Math.trunc((SHUNT * calibration) / 4096);
    const register = [
      config,
      SHUNT,
      BUS | CONVERSION_READY,
      Math.trunc((current * (BUS >> 3)) / 5000),
      current,
      calibration,
    ][pointer];
    return register ?? 0;
  };
  return {
    write(bytes) {
      const [register = 0, high, low] = bytes;
      pointer = register;
      if (high === undefined || low === undefined) return true;
      const written = (high << 8) | low;
      if (register === 0) config = (written & 0x8000) !== 0 ? CONFIG_AT_RESET : written;
      if (register === 5) calibration = written & 0xfffe;
      return true;
    },
    read: (length) => fill(Uint8Array.of(value() >> 8, value() & 0xff), length),
  };
}
