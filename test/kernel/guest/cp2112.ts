/**
 * A CP2112 USB-to-I2C bridge with eight GPIO pins, as the public application note AN495 of Silicon Labs describes
 * its reports: the kernel's own driver for it gives a real I2C adapter and a real GPIO chip.
 *
 * in: HID reports, slaves, levels on the pins → out: HID reports.
 */
import type { HidDevice, HidIdentity } from "./uhid.ts";

/** A part on the bus, at register level. */
export interface I2cSlave {
  /** A whole write transaction; false when the part does not acknowledge. */
  write(bytes: Uint8Array): boolean;
  /** A whole read transaction; undefined when the part does not acknowledge its address. */
  read(length: number): Uint8Array | undefined;
}

const GPIO_CONFIG = 0x02;
const GPIO_GET = 0x03;
const GPIO_SET = 0x04;
const VERSION = 0x05;
const SMBUS_CONFIG = 0x06;
const DATA_READ_REQUEST = 0x10;
const DATA_WRITE_READ_REQUEST = 0x11;
const DATA_READ_FORCE_SEND = 0x12;
const DATA_READ_RESPONSE = 0x13;
const DATA_WRITE_REQUEST = 0x14;
const STATUS_REQUEST = 0x15;
const STATUS_RESPONSE = 0x16;
const CANCEL = 0x17;
const LOCK_BYTE = 0x20;

const PART_NUMBER = 0x0c;
const STATUS_IDLE = 0;
const STATUS_COMPLETE = 2;
const STATUS_ERROR = 3;
const ERROR_NACK = 0;
const SUCCESS = 5;
/** Bytes of data in one read response. */
const CHUNK = 61;
const REPORT_SIZE = 64;

/** A vendor-defined descriptor: per report its number, its direction and its bytes. */
function describeReports(): Uint8Array {
  const FEATURE = 0xb1;
  const INPUT = 0x81;
  const OUTPUT = 0x91;
  const reports: readonly (readonly [number, number, number])[] = [
    [GPIO_CONFIG, FEATURE, 4],
    [GPIO_GET, FEATURE, 1],
    [GPIO_SET, FEATURE, 2],
    [VERSION, FEATURE, 2],
    [SMBUS_CONFIG, FEATURE, 13],
    [DATA_READ_REQUEST, OUTPUT, 3],
    [DATA_WRITE_READ_REQUEST, OUTPUT, 20],
    [DATA_READ_FORCE_SEND, OUTPUT, 2],
    [DATA_READ_RESPONSE, INPUT, REPORT_SIZE - 1],
    [DATA_WRITE_REQUEST, OUTPUT, REPORT_SIZE - 1],
    [STATUS_REQUEST, OUTPUT, 1],
    [STATUS_RESPONSE, INPUT, 6],
    [CANCEL, OUTPUT, 1],
    [LOCK_BYTE, FEATURE, 1],
  ];
  const items = reports.flatMap(([number, kind, bytes]) => [
    ...[0x85, number], // report id
    ...[0x95, bytes], // count
    ...[0x09, 0x01], // usage
    ...[kind, 0x02], // data, variable, absolute
  ]);
  return Uint8Array.from([
    ...[0x06, 0x00, 0xff], // usage page: vendor
    ...[0x09, 0x01, 0xa1, 0x01], // usage, application collection
    ...[0x15, 0x00, 0x26, 0xff, 0x00, 0x75, 0x08], // 0 to 255, 8 bits
    ...items,
    0xc0,
  ]);
}

export const CP2112_IDENTITY: HidIdentity = {
  name: "CP2112 HID USB-to-SMBus Bridge",
  vendor: 0x10c4,
  product: 0xea90,
  descriptor: describeReports(),
};

const word = (high = 0, low = 0): number => (high << 8) | low;

