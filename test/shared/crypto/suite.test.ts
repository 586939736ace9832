/** Known answers of the standards, and refusals of bad input: each case holds for both crypto suites. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { decodeHex, encodeBase64url, encodeHex, encodeUtf8 } from "../../../shared/base/bytes.ts";
import { isCoded } from "../../../shared/base/error.ts";
import type { ErrorCode } from "../../../shared/base/error-code.ts";
import { SUITES } from "../../support/crypto-suites.ts";
import { seededBytes } from "../../support/seeded-bytes.ts";

const hex = (text: string): Uint8Array => decodeHex(text.replaceAll(" ", ""));
const coded = (code: ErrorCode) => (error: unknown) => isCoded(error, code);

for (const suite of SUITES) {
  describe(`crypto suite ${suite.name}`, () => {
    test("SHA-256 of abc (FIPS 180-4, appendix B.1)", () => {
      assert.equal(
        encodeHex(suite.sha256(encodeUtf8("abc"))),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      );
      for (const text of ["", "abc", "\0line 1", "Grundgebühr €", "x".repeat(5_000)]) {
        const digest = suite.sha256(encodeUtf8(text));
        assert.equal(suite.sha256Text(text), Buffer.from(digest).toString("base64url"));
      }
    });

    test("HMAC-SHA-512 (RFC 4231, cases 1 and 2)", () => {
      assert.equal(
        encodeHex(suite.hmacSha512(hex("0b".repeat(20)), encodeUtf8("Hi There"))),
        "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde" +
          "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854",
      );
      assert.equal(
        encodeHex(suite.hmacSha512(encodeUtf8("Jefe"), encodeUtf8("what do ya want for nothing?"))),
        "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554" +
          "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
      );
    });

    test("AES key wrap (RFC 3394, sections 4.1 and 4.6)", () => {
      const cases = [
        {
          kek: "000102030405060708090a0b0c0d0e0f",
          key: "00112233445566778899aabbccddeeff",
          wrapped: "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5",
        },
        {
          kek: "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
          key: "00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f",
          wrapped:
            "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21",
        },
      ];
      for (const { kek, key, wrapped } of cases) {
        assert.equal(encodeHex(suite.wrapKey(hex(kek), hex(key))), wrapped);
        assert.equal(encodeHex(suite.unwrapKey(hex(kek), hex(wrapped))), key);
      }
    });

    test("unwrapping refuses every changed byte, another key and odd lengths", () => {
      const random = seededBytes("unwrap");
      const kek = random(32);
      const wrapped = suite.wrapKey(kek, random(64));
      for (let at = 0; at < wrapped.length; at++) {
        const changed = Uint8Array.from(wrapped);
        changed[at] = (changed[at] ?? 0) ^ 1;
        assert.throws(() => suite.unwrapKey(kek, changed), coded("open-failed"));
      }
      assert.throws(() => suite.unwrapKey(random(32), wrapped), coded("open-failed"));
      for (const length of [0, 8, 16, 23, 71]) {
        const cut = wrapped.subarray(0, length);
        assert.throws(() => suite.unwrapKey(kek, cut), coded("open-failed"));
      }
      assert.throws(() => suite.unwrapKey(random(31), wrapped), coded("length"));
      for (const length of [0, 8, 20]) {
        assert.throws(() => suite.wrapKey(kek, random(length)), coded("length"));
      }
    });

    test("AES-256-CBC (NIST SP 800-38A, F.2.5) and PKCS#7 padding of every length", () => {
      const key = hex("603deb1015ca71be2b73aef0857d7781 1f352c073b6108d72d9810a30914dff4");
      const iv = hex("000102030405060708090a0b0c0d0e0f");
      const sealed = suite.encryptCbc(key, iv, hex("6bc1bee22e409f96e93d7e117393172a"));
      assert.equal(encodeHex(sealed.subarray(0, 16)), "f58c4c04d6e5f1ba779eabfb5f7bfbd6");
      for (let length = 0; length <= 33; length++) {
        const plaintext = seededBytes(`cbc ${length}`)(length);
        const ciphertext = suite.encryptCbc(key, iv, plaintext);
        assert.equal(ciphertext.length, 16 * (Math.floor(length / 16) + 1));
        assert.deepEqual(suite.decryptCbc(key, iv, ciphertext), plaintext);
      }
      assert.throws(() => suite.decryptCbc(key, iv, sealed.subarray(0, 17)), coded("open-failed"));
      assert.throws(() => suite.decryptCbc(key, iv, sealed.subarray(0, 0)), coded("open-failed"));
      assert.throws(() => suite.decryptCbc(key, iv.subarray(1), sealed), coded("length"));
      assert.throws(() => suite.encryptCbc(key.subarray(1), iv, sealed), coded("length"));
    });

    test("X25519 (RFC 7748, section 6.1)", () => {
      const alice = hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
      const bob = hex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
      const alicePublic = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a";
      const bobPublic = "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f";
      const shared = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";
      assert.equal(encodeHex(suite.x25519Public(alice)), alicePublic);
      assert.equal(encodeHex(suite.x25519Public(bob)), bobPublic);
      assert.equal(encodeHex(suite.x25519(alice, hex(bobPublic))), shared);
      assert.equal(encodeHex(suite.x25519(bob, hex(alicePublic))), shared);
    });

    test("X25519 refuses points of small order and keys of other lengths", () => {
      const secret = seededBytes("small order")(32);
      // u = 0, 1, p-1, p, p+1 and the two points of order 8 (RFC 7748 section 7, cr.yp.to/ecdh.html)
      const smallOrder = [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
      ];
      for (const point of smallOrder) {
        assert.throws(() => suite.x25519(secret, hex(point)), coded("zero-shared-secret"));
      }
      assert.throws(() => suite.x25519(secret, secret.subarray(1)), coded("key-form"));
      assert.throws(() => suite.x25519(secret.subarray(1), secret), coded("key-form"));
      assert.throws(() => suite.x25519Public(secret.subarray(1)), coded("key-form"));
    });

    test("ES256 signatures have low s, verify, and bind key and message", () => {
      const random = seededBytes("es256");
      for (let round = 0; round < 12; round++) {
        const [secret, message] = [random(32), random(round * 7)];
        const signature = suite.sign(secret, message);
        const key = suite.importVerifyKey(suite.publicJwk(secret));
        assert.equal(signature.length, 64);
        assert.ok(
          encodeHex(signature.subarray(32)) <= `7fffffff800000007fffffffffffffff${"f".repeat(32)}`,
        );
        assert.equal(suite.verify(key, message, signature), true);
        assert.equal(suite.verify(key, random(9), signature), false);
        const other = suite.importVerifyKey(suite.publicJwk(random(32)));
        assert.equal(suite.verify(other, message, signature), false);
        for (const length of [0, 63, 65]) {
          const odd = new Uint8Array(length);
          odd.set(signature.subarray(0, Math.min(length, 64)));
          assert.equal(suite.verify(key, message, odd), false);
        }
      }
    });

    test("ES256 secrets outside 1…n-1 are refused", () => {
      const order = hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
      for (const secret of [new Uint8Array(32), order, new Uint8Array(31).fill(1)]) {
        assert.throws(() => suite.publicJwk(secret), coded("key-form"));
        assert.throws(() => suite.sign(secret, order), coded("key-form"));
      }
    });

    test("a key of the other suite is refused, not misread", () => {
      const other = SUITES.find(({ name }) => name !== suite.name);
      const secret = seededBytes("foreign key")(32);
      const key = other?.importVerifyKey(suite.publicJwk(secret));
      assert.ok(key);
      assert.throws(() => suite.verify(key, secret, new Uint8Array(64).fill(1)), coded("key-form"));
    });

    test("Ed25519 (RFC 8032, section 7.1, test 2)", () => {
      const secret = hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
      const publicKey = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
      const signature =
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" +
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
      assert.equal(encodeHex(suite.notePublicKey(secret)), publicKey);
      assert.equal(encodeHex(suite.signNote(secret, hex("72"))), signature);
      assert.equal(suite.verifyNote(hex(publicKey), hex("72"), hex(signature)), true);
      assert.equal(suite.verifyNote(hex(publicKey), hex("73"), hex(signature)), false);
      assert.equal(suite.verifyNote(hex(publicKey).subarray(1), hex("72"), hex(signature)), false);
      assert.equal(suite.verifyNote(hex(publicKey), hex("72"), hex(signature).subarray(1)), false);
      assert.throws(() => suite.signNote(secret.subarray(1), secret), coded("key-form"));
      assert.throws(() => suite.notePublicKey(secret.subarray(1)), coded("key-form"));
    });

    test("results are plain Uint8Arrays", () => {
      const random = seededBytes("plain");
      const [secret, kek] = [random(32), random(32)];
      const results = [
        suite.sha256(kek),
        suite.sign(secret, kek),
        suite.x25519(secret, suite.x25519Public(kek)),
        suite.unwrapKey(kek, suite.wrapKey(kek, secret)),
        suite.decryptCbc(kek, secret.subarray(16), suite.encryptCbc(kek, secret.subarray(16), kek)),
        suite.hmacSha512(kek, secret),
        suite.signNote(secret, kek),
        suite.notePublicKey(secret),
      ];
      for (const result of results)
        assert.equal(Object.getPrototypeOf(result), Uint8Array.prototype);
      assert.equal(suite.publicJwk(secret).x.length, encodeBase64url(kek).length);
    });
  });
}
