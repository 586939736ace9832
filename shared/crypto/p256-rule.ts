/**
 * P-256 checks that decide a verdict and therefore must not depend on a library: key form, point on the
 * curve, ranges of r and s, low s (records.md section 1; curve constants of FIPS 186-4 D.1.2.3).
 *
 * Byte comparisons stand in for integers where it is the hot path.
 */
import { compareBytes, decodeBase64url, decodeHex, encodeHex } from "../base/bytes.ts";
import { fail } from "../base/error.ts";
import type { EcPublicJwk } from "./suite.ts";

const P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

const ORDER = bytesOf(N);
const HALF_ORDER = bytesOf(N >> 1n);
const LAST_SCALAR = bytesOf(N - 1n);

function bytesOf(value: bigint): Uint8Array {
  return decodeHex(value.toString(16).padStart(64, "0"));
}

function integerOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${encodeHex(bytes)}`);
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

/** Whether 32 big-endian bytes are in 1…n-1: what a secret, r and s must be. */
export function isScalar(bytes: Uint8Array): boolean {
  return bytes.length === 32 && compareBytes(bytes, ORDER) < 0 && !isZero(bytes);
}

/** Whether r ‖ s has 64 bytes, r and s in 1…n-1 and s ≤ n/2. */
export function isLowSSignature(signature: Uint8Array): boolean {
  if (signature.length !== 64) return false;
  return isAtMost(signature, 32, HALF_ORDER) && isAtMost(signature, 0, LAST_SCALAR);
}

/** Whether the 32 bytes at `at` are an integer from 1 to `most`; without an array for them. */
function isAtMost(bytes: Uint8Array, at: number, most: Uint8Array): boolean {
  let i = 0;
  while (i < 32 && bytes[at + i] === most[i]) i += 1;
  if (i < 32 && (bytes[at + i] as number) > (most[i] as number)) return false;
  for (let j = 0; j < 32; j++) if (bytes[at + j] !== 0) return true;
  return false;
}

/** r ‖ n-s where s is high: what a signer does whose hardware knows no low s. */
export function lowerS(signature: Uint8Array): Uint8Array {
  const s = signature.subarray(32);
  if (compareBytes(s, HALF_ORDER) <= 0) return signature;
  const out = Uint8Array.from(signature);
  out.set(bytesOf(N - integerOf(s)), 32);
  return out;
}

function decodeCoordinate(text: string): Uint8Array {
  const bytes = decodeBase64url(text);
  if (bytes.length !== 32) fail("key-form", "a coordinate is not of 32 bytes");
  return bytes;
}

/**
 * The point of a JWK in uncompressed form, 0x04 ‖ x ‖ y.
 * Throws `base64` or `key-form` for a malformed JWK, `key-off-curve` if y² ≠ x³ - 3x + b or a coordinate is ≥ p.
 */
export function decodeEcPoint(jwk: EcPublicJwk): Uint8Array {
  if (jwk.kty !== "EC" || jwk.crv !== "P-256") fail("key-form", "not a P-256 public key");
  const point = new Uint8Array(65);
  point[0] = 4;
  point.set(decodeCoordinate(jwk.x), 1);
  point.set(decodeCoordinate(jwk.y), 33);
  const x = integerOf(point.subarray(1, 33));
  const y = integerOf(point.subarray(33));
  const difference = (y * y - (x * x * x - 3n * x + B)) % P;
  if (x >= P || y >= P || difference !== 0n) {
    fail("key-off-curve", "the public key is not a point of P-256");
  }
  return point;
}
