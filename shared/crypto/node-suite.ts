/**
 * The crypto suite on node:crypto: the hot path of gateway and verifier. Synchronous, meant for workers.
 *
 * Keys enter as JWK, because DER import costs 13 times as much on Node 20, and imported keys are cached by the
 * identity of their secret. Verdicts are those of noble-suite.ts: p256-rule.ts and note-rule.ts decide
 * whatever OpenSSL versions judge differently.
 */
import {
  createCipheriv,
  createDecipheriv,
  createECDH,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hash,
  type KeyObject,
  sign as signWith,
  verify as verifyWith,
} from "node:crypto";
import { decodeHex, encodeBase64url } from "../base/bytes.ts";
import { fail } from "../base/error.ts";
import {
  checkAesKey,
  checkCbcInput,
  checkKeyLength,
  checkSecret,
  checkWrapInput,
} from "./input-check.ts";
// biome-ignore lint/style/noRestrictedImports: the other half of this suite
import { nodeVerifier, plain } from "./node-verifier.ts";
import { decodeNoteKey, isNoteSignatureForm } from "./note-rule.ts";
import { lowerS } from "./p256-rule.ts";
import type { CryptoSuite, EcPublicJwk } from "./suite.ts";

const DEFAULT_WRAP_IV = decodeHex("a6a6a6a6a6a6a6a6");
/** Node requires `x` in a private OKP key but reads only `d`; the tests hold every Node version to it. */
const UNREAD_PUBLIC_HALF = "A".repeat(43);
/** More note keys than any chain has gateways and witnesses; bounds what strangers' keys can occupy. */
const NOTE_KEY_CACHE_SIZE = 1024;

function publicJwk(secret: Uint8Array): EcPublicJwk {
  checkSecret(secret);
  const pair = createECDH("prime256v1");
  pair.setPrivateKey(secret);
  const point = pair.getPublicKey();
  return {
    crv: "P-256",
    kty: "EC",
    x: encodeBase64url(point.subarray(1, 33)),
    y: encodeBase64url(point.subarray(33)),
  };
}

function importEcSecret(secret: Uint8Array): KeyObject {
  const jwk = { ...publicJwk(secret), d: encodeBase64url(secret) };
  return createPrivateKey({ key: jwk, format: "jwk" });
}

function importOkpSecret(crv: "X25519" | "Ed25519", secret: Uint8Array): KeyObject {
  checkKeyLength(secret);
  const jwk = { crv, kty: "OKP", x: UNREAD_PUBLIC_HALF, d: encodeBase64url(secret) };
  return createPrivateKey({ key: jwk, format: "jwk" });
}

function importOkpPublic(crv: "X25519" | "Ed25519", publicKey: Uint8Array): KeyObject {
  const jwk = { crv, kty: "OKP", x: encodeBase64url(publicKey) };
  return createPublicKey({ key: jwk, format: "jwk" });
}

/** Remembers `load(secret)` for as long as the caller keeps that same array. */
function cacheBySecret(load: (secret: Uint8Array) => KeyObject): (secret: Uint8Array) => KeyObject {
  const cache = new WeakMap<Uint8Array, KeyObject>();
  return (secret) => {
    const known = cache.get(secret);
    if (known !== undefined) return known;
    const key = load(secret);
    cache.set(secret, key);
    return key;
  };
}

/** Imports note keys, each judged once: the torsion check costs a scalar multiplication in JavaScript. */
function createNoteKeyCache(): (publicKey: Uint8Array) => KeyObject | undefined {
  const cache = new Map<string, KeyObject | undefined>();
  return (publicKey) => {
    const name = encodeBase64url(publicKey);
    if (cache.has(name)) return cache.get(name);
    const usable = decodeNoteKey(publicKey) !== undefined;
    const key = usable ? importOkpPublic("Ed25519", publicKey) : undefined;
    if (cache.size >= NOTE_KEY_CACHE_SIZE) cache.clear();
    cache.set(name, key);
    return key;
  };
}

/** The public half of an OKP key, as 32 raw bytes. */
function publicHalf(key: KeyObject): Uint8Array {
  const { x } = createPublicKey(key).export({ format: "jwk" });
  return plain(Buffer.from(x ?? "", "base64url"));
}

/** OpenSSL's names by the bytes of the key; made once, because each is looked up for every message. */
const CIPHER_NAMES = {
  wrap: { 16: "aes128-wrap", 24: "aes192-wrap", 32: "aes256-wrap" },
  cbc: { 16: "aes-128-cbc", 24: "aes-192-cbc", 32: "aes-256-cbc" },
} as const;

/** `key` has an AES length. */
function cipherName(key: Uint8Array, mode: "wrap" | "cbc"): string {
  return CIPHER_NAMES[mode][key.length as 16 | 24 | 32];
}

function unwrapKey(kek: Uint8Array, wrapped: Uint8Array): Uint8Array {
  checkAesKey(kek);
  if (wrapped.length < 24 || wrapped.length % 8 !== 0) {
    fail("open-failed", "the wrapped key does not open");
  }
  try {
    // the wrap modes work in one call: update gives the whole result, final nothing
    return plain(createDecipheriv(cipherName(kek, "wrap"), kek, DEFAULT_WRAP_IV).update(wrapped));
  } catch {
    fail("open-failed", "the wrapped key does not open");
  }
}

