/**
 * Bytes and their text forms: UTF-8, hex, base64 and base64url, big-endian integers.
 *
 * Every decoder is strict (records.md section 1: decode, encode, compare), because two texts for the
 * same bytes would give one signature two leaves. Where the platform has `Buffer` its codecs are used
 * (twenty times faster on long inputs); the portable path gives the same results in a browser.
 */
import { fail } from "./error.ts";

interface NativeBuffer {
  from(text: string, encoding: string): Uint8Array;
  /** From a pool where it is small: an array with memory of its own costs more than what is written into it. */
  allocUnsafe(length: number): WritableBuffer;
  /** Called on plain arrays: a Buffer over each of them would cost more than what it gives. */
  readonly prototype: {
    hexSlice(start: number, end: number): string;
    latin1Slice(start: number, end: number): string;
    base64Slice(start: number, end: number): string;
    base64urlSlice(start: number, end: number): string;
    base64urlWrite(text: string, offset: number, length: number): number;
  };
}
interface WritableBuffer extends Uint8Array {
  write(text: string, offset: number, encoding: string): number;
}
const native = (globalThis as { Buffer?: NativeBuffer }).Buffer;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const latin1 = new TextDecoder("latin1");

export function encodeUtf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** The bytes of a text that is known to be ASCII. */
export function encodeAscii(text: string): Uint8Array {
  return native === undefined ? encoder.encode(text) : native.from(text, "latin1");
}

/** One character a byte, those above 127 included, whichever they are. */
export function decodeLatin1(bytes: Uint8Array): string {
  return readLatin1(bytes, 0, bytes.length);
}

/** {@link decodeLatin1} of the bytes from `start` up to, not including, `end`. */
export function readLatin1(bytes: Uint8Array, start: number, end: number): string {
  if (native === undefined) return latin1.decode(bytes.subarray(start, end));
  return native.prototype.latin1Slice.call(bytes, start, end);
}

/** Throws `utf8` on malformed input; keeps a byte order mark as a character. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    fail("utf8", "not valid UTF-8");
  }
}

const HEX = /^(?:[0-9a-f]{2})*$/;

export function encodeHex(bytes: Uint8Array): string {
  if (native !== undefined) return native.prototype.hexSlice.call(bytes, 0, bytes.length);
  let out = "";
  for (const byte of bytes) out += byte.toString(16).padStart(2, "0");
  return out;
}

/** Lower-case hex only. Throws `hex`. */
export function decodeHex(text: string): Uint8Array {
  if (!HEX.test(text)) fail("hex", "not lower-case hexadecimal of whole bytes");
  const out = new Uint8Array(text.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return out;
}

const STANDARD = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE = `${STANDARD.slice(0, 62)}-_`;

function encodeWith(alphabet: string, bytes: Uint8Array, padded: boolean): string {
  let out = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const a = bytes[i] ?? 0;
    const b = bytes[i + 1] ?? 0;
    const c = bytes[i + 2] ?? 0;
    const left = bytes.length - i;
    out += alphabet.charAt(a >> 2) + alphabet.charAt(((a & 3) << 4) | (b >> 4));
    if (left > 1) out += alphabet.charAt(((b & 15) << 2) | (c >> 6));
    else if (padded) out += "=";
    if (left > 2) out += alphabet.charAt(c & 63);
    else if (padded) out += "=";
  }
  return out;
}

function decodeWith(alphabet: string, text: string): Uint8Array | undefined {
  const out = new Uint8Array(Math.floor((text.length * 3) / 4));
  let held = 0;
  let bits = 0;
  let at = 0;
  for (const char of text) {
    const value = alphabet.indexOf(char);
    if (value < 0) return undefined;
    held = ((held << 6) | value) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out[at++] = (held >> bits) & 255;
    }
  }
  return out.subarray(0, at);
}

/** Without padding (RFC 4648 section 5, RFC 7515 section 2). */
export function encodeBase64url(bytes: Uint8Array): string {
  return readBase64url(bytes, 0, bytes.length);
}

