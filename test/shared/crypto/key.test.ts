/** Thumbprints, key pairs from random bytes, and the forms of public keys. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { calculateJwkThumbprint } from "jose";
import { encodeBase64url } from "../../../shared/base/bytes.ts";
import {
  createNoteKey,
  createRecipientKey,
  createSigningKey,
  decodeOkpKey,
  encodeOkpKey,
  type OkpPublicJwk,
  openNoteKey,
  openRecipientKey,
  openSigningKey,
  thumbprint,
} from "../../../shared/crypto/key.ts";
import { codeOf } from "../../support/code-of.ts";
import { SUITES } from "../../support/crypto-suites.ts";
import { seededBytes } from "../../support/seeded-bytes.ts";

for (const suite of SUITES) {
  describe(`keys, crypto suite ${suite.name}`, () => {
    test("thumbprint of RFC 8037 A.3", () => {
      const jwk = { crv: "Ed25519", kty: "OKP", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" };
      const expected = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";
      assert.equal(thumbprint(suite, jwk as unknown as OkpPublicJwk), expected);
    });

    test("kids are the thumbprints that jose computes", async () => {
      const signing = createSigningKey(suite, seededBytes("kid"));
      const recipient = createRecipientKey(suite, seededBytes("kid"));
      assert.equal(signing.kid, await calculateJwkThumbprint({ ...signing.jwk }));
      assert.equal(recipient.kid, await calculateJwkThumbprint({ ...recipient.jwk }));
      assert.equal(signing.kid.length, 43);
    });

    test("the same random bytes give the same keys in both suites, and stored secrets reopen", () => {
      const all = SUITES.map((one) => ({
        signing: createSigningKey(one, seededBytes("a")),
        recipient: createRecipientKey(one, seededBytes("b")),
        note: createNoteKey(one, "gw-1", seededBytes("c")),
      }));
      assert.deepEqual(all[0], all[1]);
      const { signing, recipient, note } = all[0] ?? assert.fail();
      assert.deepEqual(openSigningKey(suite, signing.secret), signing);
      assert.deepEqual(openRecipientKey(suite, recipient.secret), recipient);
      assert.deepEqual(openNoteKey(suite, "gw-1", note.secret), note);
      assert.equal(note.name, "gw-1");
    });

    test("a draw outside 1…n-1 is drawn again, a broken source is an error", () => {
      const draws = [new Uint8Array(32), new Uint8Array(32).fill(3)];
      const key = createSigningKey(suite, () => draws.shift() ?? assert.fail("a third draw"));
      assert.deepEqual(key.secret, new Uint8Array(32).fill(3));
      assert.equal(
        codeOf(() => createSigningKey(suite, () => new Uint8Array(32))),
        "key-form",
      );
      assert.equal(
        codeOf(() => createRecipientKey(suite, () => new Uint8Array(31))),
        "key-form",
      );
    });
  });
}

describe("X25519 JWKs", () => {
  test("encode and decode", () => {
    const key = seededBytes("okp")(32);
    assert.deepEqual(Uint8Array.from(decodeOkpKey(encodeOkpKey(key))), key);
  });

  test("other curves, sizes and encodings are refused", () => {
    const good = encodeOkpKey(seededBytes("okp")(32));
    assert.equal(
      codeOf(() => decodeOkpKey({ ...good, crv: "Ed25519" as "X25519" })),
      "key-form",
    );
    assert.equal(
      codeOf(() => decodeOkpKey({ ...good, kty: "EC" as "OKP" })),
      "key-form",
    );
    const short = encodeBase64url(new Uint8Array(31));
    assert.equal(
      codeOf(() => decodeOkpKey({ ...good, x: short })),
      "key-form",
    );
    assert.equal(
      codeOf(() => decodeOkpKey({ ...good, x: `${good.x}=` })),
      "base64",
    );
  });
});
