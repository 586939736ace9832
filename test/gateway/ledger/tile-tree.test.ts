// The tree on disk against the plain one of RFC 6962, over sizes around every boundary.
import assert from "node:assert/strict";
import { test } from "node:test";
import Database from "better-sqlite3";
import { ReceiptMaker } from "../../../gateway/ledger/receipt-maker.ts";
import { TRUTH_TABLES } from "../../../gateway/ledger/schema.ts";
import { TileTree } from "../../../gateway/ledger/tile-tree.ts";
import { encodeHex } from "../../../shared/base/bytes.ts";
import { parseReceipt } from "../../../shared/chain/receipt.ts";
import {
  computeRoot,
  hashNode,
  type NodeReader,
  proveConsistency,
  proveInclusion,
} from "../../../shared/chain/tree.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { seededBytes } from "../../support/seeded-bytes.ts";

const random = seededBytes("tiles");
const LEAVES = Array.from({ length: 1_100 }, () => random(32));
const NOTE = "origin\n1\nAAAA\n\n\u2014 gw AAAA\n";

function plainNode(leaves: readonly Uint8Array[]): NodeReader {
  const read: NodeReader = (level, index) => {
    if (level === 0) return leaves[index] as Uint8Array;
    return hashNode(nodeSuite, read(level - 1, index * 2), read(level - 1, index * 2 + 1));
  };
  return read;
}

function withTree(work: (tree: TileTree, db: Database.Database) => void): void {
  const db = new Database(":memory:");
  db.exec(TRUTH_TABLES);
  work(new TileTree(db, nodeSuite, 0), db);
  db.close();
}

function rootOf(tree: TileTree): string {
  return encodeHex(tree.edgeRoot(0, tree.size));
}

test("appended in pieces of any length, the root is that of all leaves", () => {
  withTree((tree, db) => {
    const pieces = [1, 1, 61, 1, 1, 190, 1, 1, 255, 256, 1, 300];
    let size = 0;
    for (const piece of pieces) {
      tree.append(LEAVES.slice(size, size + piece));
      size += piece;
      const expected = encodeHex(computeRoot(nodeSuite, LEAVES.slice(0, size)));
      assert.equal(rootOf(tree), expected, `size ${size}`);
      assert.equal(rootOf(new TileTree(db, nodeSuite, size)), expected, `reopened at ${size}`);
    }
  });
});

test("truncated to any size and grown again, it is as if it had never been longer", () => {
  withTree((tree, db) => {
    for (const cut of [1_000, 769, 768, 767, 512, 257, 256, 255, 65, 64, 63, 1, 0]) {
      tree.append(LEAVES.slice(tree.size, 1_050));
      tree.truncate(cut);
      assert.equal(tree.size, cut);
      const rows = db.prepare("SELECT sum(length(hashes)) AS n FROM tile").get() as {
        n: number | null;
      };
      assert.equal(rows.n ?? 0, (cut + Math.floor(cut / 256)) * 32, `rows at ${cut}`);
      if (cut === 0) continue;
      assert.equal(rootOf(tree), encodeHex(computeRoot(nodeSuite, LEAVES.slice(0, cut))));
    }
  });
});

test("receipts hold the same paths as the plain proofs, for every leaf and many sizes", () => {
  for (const size of [1, 2, 3, 7, 8, 64, 65, 255, 256, 257, 513]) {
    withTree((tree) => {
      const leaves = LEAVES.slice(0, size);
      const node = plainNode(leaves);
      tree.append(leaves);
      const maker = new ReceiptMaker(nodeSuite, tree, size, NOTE);
      for (let index = 0; index < size; index += size > 70 ? 13 : 1) {
        const old = (index * 7) % (size + 1);
        const receipt = parseReceipt(maker.make(index, old));
        const hex = (hashes: readonly Uint8Array[]): string[] => hashes.map(encodeHex);
        assert.deepEqual(
          hex(receipt.inclusion),
          hex(proveInclusion(nodeSuite, index, size, node)),
          `index ${index} of ${size}`,
        );
        assert.deepEqual(
          hex(receipt.consistency),
          hex(proveConsistency(nodeSuite, old, size, node)),
        );
        assert.equal(receipt.checkpoint, NOTE);
      }
    });
  }
});

test("a receipt for an earlier size than the tree's is that of the earlier tree", () => {
  withTree((tree) => {
    tree.append(LEAVES.slice(0, 700));
    const node = plainNode(LEAVES.slice(0, 300));
    const maker = new ReceiptMaker(nodeSuite, tree, 300, NOTE);
    for (const index of [0, 255, 256, 299]) {
      assert.deepEqual(
        parseReceipt(maker.make(index, 0)).inclusion.map(encodeHex),
        proveInclusion(nodeSuite, index, 300, node).map(encodeHex),
      );
    }
  });
});

test("a node beyond the tree is not made up", () => {
  withTree((tree) => {
    tree.append(LEAVES.slice(0, 300));
    assert.throws(() => tree.node(0, 300), RangeError);
    assert.throws(() => tree.node(8, 1), RangeError);
  });
});
