/**
 * The published JOSE vectors on both suites: RFC 7518 appendices B and C, RFC 7520, RFC 8037.
 *
 * What line 2 uses is computed by our functions: Concat KDF, AES key wrap, A256CBC-HS512, CBC, X25519, Ed25519.
 * What it does not use (NIST curves' agreement, PBES2, AES-GCM) comes from node:crypto, to reach those steps.
 */
import assert from "node:assert/strict";
import {
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  pbkdf2Sync,
} from "node:crypto";
import { describe, test } from "node:test";
import {
  decodeBase64url,
  decodeHex,
  encodeBase64url,
  encodeHex,
  encodeUtf8,
} from "../../../shared/base/bytes.ts";
import { isCoded } from "../../../shared/base/error.ts";
import { deriveKey } from "../../../shared/crypto/concat-kdf.ts";
import { decryptContent, encryptContent } from "../../../shared/crypto/content-cipher.ts";
import { SUITES } from "../../support/crypto-suites.ts";
import { readSharedJson } from "../../support/json-file.ts";
import { requireSharedData } from "../../support/project-root.ts";

type Jwk = { readonly [name in "kty" | "crv" | "x" | "y" | "d" | "k"]: string };

interface JweVector {
  readonly input: { readonly plaintext: string; readonly key: Jwk; readonly pwd: string };
  readonly generated: { readonly cek: string; readonly iv: string };
  readonly encrypting_key: {
    readonly epk: Jwk;
    readonly cek: string;
    readonly salt: string;
    readonly iteration_count: number;
    readonly encrypted_key: string;
  };
  readonly encrypting_content: {
    readonly protected: { readonly epk: Jwk };
    readonly protected_b64u: string;
    readonly ciphertext: string;
    readonly tag: string;
  };
}

const NONE = new Uint8Array(0);
const FILES = {
  appendices: "rfc7518_appendix_b_c.json",
  x25519: "curve25519__ecdh-es.json",
  ed25519: "curve25519__jws.json",
  pbes2: "jwe__5_3.key_wrap_using_pbes2-aes-keywrap_with-aes-cbc-hmac-sha2.json",
  agreementAndWrap:
    "jwe__5_4.key_agreement_with_key_wrapping_using_ecdh-es_and_aes-keywrap_with_aes-gcm.json",
  agreement: "jwe__5_5.key_agreement_using_ecdh-es_with_aes-cbc-hmac-sha2.json",
  wrap: "jwe__5_8.key_wrap_using_aes-keywrap_with_aes-gcm.json",
  recipients: "jwe__5_13.encrypting_to_multiple_recipients.json",
} as const;

function read<T>(name: keyof typeof FILES): T {
  return readSharedJson<T>("vectors", "jose", FILES[name]);
}

/** The shared secret of a NIST curve, which the suites have no need of. */
function agree(secret: Jwk, peer: Jwk): Uint8Array {
  const { kty, crv, x, y } = peer;
  return diffieHellman({
    privateKey: createPrivateKey({ key: { ...secret }, format: "jwk" }),
    publicKey: createPublicKey({ key: { kty, crv, x, y }, format: "jwk" }),
  });
}

