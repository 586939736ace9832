/**
 * Small integers and texts to bytes and back: LEB128 varints, zigzag for signed ones, texts with their length.
 * For rows of this gateway's own store; never hashed, never sent.
 */
import { decodeUtf8, encodeUtf8 } from "../../shared/base/bytes.ts";

/** Grows as it is written; `finish` gives the bytes. */
export class ByteWriter {
  #bytes: Uint8Array;
  #at = 0;

  /** @param expected bytes that will be written, as a guess */
  constructor(expected = 512) {
    // From the pool of small buffers: nothing is read before it was written.
    this.#bytes = Buffer.allocUnsafe(expected);
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#at++] = value;
  }

  /** An integer from 0 to 2^53-1. */
  varint(value: number): void {
    this.#reserve(8);
    if (value < 16_384) {
      // A slot's energy, almost always: one byte or two.
      if (value < 128) {
        this.#bytes[this.#at++] = value;
        return;
      }
      this.#bytes[this.#at++] = (value & 127) | 128;
      this.#bytes[this.#at++] = value >> 7;
      return;
    }
    let rest = value;
    while (rest >= 128) {
      this.#bytes[this.#at++] = (rest % 128) + 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#at++] = rest;
  }

  /** An integer of either sign, |value| ≤ 2^52. */
  signed(value: number): void {
    this.varint(value < 0 ? -2 * value - 1 : 2 * value);
  }

  bytes(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
  }

  text(value: string): void {
    const { length } = value;
    // Almost all texts are short and ASCII, which is written faster than handed to an encoder.
    if (length < 128) {
      this.#reserve(length + 1);
      const bytes = this.#bytes;
      const start = this.#at + 1;
      let i = 0;
      for (; i < length; i++) {
        const code = value.charCodeAt(i);
        if (code > 127) break;
        bytes[start + i] = code;
      }
      if (i === length) {
        bytes[start - 1] = length;
        this.#at = start + length;
        return;
      }
    }
    const encoded = encodeUtf8(value);
    this.varint(encoded.length);
    this.bytes(encoded);
  }

  /** A view of what was written; ends the writing. */
  finish(): Uint8Array {
    return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset, this.#at);
  }

  #reserve(count: number): void {
    if (this.#at + count <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + count));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}

/** Reads what {@link ByteWriter} wrote. Throws RangeError when the bytes end early. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  byte(): number {
    const value = this.#bytes[this.#at++];
    if (value === undefined) throw new RangeError("packed bytes end early");
    return value;
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      if (byte < 128) return value + byte * scale;
      value += (byte - 128) * scale;
    }
  }

  /** Passes over so many varints. */
  skipVarints(count: number): void {
    for (let left = count; left > 0; ) if (this.byte() < 128) left -= 1;
  }

  signed(): number {
    const value = this.varint();
    return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
  }

  bytes(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new RangeError("packed bytes end early");
    const value = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return value;
  }

  text(): string {
    return decodeUtf8(this.bytes(this.varint()));
  }
}