/** {@link encodeBase64url} of the bytes from `start` up to, not including, `end`. */
export function readBase64url(bytes: Uint8Array, start: number, end: number): string {
  if (native === undefined) return encodeWith(URL_SAFE, bytes.subarray(start, end), false);
  return native.prototype.base64urlSlice.call(bytes, start, end);
}

/** Canonical base64url without padding only. Throws `base64`. */
export function decodeBase64url(text: string): Uint8Array {
  const bytes = native === undefined ? decodeWith(URL_SAFE, text) : native.from(text, "base64url");
  if (bytes === undefined || encodeBase64url(bytes) !== text) {
    fail("base64", "not canonical base64url without padding");
  }
  return bytes;
}

/**
 * Bytes one after the other, where a text stands for the bytes that it is the base64url of.
 *
 * Not strict: only for a caller that rebuilds the texts from the result and compares, because checking each of many
 * short texts costs more than reading it. Characters outside of the alphabet give any bytes.
 */
export function concatDecoded(parts: readonly (Uint8Array | string)[]): Uint8Array {
  let length = 0;
  for (const part of parts) {
    length += typeof part === "string" ? Math.floor((part.length * 3) / 4) : part.length;
  }
  const out = native?.allocUnsafe(length) ?? new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    if (typeof part !== "string") {
      out.set(part, at);
      at += part.length;
      continue;
    }
    const end = at + Math.floor((part.length * 3) / 4);
    if (native !== undefined) {
      const written = (out as WritableBuffer).write(part, at, "base64url");
      // Memory of the pool holds what was there before.
      if (at + written < end) out.fill(0, at + written, end);
    } else out.set((decodeWith(URL_SAFE, part) ?? new Uint8Array(0)).subarray(0, end - at), at);
    at = end;
  }
  return out;
}

/**
 * Writes what canonical base64url of whole groups of four characters says to `out` at `at`, without an array for it.
 * Returns the number of bytes, or -1 for any other text.
 */
export function writeBase64url(text: string, out: Uint8Array, at: number): number {
  const bytes = (text.length / 4) * 3;
  if (!Number.isInteger(bytes)) return -1;
  if (native === undefined) {
    const decoded = decodeWith(URL_SAFE, text);
    if (decoded === undefined) return -1;
    out.set(decoded, at);
    return bytes;
  }
  // The platform skips what it does not know, and takes the standard alphabet for the other one.
  if (text.includes("+") || text.includes("/")) return -1;
  return native.prototype.base64urlWrite.call(out, text, at, bytes) === bytes ? bytes : -1;
}

/** With padding (RFC 4648 section 4), as C2SP notes use it. */
export function encodeBase64(bytes: Uint8Array): string {
  if (native === undefined) return encodeWith(STANDARD, bytes, true);
  return native.prototype.base64Slice.call(bytes, 0, bytes.length);
}

/** Canonical padded base64 only. Throws `base64`. */
export function decodeBase64(text: string): Uint8Array {
  const bytes =
    native === undefined
      ? decodeWith(STANDARD, text.replace(/={1,2}$/, ""))
      : native.from(text, "base64");
  if (bytes === undefined || encodeBase64(bytes) !== text) {
    fail("base64", "not canonical base64 with padding");
  }
  return bytes;
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const out = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && compareBytes(a, b) === 0;
}

/** Lexicographic order of unsigned bytes: negative, zero or positive. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function readU32(bytes: Uint8Array, offset: number): number {
  return viewOf(bytes).getUint32(offset);
}

export function writeU32(bytes: Uint8Array, offset: number, value: number): void {
  viewOf(bytes).setUint32(offset, value);
}

/** Throws `length` above 2^53-1, the largest integer that every format here allows. */
export function readU64(bytes: Uint8Array, offset: number): number {
  const value = viewOf(bytes).getBigUint64(offset);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) fail("length", "an integer above 2^53-1");
  return Number(value);
}

export function writeU64(bytes: Uint8Array, offset: number, value: number): void {
  viewOf(bytes).setBigUint64(offset, BigInt(value));
}
