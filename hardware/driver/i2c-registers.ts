/**
 * What drivers of I2C register parts share: words out of bytes, reads that are checked by reading twice, and
 * the judgement of a range.
 *
 * These parts put no checksum on their replies. Where a register keeps its value (calibration, the result of
 * a finished measurement) it is read until two replies in a row agree.
 */
import { equalBytes } from "../../shared/base/bytes.ts";
import { fail } from "../../shared/base/error.ts";
import type { I2cBus } from "../port/i2c-bus.ts";

/** Replies that may be disturbed before the part counts as broken. */
const READINGS = 4;

/** One register part at its address. */
export interface RegisterPart {
  readonly sensor: string;
  readonly bus: I2cBus;
  readonly address: number;
}

/** Throws what the bus throws. */
export function readRegister(
  part: RegisterPart,
  register: number,
  length: number,
): Promise<Uint8Array> {
  return part.bus.transfer(part.address, Uint8Array.of(register), length);
}

/** Registers that keep their value meanwhile. Throws `sensor-crc` where no two replies agree. */
export async function readStable(
  part: RegisterPart,
  register: number,
  length: number,
): Promise<Uint8Array> {
  let before = await readRegister(part, register, length);
  for (let reading = 2; reading <= READINGS; reading++) {
    const again = await readRegister(part, register, length);
    if (equalBytes(before, again)) return again;
    before = again;
  }
  const text = `${part.sensor}: register ${hex(register)} reads differently each time`;
  fail("sensor-crc", text, { register });
}

export function writeRegister(part: RegisterPart, register: number, value: number): Promise<void> {
  return part.bus.write(part.address, Uint8Array.of(register, value));
}

export function writeWord(part: RegisterPart, register: number, value: number): Promise<void> {
  return part.bus.write(part.address, Uint8Array.of(register, value >> 8, value & 0xff));
}

export async function readWord(part: RegisterPart, register: number): Promise<number> {
  return wordAt(await readRegister(part, register, 2), 0);
}

/** Unsigned, high byte first. */
export function wordAt(bytes: Uint8Array, offset: number): number {
  return (byteAt(bytes, offset) << 8) | byteAt(bytes, offset + 1);
}

/** Unsigned, low byte first. */
export function littleWordAt(bytes: Uint8Array, offset: number): number {
  return byteAt(bytes, offset) | (byteAt(bytes, offset + 1) << 8);
}

export function byteAt(bytes: Uint8Array, offset: number): number {
  return bytes[offset] ?? 0;
}

/** The two's complement value of the lowest `bits` bits. */
export function signed(value: number, bits: number): number {
  const shift = 32 - bits;
  return (value << shift) >> shift;
}

/** The value, if it is within what the part can measure. Throws `sensor-range`. */
export function requireRange(
  sensor: string,
  quantity: string,
  value: number,
  [min, max]: readonly [number, number],
): number {
  if (value < min || value > max) {
    fail("sensor-range", `${sensor}: ${quantity} ${value} is not within ${min} to ${max}`, {
      quantity,
      value,
    });
  }
  // Never -0, which rounding makes of small negative numbers.
  return value + 0;
}

export function hex(value: number): string {
  return `0x${value.toString(16).padStart(2, "0")}`;
}
