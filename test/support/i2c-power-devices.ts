/**
 * Test only: energy parts as I2C devices, by their data sheets: registers with their lengths, what a reset takes away,
 * counters that go on by themselves. They measure what a test tells them to.
 */
import type { I2cDevice } from "../../hardware/simulated/simulated-i2c-bus.ts";

type InaModel = "ina219" | "ina226" | "ina260";

const POWER_ON: { readonly [model in InaModel]: readonly (readonly [number, number])[] } = {
  ina219: [[0, 0x399f]],
  ina226: [
    [0, 0x4127],
    [0xfe, 0x5449],
    [0xff, 0x2260],
  ],
  ina260: [
    [0, 0x6127],
    [0xfe, 0x5449],
    [0xff, 0x2270],
  ],
};

/** 16-bit registers behind a pointer that stays. Without its calibration it has no current and no power. */
export class InaDevice implements I2cDevice {
  readonly #model: InaModel;
  readonly #words = new Map<number, number>();
  /** What register 1 (shunt, or current) and register 2 (bus) hold. */
  measured: readonly [number, number] = [0, 0];
  resets = 0;
  /** A part whose registers cannot be written. */
  stuck = false;
  #pointer = 0;

  constructor(model: InaModel) {
    this.#model = model;
    this.reset();
  }

  reset(): void {
    this.resets++;
    this.#words.clear();
    for (const [register, value] of POWER_ON[this.#model]) this.#words.set(register, value);
  }

  word(register: number): number {
    if (register === 1 || register === 2) return this.measured[register - 1] ?? 0;
    return this.#words.get(register) ?? 0;
  }

  write(bytes: Uint8Array): boolean {
    const [register = 0, high, low] = bytes;
    this.#pointer = register;
    if (high === undefined || low === undefined || this.stuck) return true;
    const value = (high << 8) | low;
    if (register === 0 && (value & 0x8000) !== 0) this.reset();
    else if (register === 0 || (register === 5 && this.#model !== "ina260")) {
      this.#words.set(register, value);
    }
    return true;
  }

  read(length: number): Uint8Array {
    const word = this.word(this.#pointer);
    return Uint8Array.from({ length }, (_, i) => [word >> 8, word & 255][i] ?? 0xff);
  }
}

/** Lengths of the ADE7878's registers by the first byte of their address. */
const ADE_LENGTH: { readonly [page: number]: number } = {
  67: 4,
  226: 2,
  228: 4,
  229: 4,
  230: 2,
  231: 1,
  236: 1,
};
const MEMORY_PAGE = 0x43;

/** Registers of 1, 2 or 4 bytes at 16-bit addresses; its memory is written only with the protection off. */
export class AdeDevice implements I2cDevice {
  readonly #values = new Map<number, number>();
  #address = 0;
  resets = 0;

  constructor() {
    this.reset();
  }

  reset(): void {
    this.resets++;
    this.#values.clear();
    this.#values.set(0xe60e, 0x01ff);
    this.#values.set(0xe702, 0x78);
    this.#values.set(0xe60c, 0xffff);
  }

  get(address: number): number {
    return this.#values.get(address) ?? 0;
  }

  /** As the chip's own work would, whatever the protection. */
  set(address: number, value: number): void {
    this.#values.set(address, value >>> 0);
  }

  write(bytes: Uint8Array): boolean {
    const [high = 0, low = 0, ...data] = bytes;
    if (bytes.length < 2) return true;
    this.#address = (high << 8) | low;
    const length = ADE_LENGTH[high];
    if (data.length === 0) return length !== undefined;
    if (data.length !== length) return false;
    const isProtected = this.get(0xe7e3) === 0x80;
    const unlocks = this.#address === 0xe7e3 && this.get(0xe7fe) !== 0xad;
    if ((high === MEMORY_PAGE && isProtected) || unlocks) return true;
    let value = 0;
    for (const byte of data) value = value * 256 + byte;
    this.set(this.#address, value);
    if (this.#address === 0xe7e3) this.set(0xe7fe, 0);
    return true;
  }

  read(length: number): Uint8Array {
    const value = this.get(this.#address);
    const counter = this.#address >> 8 === 0xe4;
    if (counter && (this.get(0xe702) & 0x40) !== 0) this.set(this.#address, 0);
    return Uint8Array.from({ length }, (_, i) => (value >>> (8 * (length - 1 - i))) & 255);
  }
}
