/**
 * The compact JWS form that records, requests and replies share (records.md section 1, "Record").
 *
 *   b64u(JCS header) "." b64u(JCS payload) "." b64u(64-byte r‖s)
 *   header = {"alg":"ES256","kid":K,"typ":"wattproof-<typ>+jws"}, exactly these members in this order
 *
 * The header admits one text for a given kid and typ, so it is matched, not interpreted: no algorithm, key or
 * critical extension can be smuggled in.
 */
import {
  concatDecoded,
  decodeBase64url,
  decodeUtf8,
  encodeAscii,
  encodeBase64url,
  encodeUtf8,
} from "../base/bytes.ts";
import {
  canonicalize,
  isCanonicalText,
  isJsonObject,
  type Json,
  type JsonObject,
} from "../base/canonical-json.ts";
import { fail } from "../base/error.ts";
import type { SigningKey } from "../crypto/key.ts";
import type { CryptoSuite, VerifyKey } from "../crypto/suite.ts";
import { PAYLOAD_VERSION } from "./payload.ts";

/** Largest line 1 of any record, in bytes. */
export const MAX_LINE1 = 65_535;

const HEADER =
  /^\{"alg":"ES256","kid":"([A-Za-z0-9_-]{42}[AEIMQUYcgkosw048])","typ":"wattproof-([a-z0-9-]{1,32})\+jws"\}$/;
const FORM = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}$/;

export interface CompactJws {
  readonly kid: string;
  /** The middle of `wattproof-<typ>+jws`. */
  readonly typ: string;
  readonly payload: JsonObject;
}

export function formatJwsHeader(kid: string, typ: string): string {
  return `{"alg":"ES256","kid":"${kid}","typ":"wattproof-${typ}+jws"}`;
}

/**
 * Takes a compact JWS apart without looking at the signature's value.
 *
 * Throws `size`, `form`, `base64`, `utf8`, `json`, `newer` (a payload version above ours: judged before
 * anything that a newer version might have changed), `canonical`, `schema`.
 */
export function parseCompactJws(line: string): CompactJws {
  if (line.length > MAX_LINE1) fail("size", "line 1 is larger than 65,535 bytes");
  if (!FORM.test(line)) fail("form", "not of the form header.payload.signature");
  const firstDot = line.indexOf(".");
  const lastDot = line.length - 87;
  const header = HEADER.exec(decodeUtf8(decodeBase64url(line.slice(0, firstDot))));
  if (header === null) fail("form", "the header is not the one that records have");
  decodeBase64url(line.slice(lastDot + 1));
  const payload = parsePayload(decodeUtf8(decodeBase64url(line.slice(firstDot + 1, lastDot))));
  return { kid: header[1] as string, typ: header[2] as string, payload };
}

function parsePayload(text: string): JsonObject {
  let payload: Json;
  try {
    payload = JSON.parse(text) as Json;
  } catch {
    fail("json", "the payload is not JSON");
  }
  if (!isJsonObject(payload)) fail("schema", "the payload is not an object");
  const version = payload["v"];
  if (typeof version === "number" && Number.isSafeInteger(version) && version > PAYLOAD_VERSION) {
    fail("newer", `payload version ${version} is newer than this software`, { version });
  }
  if (!isCanonicalText(payload, text)) fail("canonical", "the payload is not in canonical form");
  return payload;
}

/** Signs `payload` (canonical JSON) as `wattproof-<typ>+jws`; the kid is the key's thumbprint. */
export function signCompactJws(
  suite: CryptoSuite,
  key: SigningKey,
  typ: string,
  payload: Json,
): string {
  const header = encodeBase64url(encodeUtf8(formatJwsHeader(key.kid, typ)));
  const signed = `${header}.${encodeBase64url(encodeUtf8(canonicalize(payload)))}`;
  return `${signed}.${encodeBase64url(suite.sign(key.secret, encodeUtf8(signed)))}`;
}

/** Whether the signature of a line that has the compact form holds under `key` (ES256, low s). */
export function verifyCompactJws(
  suite: Pick<CryptoSuite, "verify">,
  key: VerifyKey,
  line: string,
): boolean {
  const dot = line.lastIndexOf(".");
  // The form that was checked includes canonical base64url.
  const signature = concatDecoded([line.slice(dot + 1)]);
  return suite.verify(key, encodeAscii(line.slice(0, dot)), signature);
}
