// The head's own SHA-256 and HMAC against published vectors and against Node's.
import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { test } from "node:test";
import { crc32 } from "../../../device/espruino/frame.ts";
import { hmacSha256, sha256 } from "../../../device/espruino/sha256.ts";
import { encodeHex, encodeUtf8 } from "../../../shared/base/bytes.ts";
import { seededBytes } from "../../support/seeded-bytes.ts";

test("FIPS 180-4: empty, abc, two blocks", () => {
  const of = (text: string): string => encodeHex(sha256(encodeUtf8(text)));
  assert.equal(of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  assert.equal(of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const long = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
  assert.equal(of(long), "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
});

test("RFC 4231: cases 1 and 2", () => {
  const key = new Uint8Array(20).fill(0x0b);
  assert.equal(
    encodeHex(hmacSha256(sha256, key, encodeUtf8("Hi There"))),
    "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
  );
  assert.equal(
    encodeHex(hmacSha256(sha256, encodeUtf8("Jefe"), encodeUtf8("what do ya want for nothing?"))),
    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
  );
});

test("every length around the block's ends agrees with Node's", () => {
  const random = seededBytes("head");
  for (let length = 0; length < 300; length++) {
    const message = random(length);
    const key = random(length % 65);
    assert.equal(encodeHex(sha256(message)), createHash("sha256").update(message).digest("hex"));
    assert.equal(
      encodeHex(hmacSha256(sha256, key, message)),
      createHmac("sha256", key).update(message).digest("hex"),
    );
  }
});

test("CRC-32: the check value of its definition", () => {
  assert.equal(crc32("123456789") >>> 0, 0xcbf43926);
});
