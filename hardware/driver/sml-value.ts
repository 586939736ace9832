/**
 * The values of SML messages: type and length, then the value.
 *
 *   TL   bit 7: another length byte follows · bits 4 to 6: type · bits 0 to 3: length, of a list the number of
 *        its elements, of anything else the number of bytes with the TL bytes themselves
 *   type 0 octets · 4 boolean · 5 signed · 6 unsigned integer, 1 to 8 bytes, shortened at will · 7 list
 *
 * An octet string without bytes stands for an optional value that is absent.
 */
import { fail } from "../../shared/base/error.ts";

export type SmlValue =
  | { readonly kind: "octets"; readonly bytes: Uint8Array }
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "signed" | "unsigned"; readonly value: bigint; readonly size: number }
  | { readonly kind: "list"; readonly items: readonly SmlValue[] };

const MAX_DEPTH = 8;
const MAX_INTEGER = 8;
/** Lengths have two digits in practice; more could only come from damage. */
const MAX_TL = 4;

/** Reads values one after the other. Throws `sensor-range` for what is no SML. */
export class SmlReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Of the next byte. */
  get at(): number {
    return this.#at;
  }

  get atEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) fail("sensor-range", "an SML value is cut");
    this.#at++;
    return byte;
  }

  /** The number of elements of a list that begins here. */
  openList(): number {
    const { type, length } = this.#typeAndLength();
    if (type !== 7) fail("sensor-range", `SML type ${type} where a list should be`);
    return length;
  }

  value(depth = 0): SmlValue {
    const start = this.#at;
    const { type, length } = this.#typeAndLength();
    if (type === 7) return this.#list(length, depth);
    const size = length - (this.#at - start);
    if (size < 0 || this.#at + size > this.#bytes.length) {
      fail("sensor-range", "an SML value is longer than its message");
    }
    const bytes = this.#bytes.subarray(this.#at, this.#at + size);
    this.#at += size;
    switch (type) {
      case 0:
        return { kind: "octets", bytes };
      case 4:
        if (size !== 1) fail("sensor-range", "an SML boolean has one byte");
        return { kind: "boolean", value: bytes[0] !== 0 };
      case 5:
        return { kind: "signed", value: BigInt.asIntN(8 * size, readInteger(bytes)), size };
      case 6:
        return { kind: "unsigned", value: readInteger(bytes), size };
      default:
        fail("sensor-range", `there is no SML type ${type}`);
    }
  }

  #list(length: number, depth: number): SmlValue {
    // Each element has a byte at least.
    if (depth >= MAX_DEPTH || length > this.#bytes.length - this.#at) {
      fail("sensor-range", "an SML list is longer than its message or too deep");
    }
    const items: SmlValue[] = [];
    for (let i = 0; i < length; i++) items.push(this.value(depth + 1));
    return { kind: "list", items };
  }

  #typeAndLength(): { readonly type: number; readonly length: number } {
    let tl = this.byte();
    const type = (tl >> 4) & 7;
    let length = tl & 15;
    for (let count = 2; tl & 0x80; count++) {
      tl = this.byte();
      if (count > MAX_TL || tl & 0x70) fail("sensor-range", "an SML length goes on too long");
      length = length * 16 + (tl & 15);
    }
    return { type, length };
  }
}

/** Big endian. */
function readInteger(bytes: Uint8Array): bigint {
  if (bytes.length < 1 || bytes.length > MAX_INTEGER) {
    fail("sensor-range", `an SML integer has 1 to ${MAX_INTEGER} bytes, not ${bytes.length}`);
  }
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}
