/**
 * Project Wycheproof (C2SP) on both suites: X25519, AES-CBC with PKCS#7 padding, and SHA-256 by way of HMAC.
 *
 * The files lie beside the project, not in it; each test skips with one line where they are absent.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { concatBytes, decodeHex, encodeHex } from "../../../shared/base/bytes.ts";
import { isCoded } from "../../../shared/base/error.ts";
import { SUITES } from "../../support/crypto-suites.ts";
import { readSharedJson } from "../../support/json-file.ts";
import { requireSharedData } from "../../support/project-root.ts";

interface Vectors<Case> {
  readonly numberOfTests: number;
  readonly testGroups: readonly {
    readonly tagSize?: number;
    readonly tests: readonly (Case & {
      readonly tcId: number;
      readonly result: "valid" | "invalid" | "acceptable";
      readonly flags: readonly string[];
    })[];
  }[];
}

const folder = ["vectors", "wycheproof"] as const;

/** `read()` as hex, or undefined if it is refused with `code`. */
function hexUnless(
  code: Parameters<typeof isCoded>[1],
  read: () => Uint8Array,
): string | undefined {
  try {
    return encodeHex(read());
  } catch (error) {
    if (isCoded(error, code)) return undefined;
    throw error;
  }
}

for (const suite of SUITES) {
  describe(`Wycheproof, crypto suite ${suite.name}`, () => {
    test("X25519: every shared secret; an all-zero one is refused", (t) => {
      if (!requireSharedData(t, ...folder, "x25519_test.json")) return;
      type Case = { readonly public: string; readonly private: string; readonly shared: string };
      const vectors = readSharedJson<Vectors<Case>>(...folder, "x25519_test.json");
      let seen = 0;
      for (const item of vectors.testGroups.flatMap(({ tests }) => tests)) {
        const shared = hexUnless("zero-shared-secret", () =>
          suite.x25519(decodeHex(item.private), decodeHex(item.public)),
        );
        const expected = /^0+$/.test(item.shared) ? undefined : item.shared;
        assert.equal(shared, expected, `tcId ${item.tcId}`);
        seen++;
      }
      assert.equal(seen, vectors.numberOfTests);
    });

    test("AES-CBC-PKCS5: ciphertexts of valid cases, refusal of every bad padding", (t) => {
      if (!requireSharedData(t, ...folder, "aes_cbc_pkcs5_test.json")) return;
      type Case = { readonly [name in "key" | "iv" | "msg" | "ct"]: string };
      const vectors = readSharedJson<Vectors<Case>>(...folder, "aes_cbc_pkcs5_test.json");
      let seen = 0;
      for (const item of vectors.testGroups.flatMap(({ tests }) => tests)) {
        const [key, iv] = [decodeHex(item.key), decodeHex(item.iv)];
        const opened = hexUnless("open-failed", () =>
          suite.decryptCbc(key, iv, decodeHex(item.ct)),
        );
        assert.equal(opened, item.result === "valid" ? item.msg : undefined, `tcId ${item.tcId}`);
        if (item.result === "valid") {
          assert.equal(encodeHex(suite.encryptCbc(key, iv, decodeHex(item.msg))), item.ct);
        }
        seen++;
      }
      assert.equal(seen, vectors.numberOfTests);
    });

    test("SHA-256, by HMAC built on it (RFC 2104)", (t) => {
      if (!requireSharedData(t, ...folder, "hmac_sha256_test.json")) return;
      type Case = { readonly key: string; readonly msg: string; readonly tag: string };
      const vectors = readSharedJson<Vectors<Case>>(...folder, "hmac_sha256_test.json");
      const hmac = (key: Uint8Array, message: Uint8Array): Uint8Array => {
        const block = new Uint8Array(64);
        block.set(key.length > 64 ? suite.sha256(key) : key);
        const inner = suite.sha256(
          concatBytes(
            block.map((byte) => byte ^ 0x36),
            message,
          ),
        );
        return suite.sha256(
          concatBytes(
            block.map((byte) => byte ^ 0x5c),
            inner,
          ),
        );
      };
      let seen = 0;
      for (const { tagSize = 256, tests } of vectors.testGroups) {
        for (const item of tests) {
          const mac = hmac(decodeHex(item.key), decodeHex(item.msg)).subarray(0, tagSize / 8);
          assert.equal(encodeHex(mac) === item.tag, item.result === "valid", `tcId ${item.tcId}`);
          seen++;
        }
      }
      assert.equal(seen, vectors.numberOfTests);
    });
  });
}
