/**
 * The crypto suite in plain JavaScript (@noble): meters and browsers. No I/O, no platform modules.
 *
 * The rules that decide a verdict come from p256-rule.ts and note-rule.ts, not from library defaults.
 */
import { aeskw, cbc } from "@noble/ciphers/aes.js";
import { ed25519, x25519 } from "@noble/curves/ed25519.js";
import { p256 } from "@noble/curves/nist.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { concatBytes, encodeBase64url, encodeUtf8, equalBytes } from "../base/bytes.ts";
import { fail } from "../base/error.ts";
import {
  checkAesKey,
  checkCbcInput,
  checkKeyLength,
  checkSecret,
  checkWrapInput,
} from "./input-check.ts";
import { decodeNoteKey, isNoteSignatureForm } from "./note-rule.ts";
import { decodeEcPoint, isLowSSignature } from "./p256-rule.ts";
import type { CryptoSuite, VerifyKey } from "./suite.ts";

interface NobleVerifyKey extends VerifyKey {
  readonly suite: "noble";
  /** 0x04 ‖ x ‖ y */
  readonly point: Uint8Array;
}

function isNobleKey(key: VerifyKey): key is NobleVerifyKey {
  return key.suite === "noble";
}

function readScalar(littleEndian: Uint8Array): bigint {
  let value = 0n;
  for (const byte of Uint8Array.from(littleEndian).reverse()) value = (value << 8n) | BigInt(byte);
  return value;
}

/** enc([S]B - [k]A) = R, k = SHA-512(R ‖ A ‖ M) mod L (RFC 8032 section 5.1.7, without the cofactor). */
function verifyNote(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const key = isNoteSignatureForm(signature) ? decodeNoteKey(publicKey) : undefined;
  if (key === undefined) return false;
  const r = signature.subarray(0, 32);
  const { BASE, Fn } = ed25519.Point;
  const k = Fn.create(readScalar(sha512(concatBytes(r, publicKey, message))));
  const s = readScalar(signature.subarray(32));
  const expected = BASE.multiplyUnsafe(s).subtract(key.multiplyUnsafe(k));
  return equalBytes(expected.toBytes(), r);
}

export const nobleSuite: CryptoSuite = {
  name: "noble",
  sha256: (data) => sha256(data),
  sha256Into: (data, out, at) => out.set(sha256(data), at),
  sha256Text: (text) => encodeBase64url(sha256(encodeUtf8(text))),

  importVerifyKey(jwk) {
    const key: NobleVerifyKey = { suite: "noble", point: decodeEcPoint(jwk) };
    return key;
  },
  verify(key, message, signature) {
    if (!isNobleKey(key)) fail("key-form", "a key of another crypto suite");
    return isLowSSignature(signature) && p256.verify(signature, message, key.point);
  },
  sign(secret, message) {
    checkSecret(secret);
    return p256.sign(message, secret, { lowS: true });
  },
  publicJwk(secret) {
    checkSecret(secret);
    const point = p256.getPublicKey(secret, false);
    return {
      crv: "P-256",
      kty: "EC",
      x: encodeBase64url(point.subarray(1, 33)),
      y: encodeBase64url(point.subarray(33)),
    };
  },

  x25519(secret, publicKey) {
    checkKeyLength(secret);
    checkKeyLength(publicKey);
    try {
      return x25519.getSharedSecret(secret, publicKey);
    } catch {
      // the only input of right length that noble refuses
      fail("zero-shared-secret", "X25519 gave the all-zero shared secret");
    }
  },
  x25519Public(secret) {
    checkKeyLength(secret);
    return x25519.getPublicKey(secret);
  },

  wrapKey(kek, key) {
    checkWrapInput(kek, key);
    return aeskw(kek).encrypt(key);
  },
  unwrapKey(kek, wrapped) {
    checkAesKey(kek);
    try {
      return aeskw(kek).decrypt(wrapped);
    } catch {
      fail("open-failed", "the wrapped key does not open");
    }
  },
  encryptCbc(key, iv, plaintext) {
    checkCbcInput(key, iv);
    return cbc(key, iv).encrypt(plaintext);
  },
  decryptCbc(key, iv, ciphertext) {
    checkCbcInput(key, iv);
    try {
      return cbc(key, iv).decrypt(ciphertext);
    } catch {
      fail("open-failed", "the ciphertext does not decrypt");
    }
  },
  hmacSha512: (key, data) => hmac(sha512, key, data),

  verifyNote,
  signNote(secret, message) {
    checkKeyLength(secret);
    return ed25519.sign(message, secret);
  },
  notePublicKey(secret) {
    checkKeyLength(secret);
    return ed25519.getPublicKey(secret);
  },
};
