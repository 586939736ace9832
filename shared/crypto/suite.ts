/**
 * The cryptography that both ends share, as one interface with two implementations.
 *
 * `noble-suite.ts` is portable and runs on meters and in browsers; `node-suite.ts` is the gateway's hot path.
 * Both give the same verdict on every input (records.md section 1); one test suite holds them to it.
 */

/** Public key of a record signer (RFC 7517, RFC 7518 section 6.2): base64url coordinates of 32 bytes. */
export interface EcPublicJwk {
  readonly crv: "P-256";
  readonly kty: "EC";
  readonly x: string;
  readonly y: string;
}

/** Public key of a recipient of line 2 (RFC 8037 section 2). */
export interface OkpPublicJwk {
  readonly crv: "X25519";
  readonly kty: "OKP";
  readonly x: string;
}

/** An imported ES256 public key. Opaque, cacheable, usable only with the suite that imported it. */
export interface VerifyKey {
  readonly suite: "noble" | "node";
}

export interface CryptoSuite {
  readonly name: "noble" | "node";
  sha256(data: Uint8Array): Uint8Array;
  /** Writes the hash to `out` at `at`, for many hashes without an array each. */
  sha256Into(data: Uint8Array, out: Uint8Array, at: number): void;
  /** SHA-256 of a text's UTF-8, as H: without the arrays between, it takes half as long. */
  sha256Text(text: string): string;

  /** Throws `key-form` for a malformed JWK and `key-off-curve` for a point that is not on P-256. */
  importVerifyKey(jwk: EcPublicJwk): VerifyKey;
  /** ES256 over r ‖ s of 64 bytes, r and s in 1…n-1, s ≤ n/2. Never throws on a bad signature. */
  verify(key: VerifyKey, message: Uint8Array, signature: Uint8Array): boolean;
  /**
   * ES256 with low s. noble: k by RFC 6979, so the same bytes each time; node: random k.
   * The node suite caches the imported key by the identity of `secret`, which must not be overwritten.
   */
  sign(secret: Uint8Array, message: Uint8Array): Uint8Array;
  /** Public half of a P-256 secret of 32 bytes. Throws `key-form` outside 1…n-1. */
  publicJwk(secret: Uint8Array): EcPublicJwk;

  /** RFC 7748. Throws `zero-shared-secret` for a public key of small order, `key-form` for another length. */
  x25519(secret: Uint8Array, publicKey: Uint8Array): Uint8Array;
  x25519Public(secret: Uint8Array): Uint8Array;

  /** AES key wrap (RFC 3394 with its default IV). Throws `length`. */
  wrapKey(kek: Uint8Array, key: Uint8Array): Uint8Array;
  /** Throws `open-failed` for any input that was not wrapped under `kek`. */
  unwrapKey(kek: Uint8Array, wrapped: Uint8Array): Uint8Array;
  /** AES-CBC with PKCS#7 padding; AES-256 with 32-byte keys. Throws `length`. */
  encryptCbc(key: Uint8Array, iv: Uint8Array, plaintext: Uint8Array): Uint8Array;
  /** Throws `open-failed` for a partial block or bad padding. */
  decryptCbc(key: Uint8Array, iv: Uint8Array, ciphertext: Uint8Array): Uint8Array;
  hmacSha512(key: Uint8Array, data: Uint8Array): Uint8Array;

  /**
   * Ed25519 by the strict rule for notes: S < L, R not the identity, enc([S]B - [k]A) = R byte for byte, no
   * cofactor; the key canonical, torsion-free and not the identity. Never throws.
   */
  verifyNote(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
  /** Ed25519 (RFC 8032, deterministic) with a 32-byte seed; cached like `sign`. */
  signNote(secret: Uint8Array, message: Uint8Array): Uint8Array;
  notePublicKey(secret: Uint8Array): Uint8Array;
}
