/**
 * One frame of a sensor head, as text (hardware/README.md has the grammar):
 *
 *   $WP1,<head>,<boot>,<seq>,<uptime ms>{,<name>:<integer>}[!<mac>]*<crc32>
 *
 * The MAC is the first half of HMAC-SHA-256 over all before its "!", the CRC-32 is over all before its "*"; both in hex.
 */
import { hmacSha256 } from "./sha256.ts";

/** A quantity's letter and its sensor's number, and its value in the quantity's unit. */
export interface Field {
  readonly name: string;
  readonly value: number;
}

export interface FrameMaker {
  readonly head: string;
  readonly boot: string;
  readonly key: Uint8Array | undefined;
  readonly sha256: (bytes: Uint8Array) => Uint8Array;
  readonly crc32: (text: string) => number;
}

const DIGITS = "0123456789abcdef";
const MAC_LENGTH = 16;

export function makeFrame(
  maker: FrameMaker,
  seq: number,
  uptimeMs: number,
  fields: readonly Field[],
): string {
  let text = `$WP1,${maker.head},${maker.boot},${seq},${uptimeMs}`;
  // Zero and not minus zero, which Espruino prints as such.
  for (const field of fields) text += `,${field.name}:${field.value + 0}`;
  if (maker.key !== undefined) {
    const mac = hmacSha256(maker.sha256, maker.key, bytesOf(text));
    text += "!";
    for (let i = 0; i < MAC_LENGTH; i++) text += hexByte(mac[i] as number);
  }
  return `${text}*${hexWord(maker.crc32(text))}`;
}

/** CRC-32 as in zlib, four bits at a time, for boards without one of their own. */
export function crc32(text: string): number {
  let crc = -1;
  for (let i = 0; i < text.length; i++) {
    crc ^= text.charCodeAt(i);
    for (let half = 0; half < 2; half++) crc = (crc >>> 4) ^ (NIBBLES[crc & 15] as number);
  }
  return ~crc;
}

const NIBBLES = new Int32Array([
  0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
  0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
]);

/** Eight digits of 32 bits, whether they are given as a signed number or not. */
export function hexWord(word: number): string {
  let text = "";
  for (let shift = 24; shift >= 0; shift -= 8) text += hexByte((word >> shift) & 255);
  return text;
}

function hexByte(byte: number): string {
  return DIGITS.charAt(byte >> 4) + DIGITS.charAt(byte & 15);
}

/** The bytes of hex in small letters. */
export function bytesOfHex(hex: string): Uint8Array {
  const bytes = new Uint8Array(hex.length >> 1);
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = 16 * DIGITS.indexOf(hex.charAt(2 * i)) + DIGITS.indexOf(hex.charAt(2 * i + 1));
  }
  return bytes;
}

function bytesOf(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
