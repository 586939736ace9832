/** The Concat KDF of JOSE key agreement (NIST SP 800-56A section 5.8.1, RFC 7518 section 4.6.2), one round. */
import { encodeUtf8 } from "../base/bytes.ts";
import { fail } from "../base/error.ts";
import type { CryptoSuite } from "./suite.ts";

/** Writes `value` and then, if given, `data` at `at`; returns where the next field begins. */
function writeField(out: Uint8Array, at: number, value: number, data?: Uint8Array): number {
  // four bytes, big endian; no length here comes near 2^16
  out[at + 2] = value >> 8;
  out[at + 3] = value & 255;
  if (data !== undefined) out.set(data, at + 4);
  return at + 4 + (data?.length ?? 0);
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
  const name = encodeUtf8(algorithm);
  // written into one buffer: this runs once for every envelope that a gateway opens
  const round = new Uint8Array(20 + z.length + name.length + apu.length + apv.length);
  let at = writeField(round, 0, 1, z);
  at = writeField(round, at, name.length, name);
  at = writeField(round, at, apu.length, apu);
  at = writeField(round, at, apv.length, apv);
  writeField(round, at, keyBits);
  return suite.sha256(round).subarray(0, keyBits / 8);
}
