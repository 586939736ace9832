/**
 * Registers of the ADE7878 over I2C: two bytes of address, then one, two or four bytes of data, high byte first. The
 * length belongs to the register. Source: Analog Devices' data sheet ADE7878 revision G, tables 30 to 34.
 */
import { fail, isCoded } from "../../shared/base/error.ts";
import type { I2cBus } from "../port/i2c-bus.ts";
import { hex } from "./i2c-registers.ts";

export const ADE7878_ADDRESS = 0x38;

/** Address and length of what the driver uses. */
export const ADE = {
  voltageGainA: [0x4381, 4],
  voltageGainB: [0x4383, 4],
  voltageGainC: [0x4385, 4],
  currentOffsetA: [0x4387, 4],
  currentOffsetB: [0x4389, 4],
  currentOffsetC: [0x438b, 4],
  currentOffsetN: [0x438d, 4],
  wattThresholdHigh: [0x43ab, 4],
  wattThresholdLow: [0x43ac, 4],
  voltageLevel: [0x43b3, 4],
  integrator: [0x43b5, 4],
  currentA: [0x43c0, 4],
  voltageA: [0x43c1, 4],
  currentB: [0x43c2, 4],
  voltageB: [0x43c3, 4],
  currentC: [0x43c4, 4],
  voltageC: [0x43c5, 4],
  run: [0xe228, 2],
  energyA: [0xe400, 4],
  energyB: [0xe401, 4],
  energyC: [0xe402, 4],
  powerA: [0xe513, 4],
  powerB: [0xe514, 4],
  powerC: [0xe515, 4],
  period: [0xe607, 2],
  computingMode: [0xe60e, 2],
  accumulationMode: [0xe701, 1],
  lineCycleMode: [0xe702, 1],
  protection: [0xe7e3, 1],
  protectionKey: [0xe7fe, 1],
  interfaceLock: [0xec01, 1],
} as const satisfies { readonly [name: string]: readonly [address: number, length: 1 | 2 | 4] };

export type AdeRegister = (typeof ADE)[keyof typeof ADE];

/** As long as an AHT20's reply. */
const UNASKED_LENGTH = 7;
/** Bit 14 is the mains frequency, the others have this value from the reset on. */
const COMPUTING_MODE = 0x01ff;
const MAINS_60_HZ = 0x4000;

export function readAde(bus: I2cBus, [address, length]: AdeRegister): Promise<Uint8Array> {
  return bus.transfer(ADE7878_ADDRESS, Uint8Array.of(address >> 8, address & 0xff), length);
}

export async function readAdeNumber(bus: I2cBus, register: AdeRegister): Promise<number> {
  return numberIn(await readAde(bus, register));
}

export function writeAde(bus: I2cBus, register: AdeRegister, value: number): Promise<void> {
  const [address, length] = register;
  const bytes = [address >> 8, address & 0xff];
  for (let shift = 8 * (length - 1); shift >= 0; shift -= 8) bytes.push((value >>> shift) & 0xff);
  return bus.write(ADE7878_ADDRESS, Uint8Array.from(bytes));
}

/** Whether an ADE7878 is at its address: its computing mode differs from all that an AHT20 answers. */
export async function isAde7878(bus: I2cBus): Promise<boolean> {
  const mode = await readAdeNumber(bus, ADE.computingMode);
  return (mode & ~MAINS_60_HZ) === COMPUTING_MODE;
}

/**
 * For who only looks: a PCF8574A, whose pins (relays, often) would follow any byte that is written, may be at
 * this address too. It says the same byte as often as it is read. One whose pins are all low is not told apart. Throws
 * `sensor-gone`.
 */
export async function refuseExpander(bus: I2cBus): Promise<void> {
  const [first = 0, ...others] = await readUnasked(bus);
  if (first !== 0 && others.length > 0 && others.every((byte) => byte === first)) {
    fail("sensor-gone", `a port expander seems to be at address ${hex(ADE7878_ADDRESS)}`);
  }
}

/** What the part says without a register's number; nothing if it does not acknowledge that. */
async function readUnasked(bus: I2cBus): Promise<Uint8Array> {
  try {
    return await bus.read(ADE7878_ADDRESS, UNASKED_LENGTH);
  } catch (error) {
    if (isCoded(error, "sensor-nack")) return new Uint8Array(0);
    throw error;
  }
}

export function computingMode(mainsHz: 50 | 60): number {
  return mainsHz === 60 ? COMPUTING_MODE | MAINS_60_HZ : COMPUTING_MODE;
}

/** Unsigned, high byte first. */
export function numberIn(bytes: Uint8Array): number {
  let value = 0;
  for (const byte of bytes) value = value * 0x100 + byte;
  return value;
}

/** Throws `sensor-gone` where another part answers. */
export async function requireAde7878(bus: I2cBus): Promise<void> {
  if (!(await isAde7878(bus))) fail("sensor-gone", "ade7878: another part is at its address");
}
