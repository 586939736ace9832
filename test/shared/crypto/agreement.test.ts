/** The two crypto suites against each other on random input: same bytes, same verdicts (seeded). */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { isCoded } from "../../../shared/base/error.ts";
import { nobleSuite as noble } from "../../../shared/crypto/noble-suite.ts";
import { nodeSuite as node } from "../../../shared/crypto/node-suite.ts";
import type { CryptoSuite } from "../../../shared/crypto/suite.ts";

const SEED = { seed: 20261122 };
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const message = fc.uint8Array({ maxLength: 200 });

/** The result of a call, or the code of its error: what both suites must share. */
function outcome<T>(call: (suite: CryptoSuite) => T, suite: CryptoSuite): T | string {
  try {
    return call(suite);
  } catch (error) {
    if (isCoded(error)) return error.code;
    throw error;
  }
}

function same<T>(call: (suite: CryptoSuite) => T): T | string {
  const expected = outcome(call, noble);
  assert.deepEqual(outcome(call, node), expected);
  return expected;
}

function flip(data: Uint8Array, bit: number): Uint8Array {
  const out = Uint8Array.from(data);
  const at = (bit >> 3) % out.length;
  out[at] = (out[at] ?? 0) ^ (1 << (bit & 7));
  return out;
}

describe("noble and node agree", () => {
  test("on hashes and MACs", () => {
    const property = fc.property(message, message, (key, data) => {
      same((suite) => suite.sha256(data));
      same((suite) => suite.hmacSha512(key, data));
    });
    fc.assert(property, { ...SEED, numRuns: 200 });
  });

  test("on MACs under keys and over data of any length, one after the other", () => {
    const lengths = [0, 1, 32, 127, 128, 129, 300, 8191, 8192, 8193, 20_000];
    const fill = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i * 7);
    for (const key of lengths.filter((length) => length <= 300)) {
      for (const data of lengths) same((suite) => suite.hmacSha512(fill(key), fill(data)));
    }
  });

  test("on X25519, any 32 bytes as public key", () => {
    const property = fc.property(bytes(32), bytes(32), (secret, publicKey) => {
      same((suite) => suite.x25519Public(secret));
      same((suite) => suite.x25519(secret, publicKey));
    });
    fc.assert(property, { ...SEED, numRuns: 60 });
  });

  test("on key wrap and CBC, also of damaged and odd input", () => {
    const property = fc.property(
      bytes(32),
      bytes(16),
      message,
      fc.nat(2000),
      (key, iv, data, bit) => {
        same((suite) => suite.wrapKey(key, data));
        same((suite) => suite.unwrapKey(key, data));
        same((suite) => suite.decryptCbc(key, iv, data));
        const sealed = noble.encryptCbc(key, iv, data);
        assert.deepEqual(node.encryptCbc(key, iv, data), sealed);
        same((suite) => suite.decryptCbc(key, iv, sealed));
        same((suite) => suite.decryptCbc(key, iv, flip(sealed, bit)));
      },
    );
    fc.assert(property, { ...SEED, numRuns: 300 });
  });

  test("on every last byte of a decrypted block, good padding or bad", () => {
    const [key, iv] = [new Uint8Array(32).fill(7), new Uint8Array(16)];
    const sealed = noble.encryptCbc(key, iv, new Uint8Array(16));
    // changing the block before the last one sets the padding byte of the last one at will
    const verdicts = Array.from({ length: 256 }, (_, change) => {
      const damaged = Uint8Array.from(sealed);
      damaged[15] = (damaged[15] ?? 0) ^ change;
      return typeof same((suite) => suite.decryptCbc(key, iv, damaged)) !== "string";
    });
    // 16 is right; 1 is right, too; every other value disagrees with the bytes before it
    assert.equal(verdicts.filter(Boolean).length, 2);
  });

  test("on ES256: each verifies the other's, both refuse what is damaged", () => {
    const property = fc.property(
      bytes(32),
      message,
      fc.nat(511),
      fc.boolean(),
      (secret, text, bit, byNode) => {
        const jwk = same((suite) => suite.publicJwk(secret));
        if (typeof jwk === "string") return;
        const signature = (byNode ? node : noble).sign(secret, text);
        const verify = (data: Uint8Array, mark: Uint8Array) =>
          same((suite) => suite.verify(suite.importVerifyKey(jwk), data, mark));
        assert.equal(verify(text, signature), true);
        assert.equal(verify(text, flip(signature, bit)), false);
      },
    );
    fc.assert(property, { ...SEED, numRuns: 40 });
  });

  test("on arbitrary JWKs and signatures", () => {
    const jwk = fc.record({
      crv: fc.constant("P-256" as const),
      kty: fc.constant("EC" as const),
      x: bytes(32).map((x) => Buffer.from(x).toString("base64url")),
      y: bytes(32).map((y) => Buffer.from(y).toString("base64url")),
    });
    const property = fc.property(jwk, (key) => {
      assert.equal(
        same((suite) => suite.importVerifyKey(key) && "imported"),
        "key-off-curve",
      );
    });
    fc.assert(property, { ...SEED, numRuns: 50 });
  });

  test("on Ed25519 notes: same signatures, same verdicts on damaged ones and on any key", () => {
    const property = fc.property(
      bytes(32),
      message,
      bytes(32),
      fc.nat(511),
      (secret, text, anyKey, bit) => {
        const publicKey = same((suite) => suite.notePublicKey(secret));
        const signature = same((suite) => suite.signNote(secret, text));
        assert.ok(typeof publicKey !== "string" && typeof signature !== "string");
        const verify = (key: Uint8Array, mark: Uint8Array) =>
          same((suite) => suite.verifyNote(key, text, mark));
        assert.equal(verify(publicKey, signature), true);
        assert.equal(verify(publicKey, flip(signature, bit)), false);
        assert.equal(verify(anyKey, signature), false);
      },
    );
    fc.assert(property, { ...SEED, numRuns: 25 });
  });
});
