/**
 * An SHT31 as bytes: measures for 15 ms after the command and does not acknowledge reads meanwhile, answers
 * once, with a checksum after each word.
 */
import type { CentiPercent, MilliCelsius } from "../../shared/base/units.ts";
import { crc8Sensirion } from "../driver/crc8-sensirion.ts";
import type { Timing } from "../port/timing.ts";
import type { I2cDevice } from "./simulated-i2c-bus.ts";

export interface Climate {
  readonly temperature: MilliCelsius;
  readonly humidity: CentiPercent;
}

const MEASURE = 0x2400;
const READ_SERIAL = 0x3780;
const MEASURING_MS = 15;

export class Sht31Device implements I2cDevice {
  readonly #timing: Timing;
  readonly #measure: () => Climate | undefined;
  readonly #serial: number;
  #readyAt = 0;
  #words: readonly [number, number] | undefined;

  /**
   * `serial` is an unsigned 32-bit number. `measure` is asked when a measurement begins; undefined means that
   * the part does not acknowledge the command.
   */
  constructor(timing: Timing, serial: number, measure: () => Climate | undefined) {
    this.#timing = timing;
    this.#serial = serial;
    this.#measure = measure;
  }

  write(bytes: Uint8Array): boolean {
    const command = ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0);
    const now = this.#timing.monotonicMs();
    if (bytes.length !== 2 || now < this.#readyAt) return false;
    if (command === MEASURE) {
      const climate = this.#measure();
      if (climate === undefined) return false;
      this.#readyAt = now + MEASURING_MS;
      this.#words = [
        clampWord(((climate.temperature + 45_000) * 65_535) / 175_000),
        clampWord((climate.humidity * 65_535) / 10_000),
      ];
      return true;
    }
    if (command === READ_SERIAL) {
      this.#words = [this.#serial >>> 16, this.#serial & 0xffff];
      return true;
    }
    return false;
  }

  read(length: number): Uint8Array | undefined {
    const words = this.#words;
    if (words === undefined || this.#timing.monotonicMs() < this.#readyAt) return undefined;
    this.#words = undefined;
    const reply = new Uint8Array(6);
    words.forEach((word, i) => {
      reply.set([word >> 8, word & 255, crc8Sensirion(word >> 8, word & 255)], 3 * i);
    });
    return reply.slice(0, length);
  }
}

function clampWord(value: number): number {
  return Math.min(0xffff, Math.max(0, Math.round(value)));
}
