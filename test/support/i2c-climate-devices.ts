/**
 * Test only: climate parts as I2C devices, by their data sheets: what they acknowledge, how long they measure, what their
 * registers say, and what a reset takes away. They measure what a test tells them to.
 */
import { crc8Sensirion } from "../../hardware/driver/crc8-sensirion.ts";
import type { Timing } from "../../hardware/port/timing.ts";
import type { I2cDevice } from "../../hardware/simulated/simulated-i2c-bus.ts";

/** A register file with a pointer that moves on with every byte. */
export abstract class ByteRegisters implements I2cDevice {
  readonly bytes = new Uint8Array(256);
  pointer = 0;

  write(bytes: Uint8Array): boolean {
    const [register = 0, ...data] = bytes;
    this.pointer = register;
    for (const value of data) this.store(this.pointer++ & 0xff, value);
    return true;
  }

  read(length: number): Uint8Array | undefined {
    this.refresh();
    return Uint8Array.from({ length }, (_, i) => this.bytes[(this.pointer + i) & 0xff] ?? 0);
  }

  protected store(register: number, value: number): void {
    this.bytes[register] = value;
  }

  /** Called before registers are read. */
  protected refresh(): void {}
}

/** Raw words of an SHT4x; 0x24 and other heater commands are remembered. */
export class Sht4xDevice implements I2cDevice {
  readonly #timing: Timing;
  readonly #serial: number;
  words: readonly [number, number] = [0x6666, 0x8000];
  heated = 0;
  #reply: readonly [number, number] | undefined;
  #readyAt = 0;

  constructor(timing: Timing, serial: number) {
    this.#timing = timing;
    this.#serial = serial;
  }

