/**
 * Modbus-RTU, the master's side of "read input registers" (function 0x04) and "read holding registers" (0x03) over any
 * `SerialLine`. Nothing is ever written to a slave.
 *
 * Frames are found by length and checksum, never by pauses: a process cannot see a silence of 4 ms, and USB
 * adapters hold bytes back. The received bytes are searched from every offset, so garbage, cut frames and
 * frames of other slaves before the reply cost nothing.
 *
 *   request    address  function       register(2)  count(2)  crc(2, low byte first)
 *   reply      address  function       2×count      data(2×count)         crc(2)
 *   exception  address  function|0x80  code                               crc(2)
 */
import { concatBytes } from "../../shared/base/bytes.ts";
import { fail, isCoded } from "../../shared/base/error.ts";
import type { SerialLine } from "../port/serial-line.ts";
import type { Timing } from "../port/timing.ts";
import { crc16Modbus } from "./crc16.ts";

const READ_HOLDING = 0x03;
const READ_INPUT = 0x04;
const EXCEPTION = 0x80;
/** Exception code 6: the slave works on something long, ask again later. */
const SLAVE_BUSY = 6;
const EXCEPTION_LENGTH = 5;
/** Longer than any pause within a frame, at any speed and behind any adapter. */
const QUIET_MS = 50;
/** Older bytes cannot belong to the reply any more: the longest frame has 256. */
const KEEP = 512;

export interface ModbusOptions {
  /** From the last request byte to the last reply byte, in milliseconds. */
  readonly replyMs: number;
  /** Requests sent before giving up, at least 1. */
  readonly attempts: number;
}

/** A found frame, or what can be said of its absence so far. */
export type Search =
  | { readonly kind: "reply"; readonly frame: Uint8Array }
  | { readonly kind: "exception"; readonly code: number }
  | { readonly kind: "none"; readonly spoilt: boolean };

/** The request for `count` input registers from `register` on. */
export function encodeReadInput(address: number, register: number, count: number): Uint8Array {
  return encodeRead({ address, fn: READ_INPUT, count }, register);
}

/** What a reply is recognised by. */
interface Expected {
  readonly address: number;
  readonly fn: number;
  readonly count: number;
}

function encodeRead({ address, fn, count }: Expected, register: number): Uint8Array {
  const frame = Uint8Array.of(
    address,
    fn,
    register >> 8,
    register & 255,
    count >> 8,
    count & 255,
    0,
    0,
  );
  return sealFrame(frame);
}

/** Writes the checksum into the last two bytes of `frame` and returns it. */
export function sealFrame(frame: Uint8Array): Uint8Array {
  const crc = crc16Modbus(frame, 0, frame.length - 2);
  frame[frame.length - 2] = crc & 255;
  frame[frame.length - 1] = crc >> 8;
  return frame;
}

/** Whether the last two of the `length` bytes at `start` are the checksum of those before. */
function isSealed(bytes: Uint8Array, start: number, length: number): boolean {
  const end = start + length - 2;
  const crc = crc16Modbus(bytes, start, end);
  return bytes[end] === (crc & 255) && bytes[end + 1] === crc >> 8;
}

/**
 * Looks for the reply of `address` with `count` registers in what has arrived. `spoilt`: there was a frame of
 * the right form and length whose checksum is wrong.
 */
export function findReply(
  bytes: Uint8Array,
  address: number,
  count: number,
  fn: number = READ_INPUT,
): Search {
  const length = 2 * count + 5;
  let spoilt = false;
  for (let i = 0; i + EXCEPTION_LENGTH <= bytes.length; i++) {
    // 248 (0xF8) asks the only slave on the line whatever its address is; it may answer with its own.
    if (bytes[i] !== address && address !== ANY_ADDRESS) continue;
    const said = bytes[i + 1];
    if (said === fn && bytes[i + 2] === 2 * count && i + length <= bytes.length) {
      if (isSealed(bytes, i, length)) {
        return { kind: "reply", frame: bytes.slice(i, i + length) };
      }
      spoilt = true;
    } else if (said === (fn | EXCEPTION) && isSealed(bytes, i, EXCEPTION_LENGTH)) {
      return { kind: "exception", code: bytes[i + 2] ?? 0 };
    }
  }
  return { kind: "none", spoilt };
}

