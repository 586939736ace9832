/**
 * Enrolment requests: a device proves that it holds its new key and spends a one-time token
 * (records.md section 7). Compact JWS `wattproof-request+jws`, payload {v, chain, token: SHA-256 of the token}.
 */
import { decodeBase64url, decodeUtf8, encodeBase64url } from "../base/bytes.ts";
import { type Decoded, hash, literal, object } from "../base/decoder.ts";
import { fail } from "../base/error.ts";
import { type SigningKey, thumbprint } from "../crypto/key.ts";
import type { CryptoSuite, EcPublicJwk, VerifyKey } from "../crypto/suite.ts";
import { parseCompactJws, signCompactJws, verifyCompactJws } from "../record/compact-jws.ts";

const requestPayload = object({ v: literal(1), chain: hash, token: hash });

/** The hash under which a one-time token of 32 bytes appears on the chain, as H. */
export function hashToken(suite: Pick<CryptoSuite, "sha256">, token: Uint8Array): string {
  return encodeBase64url(suite.sha256(token));
}

export function signRequest(
  suite: CryptoSuite,
  key: SigningKey,
  request: { readonly chain: string; readonly token: Uint8Array },
): string {
  const payload = { v: 1, chain: request.chain, token: hashToken(suite, request.token) };
  return signCompactJws(suite, key, "request", payload);
}

export interface RequestedEnrolment {
  readonly kid: string;
  /** Hash of the one-time token, as H. */
  readonly token: string;
}

/** A request by its form alone: for which chain it is and who signed it is not judged. */
type Request = Decoded<typeof requestPayload> & { readonly kid: string };

/** Throws `request` or a code of the compact form. */
export function parseRequest(line: string): Request {
  const { typ, kid, payload } = parseCompactJws(line);
  if (typ !== "request") fail("request", "not an enrolment request");
  return { ...requestPayload(payload, "request"), kid };
}

/** {@link parseRequest} of a line that it took before, by this software. */
export function readKnownRequest(line: string): Omit<Request, "kid"> {
  const [, payload = ""] = line.split(".");
  return JSON.parse(decodeUtf8(decodeBase64url(payload))) as Decoded<typeof requestPayload>;
}

/** Throws `chain` for a request that was made for another chain. */
export function requireRequestFor(chain: string, request: { readonly chain: string }): void {
  if (request.chain !== chain) fail("chain", "a request for another chain");
}

/**
 * Demands that the request is signed by `key`, whose imported form may be given where it is at hand.
 * Throws `request`, `key-form`, `key-off-curve`.
 */
export function verifyRequest(
  suite: CryptoSuite,
  line: string,
  key: EcPublicJwk,
  chain: string,
  imported?: VerifyKey,
): RequestedEnrolment {
  const request = parseRequest(line);
  requireRequestFor(chain, request);
  const isSigner = request.kid === thumbprint(suite, key);
  if (!isSigner || !verifyCompactJws(suite, imported ?? suite.importVerifyKey(key), line)) {
    fail("request", "the request is not signed by the key that it asks to enrol");
  }
  return { kid: request.kid, token: request.token };
}