export class Cp2112 implements HidDevice {
  readonly #slaves: ReadonlyMap<number, I2cSlave>;
  readonly #onPoll: () => void;
  #smbusConfig: Uint8Array = Uint8Array.of(
    SMBUS_CONFIG,
    0,
    1,
    0x86,
    0xa0,
    2,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
  );
  /** Bit 1: an output. */
  #directions = 0;
  #pushPull = 0;
  #outputs = 0;
  /** Levels that something outside puts on the pins. */
  #inputs = 0;
  #status: readonly [number, number, number] = [STATUS_IDLE, 0, 0];
  #received: Uint8Array = new Uint8Array(0);

  /** `onPoll` is called after the kernel has read the levels of the pins. */
  constructor(slaves: ReadonlyMap<number, I2cSlave>, onPoll: () => void) {
    this.#slaves = slaves;
    this.#onPoll = onPoll;
  }

  setInput(pin: number, level: 0 | 1): void {
    this.#inputs = level === 1 ? this.#inputs | (1 << pin) : this.#inputs & ~(1 << pin);
  }

  /** What the pins show, outputs as the kernel drives them. */
  get levels(): number {
    return (this.#outputs & this.#directions) | (this.#inputs & ~this.#directions & 0xff);
  }

  getReport(number: number): Uint8Array | undefined {
    switch (number) {
      case VERSION:
        return Uint8Array.of(VERSION, PART_NUMBER, 1);
      case SMBUS_CONFIG:
        return this.#smbusConfig;
      case GPIO_CONFIG:
        return Uint8Array.of(GPIO_CONFIG, this.#directions, this.#pushPull, 0, 0);
      case GPIO_GET: {
        const report = Uint8Array.of(GPIO_GET, this.levels);
        this.#onPoll();
        return report;
      }
      case LOCK_BYTE:
        return Uint8Array.of(LOCK_BYTE, 0);
      default:
        return undefined;
    }
  }

  setReport(report: Uint8Array): boolean {
    const [number, first = 0, second = 0] = report;
    if (number === SMBUS_CONFIG) this.#smbusConfig = report;
    else if (number === GPIO_CONFIG) {
      this.#directions = first;
      this.#pushPull = second;
    } else if (number === GPIO_SET) this.#outputs = (this.#outputs & ~second) | (first & second);
    else return false;
    return true;
  }

  output(report: Uint8Array): readonly Uint8Array[] {
    const [number, shifted = 0, second = 0, third = 0, targetLength = 0] = report;
    const address = shifted >> 1;
    switch (number) {
      case DATA_WRITE_REQUEST:
        this.#write(address, report.subarray(3, 3 + second));
        return [];
      case DATA_READ_REQUEST:
        this.#read(address, word(second, third));
        return [];
      case DATA_WRITE_READ_REQUEST:
        if (this.#write(address, report.subarray(5, 5 + targetLength))) {
          this.#read(address, word(second, third));
        }
        return [];
      case STATUS_REQUEST: {
        const [state, detail, length] = this.#status;
        const status = [STATUS_RESPONSE, state, detail, 0, 0, length >> 8, length & 0xff];
        return [Uint8Array.from(status)];
      }
      case DATA_READ_FORCE_SEND:
        return [this.#nextChunk(word(shifted, second))];
      case CANCEL:
        this.#status = [STATUS_IDLE, 0, 0];
        return [];
      default:
        return [];
    }
  }

  #write(address: number, bytes: Uint8Array): boolean {
    const taken = this.#slaves.get(address)?.write(bytes) ?? false;
    this.#status = taken ? [STATUS_COMPLETE, SUCCESS, bytes.length] : [STATUS_ERROR, ERROR_NACK, 0];
    return taken;
  }

  #read(address: number, length: number): void {
    const bytes = this.#slaves.get(address)?.read(length);
    this.#received = Uint8Array.from(bytes ?? []);
    this.#status = bytes ? [STATUS_COMPLETE, SUCCESS, length] : [STATUS_ERROR, ERROR_NACK, 0];
  }

  #nextChunk(wanted: number): Uint8Array {
    const length = Math.min(CHUNK, wanted, this.#received.length);
    const report = new Uint8Array(REPORT_SIZE);
    report.set([DATA_READ_RESPONSE, STATUS_COMPLETE, length]);
    report.set(this.#received.subarray(0, length), 3);
    this.#received = this.#received.slice(length);
    return report;
  }
}
