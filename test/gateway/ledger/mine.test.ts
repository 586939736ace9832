// The nonce search: native and portable hashes find the same nonce, and the thread can be stopped.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { createPortableHash, loadNativeHash } from "../../../gateway/ledger/batch-hash.ts";
import { ABORT, BATCH, BATCHES, CONTROL_WORDS, mine } from "../../../gateway/ledger/mine.ts";
import { Miner } from "../../../gateway/ledger/miner.ts";
import { targetBytes } from "../../../gateway/ledger/target.ts";
import { encodeHex } from "../../../shared/base/bytes.ts";
import { hashBlock } from "../../../shared/chain/block.ts";
import { bitsOfWork, requireWork } from "../../../shared/chain/work.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { seededBytes } from "../../support/seeded-bytes.ts";

const control = (): Int32Array => new Int32Array(new SharedArrayBuffer(CONTROL_WORDS * 4));
const portable = createPortableHash();

test("the portable hash is SHA-256 of each 64-byte message", () => {
  const random = seededBytes("portable");
  const input = random(64 * 5);
  for (let at = 64; at < input.length; at += 64) input.set(input.subarray(0, 32), at);
  const output = new Uint8Array(32 * 5);
  portable(input, output);
  for (let i = 0; i < 5; i++) {
    const expected = createHash("sha256")
      .update(input.subarray(i * 64, i * 64 + 64))
      .digest("hex");
    assert.equal(encodeHex(output.subarray(i * 32, i * 32 + 32)), expected);
  }
});

test("both hashes find the same nonce, which meets the target", async (context) => {
  const random = seededBytes("mine");
  const native = await loadNativeHash();
  for (const bits of [0x207fffff, bitsOfWork(100n), bitsOfWork(20_000n)]) {
    const headerHash = random(32);
    const start = random(32);
    const target = targetBytes(bits);
    const { nonce, hashes } = mine(headerHash, target, {
      start,
      hash: portable,
      control: control(),
    });
    assert.ok(nonce);
    requireWork(hashBlock(nodeSuite, headerHash, nonce), bits);
    if (native === undefined) {
      context.diagnostic("@chainsafe/hashtree is not installed here");
      continue;
    }
    const other = mine(headerHash, target, { start, hash: native, control: control() });
    assert.deepEqual(other, { nonce, hashes });
  }
});

test("the search goes on over the end of the low word and of the whole nonce", () => {
  const start = new Uint8Array(32).fill(0xff);
  const seen: string[] = [];
  const words = control();
  const hash = (input: Uint8Array, output: Uint8Array): void => {
    seen.push(encodeHex(input.subarray(32, 64)), encodeHex(input.subarray(input.length - 32)));
    output.fill(0xff);
    if (seen.length === 4) words[ABORT] = 1;
  };
  const target = targetBytes(bitsOfWork(1_000_000n));
  const { nonce, hashes } = mine(new Uint8Array(32), target, { start, hash, control: words });
  assert.equal(nonce, undefined);
  assert.equal(hashes, 2 * BATCH);
  assert.equal(words[BATCHES], 2);
  assert.deepEqual(seen, [
    `${"ff".repeat(30)}fc00`,
    "ff".repeat(32),
    "00".repeat(32),
    `${"00".repeat(30)}03ff`,
  ]);
});

test("the thread mines, counts, and stops when told", async () => {
  const miner = new Miner();
  try {
    const headerHash = new Uint8Array(32).fill(3);
    const easy = targetBytes(bitsOfWork(5_000n));
    const found = await miner.mine(headerHash, easy, new Uint8Array(32));
    assert.ok(found.nonce);
    requireWork(hashBlock(nodeSuite, headerHash, found.nonce), bitsOfWork(5_000n));
    assert.equal(miner.hashes, found.hashes);
    // 2^200 tries: only the abort ends it.
    const hopeless = miner.mine(
      headerHash,
      targetBytes(bitsOfWork(1n << 200n)),
      new Uint8Array(32),
    );
    await new Promise((resolve) => setTimeout(resolve, 20));
    await miner.abort();
    assert.equal((await hopeless).nonce, undefined);
    const again = await miner.mine(headerHash, easy, new Uint8Array(32));
    assert.deepEqual(again.nonce, found.nonce);
    // A new search ends the one before it.
    const first = miner.mine(headerHash, targetBytes(bitsOfWork(1n << 200n)), new Uint8Array(32));
    const second = await miner.mine(headerHash, easy, new Uint8Array(32));
    assert.equal((await first).nonce, undefined);
    assert.deepEqual(second.nonce, found.nonce);
  } finally {
    await miner.close();
  }
});

test("without its thread the miner says so instead of waiting for ever", async () => {
  const miner = new Miner({ native: false });
  await miner.close();
  await assert.rejects(miner.mine(new Uint8Array(32), new Uint8Array(32), new Uint8Array(32)));
});
