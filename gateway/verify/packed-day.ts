/**
 * Line 1 of a day from its packed form (shared/record/compact.ts) without a text or an object: written into one buffer
 * that is used again and again. The packed form admits one text for its values, so nothing is left to be found out
 * about the text's form; a property test holds this to `unpackLine1` and `parseRecord`.
 */
import { writeBase64url } from "./base64url-writer.ts";

const DAY_FORM = 1;
/** kid 32, signature 64, ct 32, prev 32, pt 32, then three varints. */
const KID_AT = 1;
export const SIGNATURE_AT = 33;
export const CT_AT = 97;
export const VARINTS_AT = 193;
/** "." and base64url of 64 bytes. */
const SIGNATURE_PART = 87;

/** What canonical JSON has before ct, prev and pt, and before from, seq and to; then its end. */
const BEFORE_HASHES = ['{"ct":"', ',"prev":"', '","pt":"'].map(bytesOf);
const BEFORE_NUMBERS = ['","from":', '","seq":', ',"to":'].map(bytesOf);
const END = bytesOf(',"v":1}');
const DOT = 0x2e;
const ZERO = 0x30;

function bytesOf(text: string): Buffer {
  return Buffer.from(text);
}

const EMPTY = Buffer.alloc(0);

export class PackedDay {
  /** Both valid until the next day: what the leaf is the hash of, 0x00 and line 1, and what the signature is over. */
  leafInput: Uint8Array = EMPTY;
  signed: Uint8Array = EMPTY;
  readonly signature = Buffer.alloc(64);
  readonly #line = Buffer.alloc(2_048);
  readonly #payload = Buffer.alloc(1_024);
  readonly #digits = Buffer.alloc(16);
  #source: Buffer = EMPTY;
  #start = 0;
  #end = 0;
  seq = 0;
  from = 0;
  to = 0;

  /** Whether the bytes from `start` to `end` are a packed day with numbers that a record may have. */
  open(source: Buffer, start: number, end: number): boolean {
    if (end - start < VARINTS_AT + 3 || source[start] !== DAY_FORM) return false;
    this.#source = source;
    this.#start = start;
    let at = start + VARINTS_AT;
    for (let i = 0; i < 3; i++) {
      let value = 0;
      let scale = 1;
      let byte = 128;
      while (byte >= 128 && at < end) {
        byte = source[at++] as number;
        value += (byte & 127) * scale;
        scale *= 128;
      }
      if (byte >= 128 || value > Number.MAX_SAFE_INTEGER) return false;
      if (i === 0) this.seq = value;
      else if (i === 1) this.from = value;
      else this.to = value;
    }
    return this.seq > 0;
  }

  /** Where in the source the kid stands. */
  get kidAt(): number {
    return this.#start + KID_AT;
  }

  /** Length of line 1. */
  get length(): number {
    return this.#end - 1;
  }

  /** Writes line 1; `head` is its header part with the dot. */
  write(head: Buffer): void {
    const line = this.#line;
    const source = this.#source;
    const start = this.#start + SIGNATURE_AT;
    const length = this.#writePayload();
    let at = 1 + head.copy(line, 1);
    at = writeBase64url(this.#payload, 0, length, line, at);
    line[at] = DOT;
    const end = writeBase64url(source, start, start + 64, line, at + 1);
    for (let i = 0; i < 64; i++) this.signature[i] = source[start + i] as number;
    if (end === this.#end) return;
    // Almost all lines have the same length, and with it the same views.
    this.#end = end;
    this.leafInput = line.subarray(0, end);
    this.signed = line.subarray(1, end - SIGNATURE_PART);
  }

  /** ct, prev and pt one after the other. */
  copyHashes(target: Buffer, at: number): void {
    this.#source.copy(target, at, this.#start + CT_AT, this.#start + VARINTS_AT);
  }

  #writePayload(): number {
    const hashesAt = this.#start + CT_AT;
    let at = 0;
    // In the order of names: ct, from, prev, pt, seq, to, v. One place of each call keeps what is compiled small.
    for (let i = 0; i < 3; i++) {
      const hashAt = hashesAt + 32 * i;
      at = this.#writeText(BEFORE_HASHES[i] as Buffer, at);
      at = writeBase64url(this.#source, hashAt, hashAt + 32, this.#payload, at);
      if (i === 0) at = this.#writeNumber(0, at);
    }
    for (let i = 1; i < 3; i++) at = this.#writeNumber(i, at);
    return this.#writeText(END, at);
  }

  #writeText(text: Buffer, at: number): number {
    const payload = this.#payload;
    for (let i = 0; i < text.length; i++) payload[at + i] = text[i] as number;
    return at + text.length;
  }

  /** from, seq or to with what stands before it. */
  #writeNumber(which: number, before: number): number {
    const value = which === 0 ? this.from : which === 1 ? this.seq : this.to;
    const at = this.#writeText(BEFORE_NUMBERS[which] as Buffer, before);
    const digits = this.#digits;
    let count = 0;
    let rest = value;
    do {
      const next = Math.floor(rest / 10);
      digits[count++] = rest - next * 10;
      rest = next;
    } while (rest > 0);
    for (let i = 0; i < count; i++) {
      this.#payload[at + i] = ZERO + (digits[count - 1 - i] as number);
    }
    return at + count;
  }
}
