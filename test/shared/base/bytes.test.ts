import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  compareBytes,
  concatBytes,
  decodeBase64,
  decodeBase64url,
  decodeHex,
  decodeUtf8,
  encodeBase64,
  encodeBase64url,
  encodeHex,
  encodeUtf8,
  equalBytes,
  readU32,
  readU64,
  writeU32,
  writeU64,
} from "../../../shared/base/bytes.ts";
import { codeOf } from "../../support/code-of.ts";

test("every text form gives its bytes back", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      assert.deepEqual(new Uint8Array(decodeBase64url(encodeBase64url(bytes))), bytes);
      assert.deepEqual(new Uint8Array(decodeBase64(encodeBase64(bytes))), bytes);
      assert.deepEqual(decodeHex(encodeHex(bytes)), bytes);
    }),
    { seed: 1 },
  );
});

test("RFC 4648 section 10 vectors", () => {
  const vectors = [
    ["", ""],
    ["f", "Zg=="],
    ["fo", "Zm8="],
    ["foo", "Zm9v"],
    ["foob", "Zm9vYg=="],
    ["fooba", "Zm9vYmE="],
    ["foobar", "Zm9vYmFy"],
  ] as const;
  for (const [text, base64] of vectors) {
    assert.equal(encodeBase64(encodeUtf8(text)), base64);
    assert.equal(decodeUtf8(decodeBase64(base64)), text);
    assert.equal(encodeBase64url(encodeUtf8(text)), base64.replaceAll("=", ""));
  }
});

test("base64url is refused unless it is the one text for its bytes", () => {
  // lenient decoders read all of these as something
  for (const text of ["QR", "QQ==", "QUJD*!", "QUJD\n", "a", "+/8", "Q Q", "QUI="]) {
    assert.equal(
      codeOf(() => decodeBase64url(text)),
      "base64",
      text,
    );
  }
  for (const text of ["QQ", "QR==", "Q===", "-_8=", "QQ=\n"]) {
    assert.equal(
      codeOf(() => decodeBase64(text)),
      "base64",
      text,
    );
  }
});

test("the portable codecs agree with the native ones", async () => {
  const buffer = globalThis.Buffer;
  try {
    // a fresh copy of the module that finds no native codecs, as in a browser
    Reflect.deleteProperty(globalThis, "Buffer");
    const portable = (await import(
      `${import.meta.resolve("../../../shared/base/bytes.ts").replace(/\.ts$/, ".js")}?portable`
    )) as typeof import("../../../shared/base/bytes.ts");
    globalThis.Buffer = buffer;
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => {
        assert.equal(portable.encodeBase64url(bytes), encodeBase64url(bytes));
        assert.equal(portable.encodeBase64(bytes), encodeBase64(bytes));
        assert.deepEqual(portable.decodeBase64url(encodeBase64url(bytes)), bytes);
        assert.deepEqual(portable.decodeBase64(encodeBase64(bytes)), bytes);
      }),
      { seed: 2 },
    );
    for (const text of ["QR", "QQ==", "QUJD*!", "a"]) {
      assert.throws(() => portable.decodeBase64url(text));
    }
  } finally {
    globalThis.Buffer = buffer;
  }
});

test("hex and UTF-8 are strict", () => {
  for (const text of ["0", "0G", "AB"])
    assert.equal(
      codeOf(() => decodeHex(text)),
      "hex",
    );
  assert.equal(
    codeOf(() => decodeUtf8(Uint8Array.of(0xc3, 0x28))),
    "utf8",
  );
  assert.equal(
    codeOf(() => decodeUtf8(Uint8Array.of(0xed, 0xa0, 0x80))),
    "utf8",
  );
  assert.equal(decodeUtf8(Uint8Array.of(0xef, 0xbb, 0xbf)), "\ufeff");
});

test("integers are big-endian and stay below 2^53", () => {
  const bytes = new Uint8Array(12);
  writeU32(bytes, 0, 0xdeadbeef);
  writeU64(bytes, 4, Number.MAX_SAFE_INTEGER);
  assert.equal(encodeHex(bytes), "deadbeef001fffffffffffff");
  assert.equal(readU32(bytes, 0), 0xdeadbeef);
  assert.equal(readU64(bytes, 4), Number.MAX_SAFE_INTEGER);
  assert.equal(
    codeOf(() => readU64(decodeHex("0020000000000000"), 0)),
    "length",
  );
});

test("comparison is of unsigned bytes, shorter first", () => {
  assert.ok(compareBytes(Uint8Array.of(1, 255), Uint8Array.of(2)) < 0);
  assert.ok(compareBytes(Uint8Array.of(1), Uint8Array.of(1, 0)) < 0);
  assert.ok(equalBytes(concatBytes(Uint8Array.of(1), Uint8Array.of(2)), Uint8Array.of(1, 2)));
  assert.ok(!equalBytes(Uint8Array.of(1), Uint8Array.of(1, 0)));
});