  write(bytes: Uint8Array): boolean {
    const [command, ...rest] = bytes;
    if ([0x15, 0x1e, 0x24, 0x2f, 0x32, 0x39].includes(command ?? 0)) this.heated++;
    if (rest.length > 0 || this.#timing.monotonicMs() < this.#readyAt) return false;
    if (command === 0xfd) {
      this.#readyAt = this.#timing.monotonicMs() + 8.3;
      this.#reply = this.words;
      return true;
    }
    if (command === 0x89) this.#reply = [this.#serial >>> 16, this.#serial & 0xffff];
    return command === 0x89 || command === 0x94;
  }

  read(length: number): Uint8Array | undefined {
    const words = this.#reply;
    if (words === undefined || this.#timing.monotonicMs() < this.#readyAt) return undefined;
    this.#reply = undefined;
    const bytes = words.flatMap((word) => [
      word >> 8,
      word & 255,
      crc8Sensirion(word >> 8, word & 255),
    ]);
    return Uint8Array.from(bytes).slice(0, length);
  }
}

/** `humidity` and `temperature` are the 20-bit values. */
export class Aht20Device implements I2cDevice {
  readonly #timing: Timing;
  humidity = 0x80000;
  temperature = 0x60000;
  calibrated = true;
  /** Every write that it got. */
  readonly writes: Uint8Array[] = [];
  #busyUntil = 0;
  #measured: readonly [number, number] = [0, 0];

  constructor(timing: Timing) {
    this.#timing = timing;
  }

  write(bytes: Uint8Array): boolean {
    this.writes.push(bytes);
    if (bytes[0] === 0xac) {
      this.#busyUntil = this.#timing.monotonicMs() + 80;
      this.#measured = [this.humidity, this.temperature];
    }
    if (bytes[0] === 0xbe) this.calibrated = true;
    return true;
  }

  read(length: number): Uint8Array {
    const busy = this.#timing.monotonicMs() < this.#busyUntil;
    const status = (busy ? 0x80 : 0) | 0x10 | (this.calibrated ? 0x08 : 0);
    const [h, t] = this.#measured;
    const six = [
      status,
      h >> 12,
      (h >> 4) & 255,
      ((h & 15) << 4) | (t >> 16),
      (t >> 8) & 255,
      t & 255,
    ];
    return Uint8Array.from([...six, crc8Sensirion(...six)]).slice(0, length);
  }
}

/** A BME280 with the calibration bytes and raw results that it is given; a BMP280 by another id. */
export class Bme280Device extends ByteRegisters {
  readonly #timing: Timing;
  /** 0xF7 to 0xFE after a measurement. */
  data: Uint8Array;
  #readyAt = Number.POSITIVE_INFINITY;
  measurements = 0;

  constructor(timing: Timing, calibration: Uint8Array, humidity: Uint8Array, data: Uint8Array) {
    super();
    this.#timing = timing;
    this.data = data;
    this.bytes.set(calibration, 0x88);
    this.bytes.set(humidity, 0xe1);
    this.bytes[0xd0] = 0x60;
    this.reset();
  }

  /** Asleep, nothing measured; a measurement that runs is lost. */
  reset(): void {
    this.bytes.set([0x80, 0, 0, 0x80, 0, 0, 0x80, 0], 0xf7);
    for (const register of [0xf2, 0xf3, 0xf4]) this.bytes[register] = 0;
    this.#readyAt = Number.POSITIVE_INFINITY;
  }

  protected override store(register: number, value: number): void {
    super.store(register, value);
    if (register === 0xe0 && value === 0xb6) this.reset();
    if (register !== 0xf4 || (value & 3) === 0) return;
    this.measurements++;
    this.#readyAt = this.#timing.monotonicMs() + 6.4;
    this.bytes[0xf3] = 0x08;
  }

  protected override refresh(): void {
    if (this.#timing.monotonicMs() < this.#readyAt) return;
    this.#readyAt = Number.POSITIVE_INFINITY;
    const control = this.bytes[0xf4] ?? 0;
    this.bytes[0xf3] = 0;
    this.bytes[0xf4] = control & ~3;
    const skipped = { temperature: control >> 5 === 0, pressure: ((control >> 2) & 7) === 0 };
    this.bytes.set(this.data, 0xf7);
    if (skipped.pressure) this.bytes.set([0x80, 0, 0], 0xf7);
    if (skipped.temperature) this.bytes.set([0x80, 0, 0], 0xfa);
    if (((this.bytes[0xf2] ?? 0) & 7) === 0) this.bytes.set([0x80, 0], 0xfd);
  }
}

/** An HTS221 with its calibration, 0x30 to 0x3F, and its output, 0x28 to 0x2B. */
export class Hts221Device extends ByteRegisters {
  readonly #timing: Timing;
  output: Uint8Array;
  #readyAt = Number.POSITIVE_INFINITY;

  constructor(timing: Timing, calibration: Uint8Array, output: Uint8Array) {
    super();
    this.#timing = timing;
    this.output = output;
    this.bytes.set(calibration, 0x30);
    this.bytes[0x0f] = 0xbc;
  }

  /** Off, nothing measured. */
  reset(): void {
    this.bytes.fill(0, 0x20, 0x2c);
    this.#readyAt = Number.POSITIVE_INFINITY;
  }

  override write(bytes: Uint8Array): boolean {
    return super.write(Uint8Array.of((bytes[0] ?? 0) & 0x7f, ...bytes.slice(1)));
  }

  override read(length: number): Uint8Array | undefined {
    const reply = super.read(length);
    if (this.pointer <= 0x28 && this.pointer + length >= 0x2c) this.bytes[0x27] = 0;
    return reply;
  }

  protected override store(register: number, value: number): void {
    super.store(register, value);
    const powered = ((this.bytes[0x20] ?? 0) & 0x80) !== 0;
    if (register !== 0x21 || (value & 1) === 0 || !powered) return;
    this.#readyAt = this.#timing.monotonicMs() + 35;
  }

  protected override refresh(): void {
    if (this.#timing.monotonicMs() < this.#readyAt) return;
    this.#readyAt = Number.POSITIVE_INFINITY;
    this.bytes.set(this.output, 0x28);
    this.bytes[0x27] = 3;
    this.bytes[0x21] = 0;
  }
}