function decryptCbc(key: Uint8Array, iv: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  checkCbcInput(key, iv);
  try {
    const cipher = createDecipheriv(cipherName(key, "cbc"), key, iv).setAutoPadding(false);
    // Without padding of its own one call gives all whole blocks, and no two parts must be joined.
    return unpad(cipher.update(ciphertext), ciphertext.length);
  } catch {
    fail("open-failed", "the ciphertext does not decrypt");
  }
}

/** Takes PKCS#7 padding off. Throws for bad padding and for a ciphertext that is not of whole blocks. */
function unpad(padded: Uint8Array, length: number): Uint8Array {
  const pad = padded[padded.length - 1] ?? 0;
  if (padded.length !== length || pad < 1 || pad > 16) fail("open-failed", "bad padding");
  for (let i = padded.length - pad; i < padded.length; i++) {
    if (padded[i] !== pad) fail("open-failed", "bad padding");
  }
  return new Uint8Array(padded.buffer, padded.byteOffset, padded.length - pad);
}

/** Bytes of a block of SHA-512, to which HMAC fills up its key (RFC 2104). */
const HMAC_BLOCK = 128;
const SHA512_BYTES = 64;
/** Longer data, which no record has, goes the usual way. */
const MAX_HMAC_DATA = 8_192;

/**
 * HMAC-SHA-512 as two one-shot hashes over memory that is used again: an `Hmac` is an object with native memory that
 * the collector must find and free, which costs more than the hashing.
 */
function createHmacSha512(): CryptoSuite["hmacSha512"] {
  const inner = new Uint8Array(HMAC_BLOCK + MAX_HMAC_DATA);
  const outer = new Uint8Array(HMAC_BLOCK + SHA512_BYTES);
  return (key, data) => {
    if (key.length > HMAC_BLOCK || data.length > MAX_HMAC_DATA) {
      return plain(createHmac("sha512", key).update(data).digest());
    }
    inner.fill(0x36, 0, HMAC_BLOCK);
    outer.fill(0x5c, 0, HMAC_BLOCK);
    for (let i = 0; i < key.length; i++) {
      inner[i] = (key[i] as number) ^ 0x36;
      outer[i] = (key[i] as number) ^ 0x5c;
    }
    inner.set(data, HMAC_BLOCK);
    sha512Into(inner.subarray(0, HMAC_BLOCK + data.length), outer, HMAC_BLOCK);
    const mac = new Uint8Array(SHA512_BYTES);
    sha512Into(outer, mac, 0);
    return mac;
  };
}

/** One character a byte, as in node-verifier.ts. */
function sha512Into(data: Uint8Array, out: Uint8Array, at: number): void {
  const bytes = hash("sha512", data, "binary");
  for (let i = 0; i < SHA512_BYTES; i++) out[at + i] = bytes.charCodeAt(i);
}

function createNodeSuite(): CryptoSuite {
  const signingKey = cacheBySecret(importEcSecret);
  const agreementKey = cacheBySecret((secret) => importOkpSecret("X25519", secret));
  const noteSigningKey = cacheBySecret((secret) => importOkpSecret("Ed25519", secret));
  const noteKey = createNoteKeyCache();

  return {
    name: "node",
    ...nodeVerifier,
    sign(secret, message) {
      const options = { key: signingKey(secret), dsaEncoding: "ieee-p1363" } as const;
      return lowerS(plain(signWith("sha256", message, options)));
    },
    publicJwk,

    x25519(secret, publicKey) {
      checkKeyLength(publicKey);
      const privateKey = agreementKey(secret);
      const peer = importOkpPublic("X25519", publicKey);
      try {
        return plain(diffieHellman({ privateKey, publicKey: peer }));
      } catch {
        // OpenSSL refuses the all-zero result itself (RFC 7748 section 6.1)
        fail("zero-shared-secret", "X25519 gave the all-zero shared secret");
      }
    },
    x25519Public: (secret) => publicHalf(agreementKey(secret)),

    wrapKey(kek, key) {
      checkWrapInput(kek, key);
      return plain(createCipheriv(cipherName(kek, "wrap"), kek, DEFAULT_WRAP_IV).update(key));
    },
    unwrapKey,
    encryptCbc(key, iv, plaintext) {
      checkCbcInput(key, iv);
      const cipher = createCipheriv(cipherName(key, "cbc"), key, iv);
      return plain(Buffer.concat([cipher.update(plaintext), cipher.final()]));
    },
    decryptCbc,
    hmacSha512: createHmacSha512(),

    verifyNote(publicKey, message, signature) {
      const key = isNoteSignatureForm(signature) ? noteKey(publicKey) : undefined;
      return key !== undefined && verifyWith(null, message, key, signature);
    },
    signNote: (secret, message) => plain(signWith(null, message, noteSigningKey(secret))),
    notePublicKey: (secret) => publicHalf(noteSigningKey(secret)),
  };
}

/** One for the process; its caches hold only imported keys. */
export const nodeSuite: CryptoSuite = createNodeSuite();
