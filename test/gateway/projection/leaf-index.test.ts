/** Positions by hash: while the log grows, and after a branch has replaced another one. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { ChainReader } from "../../../gateway/projection/chain-reader.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { foundHouse, TestLedger } from "../../support/test-ledger.ts";

const house = foundHouse(2);
const [a, b] = [new TestLedger(house, 0), new TestLedger(house, 1)];
after(() => {
  a.close();
  b.close();
});

/** Enrols so many meters, a block each; their leaves. */
function grow(t: TestLedger, blocks: number, meters: number): string[] {
  return Array.from({ length: blocks }, () => {
    const leaves = Array.from({ length: meters }, () => t.enrol().prev);
    t.mine();
    return leaves;
  }).flat();
}

test("every record is found where it is, and nothing else", () => {
  const chain = new ChainReader(a.ledger.db, nodeSuite);
  const leaves = grow(a, 1, 3);
  assert.deepEqual(
    leaves.map((leaf) => chain.positionOf(leaf)),
    [1, 2, 3],
  );
  // Past a row of 64 hashes, a tile of 256, and the first table.
  const more = grow(a, 3, 230);
  more.forEach((leaf, i) => {
    assert.equal(chain.positionOf(leaf), 4 + i);
    assert.equal(chain.leafAt(4 + i), leaf);
  });
  assert.equal(chain.positionOf("A".repeat(43)), undefined);
  assert.equal(chain.positionOf("short"), undefined);
  assert.equal(chain.leafAt(1_000_000), "");
});

test("a longer branch takes the place of what was indexed", () => {
  const chain = new ChainReader(a.ledger.db, nodeSuite);
  const old = chain.leafAt(5);
  assert.equal(chain.positionOf(old), 5);
  const leaves = grow(b, 6, 2);
  for (let height = 1; height <= 6; height++) {
    const block = b.ledger.block(height);
    assert.ok(block);
    a.ledger.append(block);
  }
  assert.equal(a.ledger.tip().logSize, 13, "the branch with more work");
  assert.equal(chain.positionOf(old), undefined);
  assert.deepEqual(
    leaves.map((leaf) => chain.positionOf(leaf)),
    leaves.map((_, i) => i + 1),
  );
});
