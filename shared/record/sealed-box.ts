/**
 * Line 2 of an envelope: the sealed plaintext, a General JWE in one canonical form (records.md section 1).
 *
 * plaintext + recipients → line 2 (`sealLine2`); line 2 → parts (`parseLine2`, no key needed); parts + a key →
 * plaintext (`openLine2`). ECDH-ES+A256KW over X25519, A256CBC-HS512, `apu` and `apv` the raw thumbprints.
 */
import { decodeBase64url, encodeBase64url, encodeUtf8 } from "../base/bytes.ts";
import type { RandomBytes } from "../base/clock.ts";
import { fail } from "../base/error.ts";
import { deriveKey } from "../crypto/concat-kdf.ts";
import {
  CONTENT_KEY_BYTES,
  decryptContent,
  encryptContent,
  IV_BYTES,
} from "../crypto/content-cipher.ts";
import type { RecipientKey } from "../crypto/key.ts";
import type { CryptoSuite } from "../crypto/suite.ts";

export const MAX_RECIPIENTS = 4;
/** The limit for any line 2 (records.md section 1); intake applies a lower one to meters. */
export const MAX_LINE2_LENGTH = 65_535;

/** A recipient to seal for: thumbprint and raw X25519 public key of 32 bytes. */
export interface Recipient {
  readonly kid: string;
  readonly key: Uint8Array;
}

export interface SealOptions {
  /** The record type, e.g. `day`. */
  readonly typ: string;
  readonly plaintext: Uint8Array;
  /** Thumbprint of the key that signs line 1. */
  readonly signer: string;
  readonly recipients: readonly Recipient[];
  readonly randomBytes: RandomBytes;
}

/** One recipient's part of a parsed line 2, as canonical base64url. */
export interface ParsedRecipient {
  readonly kid: string;
  readonly epk: string;
  readonly encryptedKey: string;
}

/** A line 2 of canonical form; every value but `typ` as canonical base64url. */
export interface ParsedLine2 {
  readonly typ: string;
  readonly signer: string;
  readonly protectedHeader: string;
  readonly iv: string;
  readonly ciphertext: string;
  readonly tag: string;
  /** 1 to 4, sorted by kid, no kid and no epk twice. */
  readonly recipients: readonly ParsedRecipient[];
}

const ALGORITHM = "ECDH-ES+A256KW";
const TYP = /^[a-z]{1,16}$/;

// The template of the canonical form (RFC 8785 sorts the members), as the text between its values.
const OPEN = '{"ciphertext":"';
const TO_IV = '","iv":"';
const TO_PROTECTED = '","protected":"';
const TO_RECIPIENTS = '","recipients":[';
const TO_ENCRYPTED_KEY = '{"encrypted_key":"';
const TO_APV = '","header":{"apv":"';
const TO_EPK = '","epk":{"crv":"X25519","kty":"OKP","x":"';
const TO_KID = '"},"kid":"';
const RECIPIENT_END = '"}}';
const TO_TAG = '],"tag":"';
const CLOSE = '"}';

const HEADER_TO_APU = `{"alg":"${ALGORITHM}","apu":"`;
const HEADER_TO_TYP = '","enc":"A256CBC-HS512","typ":"wattproof-';
const HEADER_END = '+jwe"}';

// Canonical base64url by length: the bits of the last character that carry no byte are zero.
const BYTES_16 = /^[\w-]{21}[AQgw]$/;
const BYTES_32 = /^[\w-]{42}[AEIMQUYcgkosw048]$/;
const BYTES_72 = /^[\w-]{96}$/;
const WHOLE = /^(?:[\w-]{4})*(?:[\w-]{3}[AEIMQUYcgkosw048]|[\w-]{2}[AEIMQUYcgkosw048]|[\w-][AQgw])?$/;

function formatProtectedHeader(typ: string, signer: string): string {
  const header = `${HEADER_TO_APU}${signer}${HEADER_TO_TYP}${typ}${HEADER_END}`;
  return encodeBase64url(encodeUtf8(header));
}
