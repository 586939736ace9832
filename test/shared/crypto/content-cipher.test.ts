/** A256CBC-HS512: each damaged byte fails at the tag, before any padding is looked at. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { decryptContent, encryptContent } from "../../../shared/crypto/content-cipher.ts";
import type { CryptoSuite } from "../../../shared/crypto/suite.ts";
import { codeOf } from "../../support/code-of.ts";
import { SUITES } from "../../support/crypto-suites.ts";
import { seededBytes } from "../../support/seeded-bytes.ts";

function flip(data: Uint8Array, at: number): Uint8Array {
  return data.map((byte, index) => (index === at ? byte ^ 0x80 : byte));
}

for (const suite of SUITES) {
  describe(`A256CBC-HS512, crypto suite ${suite.name}`, () => {
    const random = seededBytes("content");
    const [key, iv, aad, plaintext] = [random(64), random(16), random(40), random(50)];
    const sealed = encryptContent(suite, key, iv, aad, plaintext);

    test("opens what it sealed", () => {
      assert.deepEqual(decryptContent(suite, key, aad, sealed), plaintext);
      const empty = encryptContent(suite, key, iv, aad.subarray(0, 0), plaintext.subarray(0, 0));
      assert.deepEqual(decryptContent(suite, key, aad.subarray(0, 0), empty), new Uint8Array(0));
    });

    test("refuses one changed byte anywhere, without decrypting", () => {
      const watched: CryptoSuite = { ...suite, decryptCbc: () => assert.fail("decrypted first") };
      const open = (changed: Partial<typeof sealed>, data = aad, contentKey = key) =>
        codeOf(() => decryptContent(watched, contentKey, data, { ...sealed, ...changed }));
      for (let at = 0; at < sealed.ciphertext.length; at++) {
        assert.equal(open({ ciphertext: flip(sealed.ciphertext, at) }), "open-failed");
      }
      for (let at = 0; at < 16; at++) assert.equal(open({ iv: flip(iv, at) }), "open-failed");
      for (let at = 0; at < 32; at++) {
        assert.equal(open({ tag: flip(sealed.tag, at) }), "open-failed");
        assert.equal(open({}, aad, flip(key, at)), "open-failed");
      }
      for (let at = 0; at < 40; at++) assert.equal(open({}, flip(aad, at)), "open-failed");
    });

    test("refuses a tag or key of another length, and moved borders of the MAC input", () => {
      const open = (changed: Partial<typeof sealed>, data = aad, contentKey = key) =>
        codeOf(() => decryptContent(suite, contentKey, data, { ...sealed, ...changed }));
      assert.equal(open({ tag: sealed.tag.subarray(0, 31) }), "open-failed");
      assert.equal(open({ tag: new Uint8Array([...sealed.tag, 0]) }), "open-failed");
      assert.equal(open({ tag: sealed.tag.subarray(0, 0) }), "open-failed");
      assert.equal(open({}, aad, key.subarray(1)), "open-failed");
      assert.equal(
        open({ iv: new Uint8Array([aad[39] ?? 0, ...iv]) }, aad.subarray(0, 39)),
        "open-failed",
      );
      assert.equal(
        codeOf(() => encryptContent(suite, key.subarray(1), iv, aad, aad)),
        "length",
      );
    });

    test("a right tag over bad padding is the same refusal", () => {
      // whoever knows the key can authenticate anything: here a ciphertext whose padding does not hold
      const odd: CryptoSuite = {
        ...suite,
        encryptCbc: (k, i, p) => flip(suite.encryptCbc(k, i, p), 63 - 16),
      };
      const forged = encryptContent(odd, key, iv, aad, plaintext);
      assert.equal(
        codeOf(() => decryptContent(suite, key, aad, forged)),
        "open-failed",
      );
    });
  });
}
