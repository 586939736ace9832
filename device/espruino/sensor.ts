/**
 * What the head's I2C sensors have in common: begin a measurement, wait, fetch it. An error is a code in the frame, under
 * the letter x, so that a silent sensor is told from one that is not there.
 */
import type { I2cPort } from "./board.ts";
import type { Field } from "./frame.ts";

export interface HeadSensor {
  /** From `begin` to `fetch`. */
  readonly waitMs: number;
  /** Throws what the bus throws. */
  begin(): void;
  /** Throws a `SensorFault`, or what the bus throws. */
  fetch(): Field[];
}

export interface Wiring {
  readonly i2c: I2cPort;
  readonly address: number;
  /** The sensor's place in the settings, from 1 on. */
  readonly number: number;
}

/** Codes of the letter x. */
export const FAULT = {
  /** Nobody acknowledged. */
  nack: 1,
  /** A wrong checksum, or two replies that differ. */
  checksum: 2,
  /** A value that the part cannot measure, or another part. */
  range: 3,
  /** The part was reset; it has been set up and answers next time. */
  reset: 4,
  /** Pulses: edges came faster than the board could keep them. */
  lostEdges: 5,
} as const;

/** Thrown for a reply that is no measurement. */
export interface SensorFault {
  readonly fault: number;
}

export function refuse(fault: number): never {
  const thrown: SensorFault = { fault };
  throw thrown;
}

/** The code of what a sensor or the bus threw. */
export function codeOf(thrown: unknown): number {
  const fault = (thrown as SensorFault).fault;
  return fault === undefined ? FAULT.nack : fault;
}

export function readRegister(wiring: Wiring, register: number, length: number): Uint8Array {
  wiring.i2c.writeTo(wiring.address, [register]);
  const bytes = wiring.i2c.readFrom(wiring.address, length);
  if (bytes.length !== length) refuse(FAULT.nack);
  return bytes;
}

/** A register without a checksum: read until two replies agree. */
export function readStable(wiring: Wiring, register: number, length: number): Uint8Array {
  let before = readRegister(wiring, register, length);
  for (let i = 0; i < 3; i++) {
    const bytes = readRegister(wiring, register, length);
    if (isEqual(before, bytes)) return bytes;
    before = bytes;
  }
  return refuse(FAULT.checksum);
}

function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  for (let i = 0; i < one.length; i++) {
    if (one[i] !== other[i]) return false;
  }
  return true;
}

/** High byte first. */
export function wordAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

export function signed(value: number, bits: number): number {
  const half = 1 << (bits - 1);
  return value >= half ? value - 2 * half : value;
}

export function requireRange(value: number, min: number, max: number): number {
  if (!(value >= min && value <= max)) refuse(FAULT.range);
  return value;
}
