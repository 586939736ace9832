/**
 * Line 2 sealed and opened: ECDH-ES+A256KW over X25519, A256CBC-HS512 (RFC 7516, RFC 7518, RFC 8037).
 *
 * plaintext + recipients → line 2 (`sealLine2`), line 2's parts + a recipient's key → plaintext (`openLine2`).
 * `apu` and `apv` bind signer and recipient into each key; their value is the raw thumbprint (records.md
 * section 1).
 */
import { concatDecoded, encodeAscii, encodeBase64url, encodeUtf8 } from "../base/bytes.ts";
import type { RandomBytes } from "../base/clock.ts";
import { fail, isCoded } from "../base/error.ts";
import { deriveKey } from "../crypto/concat-kdf.ts";
import {
  CONTENT_KEY_BYTES,
  decryptContent,
  encryptContent,
  IV_BYTES,
} from "../crypto/content-cipher.ts";
import type { RecipientKey } from "../crypto/key.ts";
import type { CryptoSuite } from "../crypto/suite.ts";
import {
  formatLine2,
  formatProtectedHeader,
  KEY_AGREEMENT,
  MAX_RECIPIENTS,
  type ParsedLine2,
  type ParsedRecipient,
  parseLine2,
} from "./line2-form.ts";

export { type ParsedLine2, parseLine2 } from "./line2-form.ts";

/** A recipient to seal for: thumbprint and raw X25519 public key (32 bytes). */
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
  /** 1 to 4, in any order. */
  readonly recipients: readonly Recipient[];
  /** Asked in this order: content key (64), IV (16), one ephemeral secret (32) a recipient sorted by kid. */
  readonly randomBytes: RandomBytes;
}

/** The bytes of base64url text whose form was checked before. */
const decode = (text: string): Uint8Array => concatDecoded([text]);

function deriveWrapKey(
  suite: CryptoSuite,
  secret: Uint8Array,
  publicKey: Uint8Array,
  signer: string,
  recipient: string,
): Uint8Array {
  const z = suite.x25519(secret, publicKey);
  return deriveKey(suite, z, KEY_AGREEMENT, decode(signer), decode(recipient), 256);
}

function byKid(a: Recipient, b: Recipient): number {
  return a.kid < b.kid ? -1 : Number(a.kid > b.kid);
}

/**
 * Seals `plaintext` for every recipient; returns the canonical line 2.
 * Throws `zero-shared-secret` or `key-form` for an unusable recipient key and `jwe-form` for 0 or more than 4
 * recipients, one that is named twice, or a malformed typ or kid.
 */
export function sealLine2(suite: CryptoSuite, options: SealOptions): string {
  const { typ, plaintext, signer, randomBytes } = options;
  if (options.recipients.length > MAX_RECIPIENTS) fail("jwe-form", "more than 4 recipients");
  const contentKey = randomBytes(CONTENT_KEY_BYTES);
  const iv = randomBytes(IV_BYTES);
  const protectedHeader = formatProtectedHeader(typ, signer);
  const recipients = options.recipients.toSorted(byKid).map(({ kid, key }): ParsedRecipient => {
    const ephemeral = randomBytes(32);
    const wrapKey = deriveWrapKey(suite, ephemeral, key, signer, kid);
    return {
      kid,
      epk: encodeBase64url(suite.x25519Public(ephemeral)),
      encryptedKey: encodeBase64url(suite.wrapKey(wrapKey, contentKey)),
    };
  });
  const sealed = encryptContent(suite, contentKey, iv, encodeUtf8(protectedHeader), plaintext);
  const line2 = formatLine2({
    protectedHeader,
    iv: encodeBase64url(iv),
    ciphertext: encodeBase64url(sealed.ciphertext),
    tag: encodeBase64url(sealed.tag),
    recipients,
  });
  // nothing leaves that a reader would refuse, whatever the caller handed in
  parseLine2(line2);
  return line2;
}

function openAs(
  suite: CryptoSuite,
  parsed: ParsedLine2,
  recipient: ParsedRecipient,
  secret: Uint8Array,
): Uint8Array {
  // parseLine2 has made sure that every part is canonical base64url
  const epk = decode(recipient.epk);
  const wrapKey = deriveWrapKey(suite, secret, epk, parsed.signer, recipient.kid);
  const contentKey = suite.unwrapKey(wrapKey, decode(recipient.encryptedKey));
  return decryptContent(suite, contentKey, encodeAscii(parsed.protectedHeader), {
    iv: decode(parsed.iv),
    ciphertext: decode(parsed.ciphertext),
    tag: decode(parsed.tag),
  });
}

/**
 * Opens line 2 with the key of one of its recipients, found by kid.
 * Throws `open-failed`, the same error for every cause: not a recipient, another signer or typ than line 1's, a
 * key of small order, a wrapped key, tag or padding that does not hold.
 */
export function openLine2(
  suite: CryptoSuite,
  parsed: ParsedLine2,
  key: Pick<RecipientKey, "kid" | "secret">,
  signer: string,
  typ: string,
): Uint8Array {
  const recipient = parsed.recipients.find(({ kid }) => kid === key.kid);
  if (recipient !== undefined && parsed.signer === signer && parsed.typ === typ) {
    try {
      return openAs(suite, parsed, recipient, key.secret);
    } catch (error) {
      // a fault of the program is no verdict on the envelope
      if (!isCoded(error)) throw error;
    }
  }
  fail("open-failed", "line 2 does not open with this key");
}
