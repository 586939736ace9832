/** RFC 6962 section 2.1, RFC 9162 sections 2.1.3.2 and 2.1.4.2. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { concatBytes, decodeHex, encodeHex } from "../../../shared/base/bytes.ts";
import {
  CompactRange,
  computeRoot,
  hashEmptyTree,
  hashNode,
  type NodeReader,
  proveConsistency,
  proveInclusion,
  verifyConsistency,
  verifyInclusion,
} from "../../../shared/chain/tree.ts";
import { nobleSuite } from "../../../shared/crypto/noble-suite.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { codeOf } from "../../support/code-of.ts";
import { requireSharedData, sharedDataPath } from "../../support/project-root.ts";
import { seededBytes } from "../../support/seeded-bytes.ts";

const suite = nodeSuite;
const LARGEST = 33;
const random = seededBytes("tree");
const leaves = Array.from({ length: LARGEST }, () => random(32));
const node: NodeReader = (level, index) =>
  level === 0
    ? (leaves[index] as Uint8Array)
    : hashNode(suite, node(level - 1, 2 * index), node(level - 1, 2 * index + 1));

/** MTH as RFC 6962 writes it, independent of the compact range. */
function recursiveRoot(list: readonly Uint8Array[]): Uint8Array {
  if (list.length === 0) return hashEmptyTree(suite);
  if (list.length === 1) return list[0] as Uint8Array;
  const k = 2 ** Math.ceil(Math.log2(list.length) - 1);
  return hashNode(suite, recursiveRoot(list.slice(0, k)), recursiveRoot(list.slice(k)));
}

for (const each of [nobleSuite, nodeSuite]) {
  test(`the known roots for 0 to 8 leaves (${each.name})`, (t) => {
    if (!requireSharedData(t, "vectors/merkle/rfc6962_roots.json")) return;
    const vectors = JSON.parse(
      readFileSync(sharedDataPath("vectors/merkle/rfc6962_roots.json"), "utf8"),
    ) as { leaf_inputs_hex: string[]; root_by_size: string[] };
    const hashes = vectors.leaf_inputs_hex.map((hex) =>
      each.sha256(concatBytes(Uint8Array.of(0), decodeHex(hex))),
    );
    assert.equal(vectors.root_by_size.length, 9);
    vectors.root_by_size.forEach((root, size) => {
      assert.equal(encodeHex(computeRoot(each, hashes.slice(0, size))), root);
    });
  });
}

test("a compact range has the root of the recursive definition, and survives storage", () => {
  let range = new CompactRange(suite);
  for (let size = 0; size <= LARGEST; size++) {
    assert.deepEqual(range.root(), recursiveRoot(leaves.slice(0, size)));
    range = CompactRange.fromBytes(suite, size, range.clone().toBytes());
    if (size < LARGEST) range.append(leaves[size] as Uint8Array);
  }
  assert.equal(
    codeOf(() => CompactRange.fromBytes(suite, 3, new Uint8Array(32))),
    "length",
  );
  assert.equal(
    codeOf(() => CompactRange.fromBytes(suite, 1, new Uint8Array(31))),
    "length",
  );
});

test("every inclusion proof of every size verifies, and no other leaf, index or size with it", () => {
  for (let size = 1; size <= LARGEST; size++) {
    const root = computeRoot(suite, leaves.slice(0, size));
    for (let index = 0; index < size; index++) {
      const path = proveInclusion(suite, index, size, node);
      const leaf = leaves[index] as Uint8Array;
      verifyInclusion(suite, leaf, index, size, path, root);
      const refuse = (l: Uint8Array, i: number, p: readonly Uint8Array[]) =>
        assert.equal(
          codeOf(() => verifyInclusion(suite, l, i, size, p, root)),
          "proof",
        );
      refuse(root, index, [...path, leaf]);
      if (path.length > 0) {
        refuse(leaf, index, path.slice(1));
        refuse(leaf, index, path.slice(0, -1));
        refuse(leaf, (index + 1) % size, path);
        refuse(random(32), index, path);
      }
      refuse(leaf, index + size, path);
      refuse(leaf, -1, path);
    }
  }
});

test("every consistency proof verifies, and none between other roots", () => {
  for (let size = 0; size <= LARGEST; size++) {
    const root = computeRoot(suite, leaves.slice(0, size));
    for (let old = 0; old <= size; old++) {
      const oldRoot = computeRoot(suite, leaves.slice(0, old));
      const path = proveConsistency(suite, old, size, node);
      verifyConsistency(suite, old, oldRoot, size, root, path);
      const refuse = (a: Uint8Array, b: Uint8Array, p: readonly Uint8Array[]) =>
        assert.equal(
          codeOf(() => verifyConsistency(suite, old, a, size, b, p)),
          "proof",
        );
      refuse(oldRoot, root, [...path, root]);
      if (old === 0) continue;
      refuse(random(32), root, path);
      refuse(oldRoot, random(32), path);
      if (old < size) refuse(oldRoot, root, path.slice(1));
    }
    assert.equal(
      codeOf(() => verifyConsistency(suite, size + 1, root, size, root, [])),
      "proof",
    );
  }
});

test("any one-bit change of a proof is refused", () => {
  const size = 23;
  const root = computeRoot(suite, leaves.slice(0, size));
  const inclusion = proveInclusion(suite, 9, size, node);
  const consistency = proveConsistency(suite, 14, size, node);
  const oldRoot = computeRoot(suite, leaves.slice(0, 14));
  const flip = (path: readonly Uint8Array[], bit: number): Uint8Array[] =>
    path.map((hash, i) => {
      const copy = hash.slice();
      const at = Math.floor(bit / 8) % 32;
      if (i === Math.floor(bit / 256)) copy[at] = (copy[at] ?? 0) ^ (1 << (bit % 8));
      return copy;
    });
  for (let bit = 0; bit < inclusion.length * 256; bit++) {
    const leaf = leaves[9] as Uint8Array;
    const verify = () => verifyInclusion(suite, leaf, 9, size, flip(inclusion, bit), root);
    assert.equal(codeOf(verify), "proof");
  }
  for (let bit = 0; bit < consistency.length * 256; bit++) {
    const path = flip(consistency, bit);
    assert.equal(
      codeOf(() => verifyConsistency(suite, 14, oldRoot, size, root, path)),
      "proof",
    );
  }
});

test("a node never passes as a leaf, and an odd leaf is not doubled (CVE-2012-2459)", () => {
  const [a, b, c] = leaves as [Uint8Array, Uint8Array, Uint8Array];
  assert.notDeepEqual(computeRoot(suite, [a, b, c]), computeRoot(suite, [a, b, c, c]));
  assert.notDeepEqual(hashNode(suite, a, b), suite.sha256(concatBytes(Uint8Array.of(0), a, b)));
});
