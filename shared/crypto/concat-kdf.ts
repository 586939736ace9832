/** The Concat KDF of JOSE key agreement (NIST SP 800-56A section 5.8.1, RFC 7518 section 4.6.2), one round. */
import { concatDecoded, encodeAscii } from "../base/bytes.ts";
import { fail } from "../base/error.ts";
import type { CryptoSuite } from "./suite.ts";

/** Four bytes, big endian; no length here comes near 2^16. */
function encodeU32(value: number): Uint8Array {
  return Uint8Array.of(0, 0, value >> 8, value & 255);
}

/**
 * Derives `keyBits` (at most 256, whole bytes) from the shared secret `z` for `algorithm`, bound to both parties.
 * `apu` and `apv` are raw bytes. Throws `length`.
 */
export function deriveKey(
  suite: Pick<CryptoSuite, "sha256">,
  z: Uint8Array,
  algorithm: string,
  apu: Uint8Array,
  apv: Uint8Array,
  keyBits: number,
): Uint8Array {
  if (keyBits > 256 || keyBits % 8 !== 0) fail("length", "one round of SHA-256 gives 256 bits");
  const name = encodeAscii(algorithm);
  const fields = [name, apu, apv].flatMap((field) => [encodeU32(field.length), field]);
  const round = concatDecoded([encodeU32(1), z, ...fields, encodeU32(keyBits)]);
  return suite.sha256(round).subarray(0, keyBits / 8);
}
