/**
 * Proof of work: difficulty bits, targets and work (records.md section 6).
 *
 * Bits are Bitcoin's compact form of a 256-bit target: one byte of exponent, three of mantissa. A block hash,
 * read as a big-endian integer, must not exceed the target. Negative, zero, overflowing and non-canonical forms
 * are refused, so that one target has one text.
 */
import { fail } from "../base/error.ts";

const TWO_256 = 1n << 256n;
/** Most work that chain parameters may demand of one block. */
export const MAX_WORK = 1n << 48n;

/** The target of `bits`. Throws `bits`. */
export function bitsToTarget(bits: number): bigint {
  const exponent = bits >>> 24;
  const mantissa = bits & 0x7fffff;
  if ((bits & 0x800000) !== 0) fail("bits", "negative difficulty bits", { bits });
  const target =
    exponent <= 3
      ? BigInt(mantissa >>> (8 * (3 - exponent)))
      : BigInt(mantissa) << BigInt(8 * (exponent - 3));
  if (target === 0n) fail("bits", "difficulty bits of target zero", { bits });
  if (target >= TWO_256) fail("bits", "difficulty bits over 256 bits", { bits });
  if (targetToBits(target) !== bits)
    fail("bits", "difficulty bits not in canonical form", { bits });
  return target;
}

/** The canonical bits of a target, rounded down to three bytes of mantissa. */
export function targetToBits(target: bigint): number {
  let exponent = Math.ceil(target.toString(16).length / 2);
  let mantissa =
    exponent <= 3
      ? Number(target) << (8 * (3 - exponent))
      : Number(target >> BigInt(8 * (exponent - 3)));
  // The top bit of the mantissa would be its sign.
  if ((mantissa & 0x800000) !== 0) {
    mantissa >>>= 8;
    exponent += 1;
  }
  return ((exponent << 24) | mantissa) >>> 0;
}

/** work = ⌊2^256 / (target + 1)⌋: the expected number of tries. Throws `bits`. */
export function workOfBits(bits: number): bigint {
  return TWO_256 / (bitsToTarget(bits) + 1n);
}

/** The largest target of at least `tries` expected tries, as bits; for configurations that speak of tries. */
export function bitsOfWork(tries: bigint): number {
  return targetToBits(TWO_256 / tries - 1n);
}

/** The hash as a big-endian integer. */
export function hashToInteger(hash: Uint8Array): bigint {
  let value = 0n;
  for (let at = 0; at < 32; at += 8) {
    value = (value << 64n) | new DataView(hash.buffer, hash.byteOffset + at, 8).getBigUint64(0);
  }
  return value;
}

/** Throws `work` if the hash is above the target of `bits`. */
export function requireWork(hash: Uint8Array, bits: number): void {
  if (hashToInteger(hash) > bitsToTarget(bits)) fail("work", "the block hash is above its target");
}
