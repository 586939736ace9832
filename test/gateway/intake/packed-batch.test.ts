import assert from "node:assert/strict";
import { test } from "node:test";
import { BATCH_STRIDE, BatchBuilder, MAX_BATCH } from "../../../gateway/intake/packed-batch.ts";

test("envelopes come out as they went in, each after a zero byte", () => {
  const builder = new BatchBuilder();
  const payloads = [1, 100_000, 0, 30_000].map((size) => new Uint8Array(size).fill(size % 251));
  for (let round = 0; round < 3; round++) {
    payloads.forEach((payload, i) => {
      builder.push(352_000_000 + i, round, 65_535 - i, payload);
    });
    assert.equal(builder.count, payloads.length);
    const { bytes, index } = builder.take();
    assert.equal(index.length, payloads.length * BATCH_STRIDE);
    const all = new Uint8Array(bytes);
    payloads.forEach((payload, i) => {
      const [meter, epoch, packetId, at = 0, length = 0] = index.subarray(i * BATCH_STRIDE);
      assert.deepEqual([meter, epoch, packetId], [352_000_000 + i, round, 65_535 - i]);
      assert.equal(all[at - 1], 0);
      assert.deepEqual(all.subarray(at, at + length), payload);
    });
    assert.equal(builder.count, 0);
    // What comes back from a worker is used again, whatever it left there.
    builder.giveBack(all.fill(0xff).buffer);
  }
});

test("a batch is full at its bound, and what was given may change afterwards", () => {
  const builder = new BatchBuilder();
  const payload = Uint8Array.of(7);
  while (!builder.isFull) builder.push(1, 1, 1, payload);
  assert.equal(builder.count, MAX_BATCH);
  payload[0] = 8;
  const { bytes } = builder.take();
  assert.equal(new Uint8Array(bytes)[1], 7);
});
