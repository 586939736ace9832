/** The strict rule for notes: frozen cases with torsion, small order and odd encodings, on both suites. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { decodeHex } from "../../../shared/base/bytes.ts";
import { decodeNoteKey, isNoteSignatureForm } from "../../../shared/crypto/note-rule.ts";
import { SUITES } from "../../support/crypto-suites.ts";
import { buildNoteVectors, type NoteCase, type VectorFile } from "../../support/crypto-vectors.ts";
import { readVectors } from "../../support/json-file.ts";

const vectors = readVectors<VectorFile<NoteCase>>("ed25519-note.json");

describe("notes", () => {
  test("the frozen cases are those that the builder makes", () => {
    assert.deepEqual(vectors, buildNoteVectors());
  });

  for (const suite of SUITES) {
    for (const item of vectors.cases) {
      test(`${suite.name}: ${item.name} is ${item.valid ? "valid" : "refused"}`, () => {
        const [key, message, signature] = [item.publicKey, item.message, item.signature].map(
          decodeHex,
        );
        assert.ok(key && message && signature);
        assert.equal(suite.verifyNote(key, message, signature), item.valid);
        // once more: the node suite has the key in its cache now
        assert.equal(suite.verifyNote(key, message, signature), item.valid);
      });
    }
  }

  test("the cases would pass a laxer rule, so they do test this one", () => {
    assert.equal(vectors.cases.filter(({ valid, zip215 }) => zip215 && !valid).length, 12);
  });

  test("keys: only canonical, torsion-free points other than the identity decode", () => {
    const verdict = (name: string) => {
      const item = vectors.cases.find((candidate) => candidate.name === name);
      assert.ok(item);
      return decodeNoteKey(decodeHex(item.publicKey)) !== undefined;
    };
    assert.equal(verdict("another nonce"), true);
    for (const name of [
      "mixed key",
      "identity key",
      "identity key, y + p",
      "identity key, signed zero",
      "key of order 4, y of p",
      "key of order 8, k a multiple of 8",
      "key that is no point",
    ]) {
      assert.equal(verdict(name), false, name);
    }
    assert.equal(decodeNoteKey(new Uint8Array(31)), undefined);
  });

  test("signatures: 64 bytes, S below L, R not the identity", () => {
    const order = decodeHex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    const below = Uint8Array.from(order);
    below[0] = 0xec;
    const form = (r: readonly number[], s: Uint8Array) => {
      const signature = new Uint8Array(64);
      signature.set(r);
      signature.set(s, 32);
      return isNoteSignatureForm(signature);
    };
    assert.equal(form([2], below), true);
    assert.equal(form([2], order), false);
    assert.equal(form([1], below), false);
    assert.equal(form([1, 1], below), true);
    assert.equal(isNoteSignatureForm(new Uint8Array(63)), false);
  });
});
