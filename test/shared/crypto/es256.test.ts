/** ES256: frozen verdicts on both suites, RFC 6979's own signatures, and JWS exchanged with the npm package jose. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CompactSign, compactVerify, importJWK } from "jose";
import {
  decodeBase64url,
  decodeHex,
  encodeBase64url,
  encodeHex,
  encodeUtf8,
} from "../../../shared/base/bytes.ts";
import { isCoded } from "../../../shared/base/error.ts";
import { nobleSuite } from "../../../shared/crypto/noble-suite.ts";
import { isLowSSignature, lowerS } from "../../../shared/crypto/p256-rule.ts";
import type { CryptoSuite } from "../../../shared/crypto/suite.ts";
import { SUITES } from "../../support/crypto-suites.ts";
import {
  buildEs256Vectors,
  type Es256Case,
  type VectorFile,
} from "../../support/crypto-vectors.ts";
import { readVectors } from "../../support/json-file.ts";
import { seededBytes } from "../../support/seeded-bytes.ts";

const vectors = readVectors<VectorFile<Es256Case>>("es256.json");
const RFC6979_SECRET = decodeHex(
  "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
);

function verdict(suite: CryptoSuite, item: Es256Case): string {
  try {
    const key = suite.importVerifyKey(item.jwk);
    const valid = suite.verify(key, encodeUtf8(item.message), decodeHex(item.signature));
    return valid ? "valid" : "invalid";
  } catch (error) {
    if (isCoded(error)) return error.code;
    throw error;
  }
}

describe("ES256", () => {
  test("the frozen cases are those that the builder makes", () => {
    assert.deepEqual(vectors, buildEs256Vectors());
  });

  for (const suite of SUITES) {
    for (const item of vectors.cases) {
      test(`${suite.name}: ${item.name} is ${item.verdict}`, () => {
        assert.equal(verdict(suite, item), item.verdict);
      });
    }

    test(`${suite.name}: the public key of RFC 6979 A.2.5`, () => {
      assert.deepEqual(suite.publicJwk(RFC6979_SECRET), vectors.cases[0]?.jwk);
    });

    test(`${suite.name}: jose verifies our JWS`, async () => {
      const secret = seededBytes("jose verifies")(32);
      const header = encodeBase64url(encodeUtf8('{"alg":"ES256"}'));
      const payload = encodeBase64url(encodeUtf8('{"v":1}'));
      const signature = suite.sign(secret, encodeUtf8(`${header}.${payload}`));
      const key = await importJWK({ ...suite.publicJwk(secret) }, "ES256");
      const line = `${header}.${payload}.${encodeBase64url(signature)}`;
      const opened = await compactVerify(line, key);
      assert.equal(Buffer.from(opened.payload).toString(), '{"v":1}');
    });

    test(`${suite.name}: we verify jose's JWS once its s is low`, async () => {
      const secret = seededBytes("jose signs")(32);
      const jwk = suite.publicJwk(secret);
      const key = await importJWK({ ...jwk, d: encodeBase64url(secret) }, "ES256");
      const verifyKey = suite.importVerifyKey(jwk);
      const high = new Set<boolean>();
      // jose draws k at random: half of its signatures have a high s
      for (let n = 0; n < 40; n++) {
        const line = await new CompactSign(encodeUtf8(`{"n":${n}}`))
          .setProtectedHeader({ alg: "ES256" })
          .sign(key);
        const [header, payload, mark = ""] = line.split(".");
        const message = encodeUtf8(`${header}.${payload}`);
        const signature = decodeBase64url(mark);
        high.add(!isLowSSignature(signature));
        assert.equal(suite.verify(verifyKey, message, signature), isLowSSignature(signature));
        assert.equal(suite.verify(verifyKey, message, lowerS(signature)), true);
      }
      assert.deepEqual([...high].sort(), [false, true]);
    });
  }

  test("noble signs as RFC 6979 A.2.5 says, with low s", () => {
    const sign = (text: string) => encodeHex(nobleSuite.sign(RFC6979_SECRET, encodeUtf8(text)));
    const published = (name: string) => vectors.cases.find((item) => item.name === name)?.signature;
    assert.equal(sign("test"), published("low s as published"));
    assert.equal(sign("sample"), published("the same with n-s"));
  });
});
