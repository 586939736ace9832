/**
 * Keys and their names: public JWKs, RFC 7638 thumbprints (`kid`), and key pairs made from random bytes.
 *
 * Pairs are never made by the platform's own key generation: Node 20 can hang for ever when a generated key
 * is exported while the garbage collector runs, and tests need seeds.
 */

import { decodeBase64url, encodeBase64url, encodeUtf8 } from "../base/bytes.ts";
import type { RandomBytes } from "../base/clock.ts";
import { fail } from "../base/error.ts";
import { isScalar } from "./p256-rule.ts";
import type { CryptoSuite, EcPublicJwk, OkpPublicJwk } from "./suite.ts";

export type { EcPublicJwk, OkpPublicJwk } from "./suite.ts";

/** A signer of records: P-256. `secret` has 32 bytes, `kid` 43 characters. */
export interface SigningKey {
  readonly kid: string;
  readonly jwk: EcPublicJwk;
  readonly secret: Uint8Array;
}

/** A recipient of line 2: X25519. `secret` has 32 bytes. */
export interface RecipientKey {
  readonly kid: string;
  readonly jwk: OkpPublicJwk;
  readonly secret: Uint8Array;
}

/** A signer of notes: Ed25519. `name` is the member's name, `secret` the 32-byte seed. */
export interface NoteKey {
  readonly name: string;
  readonly publicKey: Uint8Array;
  readonly secret: Uint8Array;
}

/** RFC 7638 SHA-256 thumbprint as base64url (43 characters): the `kid` of a key. */
export function thumbprint(
  suite: Pick<CryptoSuite, "sha256">,
  jwk: EcPublicJwk | OkpPublicJwk,
): string {
  // the required members in lexicographic order; base64url needs no escaping
  const text =
    jwk.kty === "EC"
      ? `{"crv":"${jwk.crv}","kty":"EC","x":"${jwk.x}","y":"${jwk.y}"}`
      : `{"crv":"${jwk.crv}","kty":"OKP","x":"${jwk.x}"}`;
  return encodeBase64url(suite.sha256(encodeUtf8(text)));
}

/** Raw 32 bytes of an X25519 JWK. Throws `base64` or `key-form`. */
export function decodeOkpKey(jwk: OkpPublicJwk): Uint8Array {
  if (jwk.kty !== "OKP" || jwk.crv !== "X25519") fail("key-form", "not an X25519 public key");
  const key = decodeBase64url(jwk.x);
  if (key.length !== 32) fail("key-form", "an X25519 public key is not of 32 bytes");
  return key;
}

export function encodeOkpKey(publicKey: Uint8Array): OkpPublicJwk {
  return { crv: "X25519", kty: "OKP", x: encodeBase64url(publicKey) };
}

/** The signing key of a stored secret. Throws `key-form`. */
export function openSigningKey(suite: CryptoSuite, secret: Uint8Array): SigningKey {
  const jwk = suite.publicJwk(secret);
  return { kid: thumbprint(suite, jwk), jwk, secret };
}

/** The recipient key of a stored secret. Throws `key-form`. */
export function openRecipientKey(suite: CryptoSuite, secret: Uint8Array): RecipientKey {
  const jwk = encodeOkpKey(suite.x25519Public(secret));
  return { kid: thumbprint(suite, jwk), jwk, secret };
}

/** The note key of a stored seed. Throws `key-form`. */
export function openNoteKey(suite: CryptoSuite, name: string, secret: Uint8Array): NoteKey {
  return { name, publicKey: suite.notePublicKey(secret), secret };
}

export function createSigningKey(suite: CryptoSuite, randomBytes: RandomBytes): SigningKey {
  // a draw fails with probability 2^-32, so a second one failing means a broken source
  const first = randomBytes(32);
  return openSigningKey(suite, isScalar(first) ? first : randomBytes(32));
}

export function createRecipientKey(suite: CryptoSuite, randomBytes: RandomBytes): RecipientKey {
  return openRecipientKey(suite, randomBytes(32));
}

export function createNoteKey(suite: CryptoSuite, name: string, randomBytes: RandomBytes): NoteKey {
  return openNoteKey(suite, name, randomBytes(32));
}
