/**
 * Meter ids and metering points (records.md section 2, "Places and devices").
 *
 * The nine digits name a place, never a device. The chain only shows a salted hash of them, so that a reader of
 * the chain cannot try all 10^9 ids; who holds the salt can show which point is meant.
 */
import { concatBytes, encodeBase64url, encodeUtf8 } from "../base/bytes.ts";
import { fail } from "../base/error.ts";
import type { CryptoSuite } from "../crypto/suite.ts";

const METER_ID = /^\d{9}$/;

export function isMeterId(text: string): boolean {
  return METER_ID.test(text);
}

/** P = SHA-256("wattproof-point/v1\n" ‖ meter id ‖ salt32, raw bytes). Throws `schema` or `length`. */
export function computePoint(
  suite: Pick<CryptoSuite, "sha256">,
  meterId: string,
  salt: Uint8Array,
): string {
  if (!isMeterId(meterId)) fail("schema", "a meter id has nine digits");
  if (salt.length !== 32) fail("length", "a point's salt has 32 bytes");
  return encodeBase64url(
    suite.sha256(concatBytes(encodeUtf8(`wattproof-point/v1\n${meterId}`), salt)),
  );
}
