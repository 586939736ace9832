import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ByteReader, ByteWriter } from "../../../gateway/projection/byte-codec.ts";

const SEED = { seed: 20261122 };

const value = fc.oneof(
  fc.maxSafeNat(),
  fc.nat(20_000),
  fc.constantFrom(0, 127, 128, 16_383, 16_384, 2 ** 53 - 1),
);
const text = fc.oneof(
  fc.string({ maxLength: 200 }),
  fc.string({ unit: "binary", maxLength: 200 }),
  fc.constantFrom("", "x".repeat(127), "x".repeat(128), `${"x".repeat(126)}\u00e9`),
);

test("what was written is read again, whatever memory it began with", () => {
  const property = fc.property(fc.array(fc.oneof(value, text)), fc.nat(64), (items, expected) => {
    const out = new ByteWriter(expected);
    for (const item of items) {
      if (typeof item === "number") out.varint(item);
      else out.text(item);
    }
    const input = new ByteReader(out.finish());
    for (const item of items) {
      assert.equal(typeof item === "number" ? input.varint() : input.text(), item);
    }
    assert.throws(() => input.byte(), RangeError);
  });
  fc.assert(property, { ...SEED, numRuns: 500 });
});

test("numbers take as few bytes as LEB128 needs, texts are UTF-8 after their length", () => {
  const out = new ByteWriter();
  for (const number of [0, 127, 128, 16_383, 16_384]) out.varint(number);
  out.text("a\u00e9");
  const hex = Buffer.from(out.finish()).toString("hex");
  assert.equal(hex, "007f8001ff7f8080010361c3a9");
});
