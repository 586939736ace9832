/**
 * The strict Ed25519 rule for notes, the parts that libraries judge differently (records.md section 1).
 *
 * A key counts only if it is canonical, torsion-free and not the identity; a signature only if S < L and R is
 * not the identity. What is left, enc([S]B - [k]A) = R byte for byte, every cofactorless verifier that
 * compares encodings computes alike.
 */
import { ed25519 } from "@noble/curves/ed25519.js";
import { compareBytes, decodeHex } from "../base/bytes.ts";

export type NotePoint = ReturnType<typeof ed25519.Point.fromBytes>;

/** L = 2^252 + 27742317777372353535851937790883648493 (RFC 8032 section 5.1), big endian. */
const ORDER = decodeHex("1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed");

/** The point of a usable note key, or undefined. */
export function decodeNoteKey(publicKey: Uint8Array): NotePoint | undefined {
  if (publicKey.length !== 32) return undefined;
  try {
    // strict decoding (RFC 8032 section 5.1.3): y < p, and no sign bit where x = 0
    const point = ed25519.Point.fromBytes(publicKey, false);
    return point.is0() || !point.isTorsionFree() ? undefined : point;
  } catch {
    return undefined;
  }
}

/** Whether R ‖ S has 64 bytes, S < L and R is not the identity's encoding. */
export function isNoteSignatureForm(signature: Uint8Array): boolean {
  if (signature.length !== 64) return false;
  const scalar = Uint8Array.from(signature.subarray(32)).reverse();
  if (compareBytes(scalar, ORDER) >= 0) return false;
  const rest = signature.subarray(1, 32);
  return signature[0] !== 1 || rest.some((byte) => byte !== 0);
}
