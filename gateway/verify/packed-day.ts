/**
 * Line 1 of a day from its packed form (shared/record/compact.ts) without a text or an object: written into one buffer
 * that is used again and again. The packed form admits one text for its values, so nothing is left to be found out
 * about the text's form; a property test holds this to `unpackLine1` and `parseRecord`.
 */
import { writeBase64url } from "./base64url-writer.ts";

const DAY_FORM = 1;
/** kid 32, signature 64, ct 32, prev 32, pt 32, then three varints. */
const KID_AT = 1;
const SIGNATURE_AT = 33;
const CT_AT = 97;
const PREV_AT = 129;
const PT_AT = 161;
const VARINTS_AT = 193;
/** "." and base64url of 64 bytes. */
const SIGNATURE_PART = 87;

/** What canonical JSON has between a day's values, in the order of their names. */
const TEXTS = [
  '{"ct":"',
  '","from":',
  ',"prev":"',
  '","pt":"',
  '","seq":',
  ',"to":',
  ',"v":1}',
].map((text) => Buffer.from(text)) as unknown as readonly [
  Buffer,
  Buffer,
  Buffer,
  Buffer,
  Buffer,
  Buffer,
  Buffer,
];
const DOT = 0x2e;
const ZERO = 0x30;

export class PackedDay {
  /** 0x00, then line 1: what its leaf is the hash of. */
  readonly line = Buffer.alloc(2_048);
  readonly #payload = Buffer.alloc(1_024);
  readonly #digits = new Uint8Array(16);
  #source: Buffer = Buffer.alloc(0);
  #start = 0;
  /** Where `line` ends. */
  end = 0;
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

  get kid(): string {
    return this.#source.toString("base64url", this.#start + KID_AT, this.#start + SIGNATURE_AT);
  }

  /** Writes line 1; `head` is its header part with the dot. */
  write(head: Buffer): void {
    const { line } = this;
    const source = this.#source;
    const start = this.#start;
    const length = this.#writePayload();
    let at = 1 + head.copy(line, 1);
    at = writeBase64url(this.#payload, 0, length, line, at);
    line[at] = DOT;
    this.end = writeBase64url(source, start + SIGNATURE_AT, start + CT_AT, line, at + 1);
  }

  /** What the signature is over; valid until the next day. */
  get signed(): Uint8Array {
    return this.line.subarray(1, this.end - SIGNATURE_PART);
  }

  get signature(): Uint8Array {
    return this.#source.subarray(this.#start + SIGNATURE_AT, this.#start + CT_AT);
  }

  /** ct, prev and pt one after the other. */
  copyHashes(target: Buffer, at: number): void {
    this.#source.copy(target, at, this.#start + CT_AT, this.#start + VARINTS_AT);
  }

  #writePayload(): number {
    const source = this.#source;
    const start = this.#start;
    const [ct, from, prev, pt, seq, to, v] = TEXTS;
    let at = this.#writeText(ct, 0);
    at = writeBase64url(source, start + CT_AT, start + PREV_AT, this.#payload, at);
    at = this.#writeNumber(this.from, this.#writeText(from, at));
    at = this.#writeText(prev, at);
    at = writeBase64url(source, start + PREV_AT, start + PT_AT, this.#payload, at);
    at = this.#writeText(pt, at);
    at = writeBase64url(source, start + PT_AT, start + VARINTS_AT, this.#payload, at);
    at = this.#writeNumber(this.seq, this.#writeText(seq, at));
    at = this.#writeNumber(this.to, this.#writeText(to, at));
    return this.#writeText(v, at);
  }

  #writeText(text: Buffer, at: number): number {
    const payload = this.#payload;
    for (let i = 0; i < text.length; i++) payload[at + i] = text[i] as number;
    return at + text.length;
  }

  #writeNumber(value: number, at: number): number {
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
