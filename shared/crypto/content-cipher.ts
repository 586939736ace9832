/**
 * A256CBC-HS512 (RFC 7518 section 5.2.5): AES-256-CBC with PKCS#7 padding, then HMAC-SHA-512 cut to 32 bytes
 * over AAD ‖ IV ‖ ciphertext ‖ bit length of the AAD. The tag is checked before anything is decrypted.
 */
import { concatDecoded, writeU64 } from "../base/bytes.ts";
import { fail } from "../base/error.ts";
import type { CryptoSuite } from "./suite.ts";

export const CONTENT_KEY_BYTES = 64;
export const IV_BYTES = 16;
const TAG_BYTES = 32;

export interface SealedContent {
  readonly iv: Uint8Array;
  readonly ciphertext: Uint8Array;
  readonly tag: Uint8Array;
}

function computeTag(
  suite: CryptoSuite,
  macKey: Uint8Array,
  aad: Uint8Array,
  iv: Uint8Array,
  ciphertext: Uint8Array,
): Uint8Array {
  const aadBits = new Uint8Array(8);
  writeU64(aadBits, 0, aad.length * 8);
  const mac = suite.hmacSha512(macKey, concatDecoded([aad, iv, ciphertext, aadBits]));
  return mac.subarray(0, TAG_BYTES);
}

/** Compares without leaving early, so that timing does not tell where two tags differ. */
function equalTags(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < TAG_BYTES; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
}

/** `key` has 64 bytes: the MAC key, then the cipher key. Throws `length`. */
export function encryptContent(
  suite: CryptoSuite,
  key: Uint8Array,
  iv: Uint8Array,
  aad: Uint8Array,
  plaintext: Uint8Array,
): SealedContent {
  if (key.length !== CONTENT_KEY_BYTES) fail("length", "a content key is not of 64 bytes");
  const ciphertext = suite.encryptCbc(key.subarray(32), iv, plaintext);
  return { iv, ciphertext, tag: computeTag(suite, key.subarray(0, 32), aad, iv, ciphertext) };
}

/** Throws `open-failed` for a wrong key length, a wrong tag, and, only after those, bad padding. */
export function decryptContent(
  suite: CryptoSuite,
  key: Uint8Array,
  aad: Uint8Array,
  { iv, ciphertext, tag }: SealedContent,
): Uint8Array {
  if (key.length !== CONTENT_KEY_BYTES) fail("open-failed", "a content key is not of 64 bytes");
  if (!equalTags(computeTag(suite, key.subarray(0, 32), aad, iv, ciphertext), tag)) {
    fail("open-failed", "the tag does not hold");
  }
  return suite.decryptCbc(key.subarray(32), iv, ciphertext);
}