for (const suite of SUITES) {
  describe(`JOSE vectors, crypto suite ${suite.name}`, () => {
    test("RFC 7518 B.3: A256CBC-HS512", (t) => {
      if (!requireSharedData(t, "vectors", "jose", FILES.appendices)) return;
      type Aead = {
        readonly [name in
          | "alg"
          | "plaintext"
          | "aad"
          | "ciphertext"
          | "authtag"
          | "key"
          | "nonce"]: string;
      };
      const { aead } = read<{ readonly aead: readonly Aead[] }>("appendices");
      const vector = aead.find(({ alg }) => alg.startsWith("A256CBC-HS512"));
      assert.ok(vector);
      const [key, iv, aad] = [vector.key, vector.nonce, vector.aad].map(decodeHex);
      assert.ok(key && iv && aad);
      const sealed = encryptContent(suite, key, iv, aad, decodeHex(vector.plaintext));
      assert.equal(encodeHex(sealed.ciphertext), vector.ciphertext);
      assert.equal(encodeHex(sealed.tag), vector.authtag);
      assert.equal(encodeHex(decryptContent(suite, key, aad, sealed)), vector.plaintext);
    });

    test("RFC 7516 A.3: the CBC part of A128CBC-HS256", (t) => {
      if (!requireSharedData(t, "vectors", "jose", FILES.appendices)) return;
      type Aead = {
        readonly [name in "alg" | "plaintext" | "ciphertext" | "key" | "nonce"]: string;
      };
      const vector = read<{ readonly aead: readonly Aead[] }>("appendices").aead.find(({ alg }) =>
        alg.startsWith("A128CBC-HS256"),
      );
      assert.ok(vector);
      const key = decodeHex(vector.key).subarray(16);
      const ciphertext = suite.encryptCbc(
        key,
        decodeHex(vector.nonce),
        decodeHex(vector.plaintext),
      );
      assert.equal(encodeHex(ciphertext), vector.ciphertext);
    });

    test("RFC 7518 C: Concat KDF", (t) => {
      if (!requireSharedData(t, "vectors", "jose", FILES.appendices)) return;
      type Agreement = {
        readonly [name in "z" | "algorithmID" | "apu" | "apv" | "derived"]: string;
      } & {
        readonly keydatalen: number;
        readonly ephemeral_alice: Jwk;
        readonly static_bob: Jwk;
      };
      const vector = read<{ readonly rfc7518_appendix_c: Agreement }>(
        "appendices",
      ).rfc7518_appendix_c;
      const { z, algorithmID, apu, apv, keydatalen } = vector;
      assert.equal(encodeHex(agree(vector.ephemeral_alice, vector.static_bob)), z);
      const key = deriveKey(
        suite,
        decodeHex(z),
        algorithmID,
        encodeUtf8(apu),
        encodeUtf8(apv),
        keydatalen,
      );
      assert.equal(encodeHex(key), vector.derived);
      assert.throws(
        () => deriveKey(suite, decodeHex(z), algorithmID, NONE, NONE, 512),
        (error) => isCoded(error, "length"),
      );
    });

    test("RFC 8037 / cookbook: ECDH-ES over X25519 opens", (t) => {
      if (!requireSharedData(t, "vectors", "jose", FILES.x25519)) return;
      const { input, generated, encrypting_content: content } = read<JweVector>("x25519");
      const epk = decodeBase64url(content.protected.epk.x);
      const z = suite.x25519(decodeBase64url(input.key.d), epk);
      const key = deriveKey(suite, z, "A128GCM", NONE, NONE, 128);
      const cipher = createDecipheriv("aes-128-gcm", key, decodeBase64url(generated.iv));
      cipher.setAAD(encodeUtf8(content.protected_b64u));
      cipher.setAuthTag(decodeBase64url(content.tag));
      const opened = cipher.update(content.ciphertext, "base64url", "utf8") + cipher.final("utf8");
      assert.equal(opened, input.plaintext);
      assert.equal(encodeBase64url(suite.x25519Public(decodeBase64url(input.key.d))), input.key.x);
    });

    test("RFC 8037 A.4 key, cookbook: Ed25519 signature", (t) => {
      if (!requireSharedData(t, "vectors", "jose", FILES.ed25519)) return;
      type Jws = {
        readonly input: { readonly key: Jwk };
        readonly signing: { readonly [name in "sig-input" | "sig"]: string };
      };
      const { input, signing } = read<Jws>("ed25519");
      const message = encodeUtf8(signing["sig-input"]);
      const signature = decodeBase64url(signing.sig);
      const secret = decodeBase64url(input.key.d);
      assert.deepEqual(suite.signNote(secret, message), Uint8Array.from(signature));
      assert.equal(suite.verifyNote(decodeBase64url(input.key.x), message, signature), true);
      assert.equal(encodeBase64url(suite.notePublicKey(secret)), input.key.x);
    });

    test("RFC 7520 5.3: A256KW unwrap and CBC content", (t) => {
      if (!requireSharedData(t, "vectors", "jose", FILES.pbes2)) return;
      const {
        input,
        generated,
        encrypting_key: step,
        encrypting_content: content,
      } = read<JweVector>("pbes2");
      // PBES2 salt = alg ‖ 0x00 ‖ p2s (RFC 7518 section 4.8.1.1)
      const salt = Buffer.concat([Buffer.from("PBES2-HS512+A256KW\0"), decodeBase64url(step.salt)]);
      const kek = pbkdf2Sync(input.pwd, salt, step.iteration_count, 32, "sha512");
      const cek = suite.unwrapKey(kek, decodeBase64url(step.encrypted_key));
      assert.equal(encodeBase64url(cek), generated.cek);
      assert.equal(encodeBase64url(suite.wrapKey(kek, cek)), step.encrypted_key);
      const opened = suite.decryptCbc(
        cek.subarray(16),
        decodeBase64url(generated.iv),
        decodeBase64url(content.ciphertext),
      );
      assert.deepEqual(opened, encodeUtf8(input.plaintext));
    });

    test("RFC 7520 5.4: ECDH-ES key derivation and A128KW unwrap", (t) => {
      if (!requireSharedData(t, "vectors", "jose", FILES.agreementAndWrap)) return;
      const { input, generated, encrypting_key: step } = read<JweVector>("agreementAndWrap");
      const z = agree(input.key, step.epk);
      const kek = deriveKey(suite, z, "ECDH-ES+A128KW", NONE, NONE, 128);
      assert.equal(
        encodeBase64url(suite.unwrapKey(kek, decodeBase64url(step.encrypted_key))),
        generated.cek,
      );
    });

    test("RFC 7520 5.5: ECDH-ES direct, CBC content", (t) => {
      if (!requireSharedData(t, "vectors", "jose", FILES.agreement)) return;
      const {
        input,
        generated,
        encrypting_key: step,
        encrypting_content: content,
      } = read<JweVector>("agreement");
      const cek = deriveKey(suite, agree(input.key, step.epk), "A128CBC-HS256", NONE, NONE, 256);
      assert.equal(encodeBase64url(cek), step.cek);
      const opened = suite.decryptCbc(
        cek.subarray(16),
        decodeBase64url(generated.iv),
        decodeBase64url(content.ciphertext),
      );
      assert.deepEqual(opened, encodeUtf8(input.plaintext));
    });

    test("RFC 7520 5.8: A128KW wrap", (t) => {
      if (!requireSharedData(t, "vectors", "jose", FILES.wrap)) return;
      const { input, generated, encrypting_key: step } = read<JweVector>("wrap");
      const kek = decodeBase64url(input.key.k);
      assert.equal(
        encodeBase64url(suite.wrapKey(kek, decodeBase64url(generated.cek))),
        step.encrypted_key,
      );
      assert.equal(
        encodeBase64url(suite.unwrapKey(kek, decodeBase64url(step.encrypted_key))),
        generated.cek,
      );
    });

    test("RFC 7520 5.13: the ECDH-ES+A256KW recipient of three", (t) => {
      if (!requireSharedData(t, "vectors", "jose", FILES.recipients)) return;
      type Many = {
        readonly input: { readonly key: readonly Jwk[] };
        readonly generated: { readonly cek: string };
        readonly encrypting_key: readonly { readonly epk?: Jwk; readonly encrypted_key: string }[];
      };
      const { input, generated, encrypting_key: steps } = read<Many>("recipients");
      const at = input.key.findIndex(({ kty }) => kty === "EC");
      const [key, step] = [input.key[at], steps[at]];
      assert.ok(key && step?.epk);
      const kek = deriveKey(suite, agree(key, step.epk), "ECDH-ES+A256KW", NONE, NONE, 256);
      assert.equal(
        encodeBase64url(suite.unwrapKey(kek, decodeBase64url(step.encrypted_key))),
        generated.cek,
      );
    });
  });
}
