/** The Concat KDF of JOSE key agreement (NIST SP 800-56A section 5.8.1, RFC 7518 section 4.6.2), one round. */
import { concatBytes, encodeUtf8, writeU32 } from "../base/bytes.ts";
import { fail } from "../base/error.ts";
import type { CryptoSuite } from "./suite.ts";

function uint32(value: number): Uint8Array {
  const out = new Uint8Array(4);
  writeU32(out, 0, value);
  return out;
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
  const round = concatBytes(
    uint32(1),
    z,
    uint32(name.length),
    name,
    uint32(apu.length),
    apu,
    uint32(apv.length),
    apv,
    uint32(keyBits),
  );
  return suite.sha256(round).subarray(0, keyBits / 8);
}