/** The PZEM family's general address, for a line with one slave. */
export const ANY_ADDRESS = 0xf8;

export class ModbusMaster {
  readonly #line: SerialLine;
  readonly #timing: Timing;
  readonly #options: ModbusOptions;

  constructor(line: SerialLine, timing: Timing, options: ModbusOptions) {
    this.#line = line;
    this.#timing = timing;
    this.#options = options;
  }

  /**
   * Reads `count` input registers; returns the whole reply frame, whose data begin at byte 3. Throws
   * `sensor-timeout`, `sensor-crc`, `sensor-nack` (an exception), `sensor-busy` (exception 6), `sensor-gone`.
   */
  readInput(address: number, register: number, count: number): Promise<Uint8Array> {
    return this.#read({ address, fn: READ_INPUT, count }, register);
  }

  /** The same with holding registers. */
  readHolding(address: number, register: number, count: number): Promise<Uint8Array> {
    return this.#read({ address, fn: READ_HOLDING, count }, register);
  }

  #read(expected: Expected, register: number): Promise<Uint8Array> {
    const request = encodeRead(expected, register);
    return this.#line.exclusive(async () => {
      for (let attempt = 1; ; attempt++) {
        try {
          return await this.#exchange(request, expected);
        } catch (error) {
          const worthwhile = isCoded(error, "sensor-timeout") || isCoded(error, "sensor-crc");
          if (!worthwhile || attempt >= this.#options.attempts) throw error;
          await this.#untilQuiet();
        }
      }
    });
  }

  /**
   * A late reply must not be taken for the reply to the next request: frames carry no request number. Waits
   * for a pause, at most as long as for a reply.
   */
  async #untilQuiet(): Promise<void> {
    const deadline = this.#timing.monotonicMs() + this.#options.replyMs;
    while (this.#timing.monotonicMs() < deadline) {
      if ((await readOrNothing(this.#line, QUIET_MS)) === undefined) return;
    }
  }

  async #exchange(request: Uint8Array, expected: Expected): Promise<Uint8Array> {
    const { address, count, fn } = expected;
    const line = this.#line;
    line.discard();
    await line.write(request);
    const deadline = this.#timing.monotonicMs() + this.#options.replyMs;
    let received: Uint8Array = new Uint8Array(0);
    for (;;) {
      const left = deadline - this.#timing.monotonicMs();
      const chunk = left > 0 ? await readOrNothing(line, left) : undefined;
      if (chunk === undefined) return refuseSilence(received, expected);
      received = received.length === 0 ? chunk : concatBytes(received, chunk);
      if (received.length > KEEP) received = received.subarray(received.length - KEEP);
      const found = findReply(received, address, count, fn);
      if (found.kind === "reply") return found.frame;
      if (found.kind === "exception") return refuseException(address, found.code);
    }
  }
}

async function readOrNothing(line: SerialLine, ms: number): Promise<Uint8Array | undefined> {
  try {
    return await line.read(ms);
  } catch (error) {
    if (isCoded(error, "sensor-timeout")) return undefined;
    throw error;
  }
}

function refuseSilence(received: Uint8Array, { address, count, fn }: Expected): never {
  const detail = { address, received: received.length };
  const found = findReply(received, address, count, fn);
  if (found.kind === "none" && found.spoilt) {
    fail("sensor-crc", `the reply of slave ${address} has a wrong checksum`, detail);
  }
  fail("sensor-timeout", `no complete reply of slave ${address}`, detail);
}

function refuseException(address: number, exception: number): never {
  const message = `slave ${address} refuses with exception ${exception}`;
  fail(exception === SLAVE_BUSY ? "sensor-busy" : "sensor-nack", message, { address, exception });
}
