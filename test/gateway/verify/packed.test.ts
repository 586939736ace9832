/** The readers' shortcuts give what the long way gives, byte for byte. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { writeBase64url } from "../../../gateway/verify/base64url-writer.ts";
import { BlobReader } from "../../../gateway/verify/blob-reader.ts";
import { LogTree } from "../../../gateway/verify/log-tree.ts";
import { PackedDay } from "../../../gateway/verify/packed-day.ts";
import { PackedLine2 } from "../../../gateway/verify/packed-line2.ts";
import { isCoded } from "../../../shared/base/error.ts";
import { computeRoot } from "../../../shared/chain/tree.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { packLine1, packLine2, unpackLine1, unpackLine2 } from "../../../shared/record/compact.ts";
import { dayHeaderPart } from "../../../shared/record/day-line.ts";
import { parseRecord } from "../../../shared/record/record.ts";
import { DAY_S, SampleChain, START } from "../../support/sample-chain.ts";

const chain = new SampleChain(nodeSuite, undefined, "packed");
const meter = chain.createMeter("352522395");
chain.append([chain.enrol(meter)], START);
const line1 = chain.day(meter, START, START + DAY_S);
const [line2 = ""] = chain.blobs;
const seeded = { seed: 11, numRuns: 300 };

test("base64url of any bytes, at any place, is what the platform writes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(9), fc.nat(9), (bytes, start, at) => {
      const from = Math.min(start, bytes.length);
      const target = new Uint8Array(200).fill(1);
      const end = writeBase64url(bytes, from, bytes.length, target, at);
      const text = Buffer.from(bytes.subarray(from)).toString("base64url");
      assert.equal(end, at + text.length);
      assert.equal(Buffer.from(target.subarray(at, end)).toString("latin1"), text);
      assert.ok([...target.subarray(0, at), ...target.subarray(end)].every((byte) => byte === 1));
    }),
    seeded,
  );
});

/** What PackedDay makes of stored bytes, which stand somewhere inside of others. */
function readPacked(packed: Uint8Array): string | undefined {
  const source = Buffer.concat([Buffer.from([1, 1, 1]), packed, Buffer.from([1, 1])]);
  const day = new PackedDay();
  if (!day.open(source, 3, 3 + packed.length)) return undefined;
  const kid = source.toString("base64url", day.kidAt, day.kidAt + 32);
  day.write(Buffer.from(`${dayHeaderPart(kid)}.`));
  assert.equal(day.leafInput[0], 0);
  const text = Buffer.from(day.leafInput.subarray(1)).toString("latin1");
  assert.equal(day.length, text.length);
  const { seq, payload } = parseRecord(nodeSuite, text) as ReturnType<typeof parseRecord> & {
    payload: { from: number; to: number };
  };
  assert.deepEqual([day.seq, day.from, day.to], [seq, payload.from, payload.to]);
  assert.equal(Buffer.from(day.signed).toString(), text.slice(0, text.lastIndexOf(".")));
  return text;
}

test("a packed day is the line that unpacking gives, or is left to the long way", () => {
  assert.equal(readPacked(packLine1(line1)), line1);
  fc.assert(
    fc.property(fc.nat(255), fc.nat(255), fc.nat(12), (at, value, cut) => {
      const packed = Uint8Array.from(packLine1(line1));
      packed[at % packed.length] = value;
      const bytes = packed.subarray(0, packed.length - (cut > 6 ? cut - 6 : 0));
      const text = readPacked(bytes);
      if (text !== undefined) assert.equal(text, unpackLine1(bytes));
    }),
    seeded,
  );
});

test("numbers up to 2^53-1 are written as they are, larger ones and seq 0 are left to the long way", () => {
  const numbers = fc.maxSafeNat();
  fc.assert(
    fc.property(numbers, numbers, numbers, (seq, from, to) => {
      const packed = Buffer.concat([
        packLine1(line1).subarray(0, 193),
        ...[seq, from, to].map(varint),
      ]);
      const text = readPacked(packed);
      if (seq === 0) assert.equal(text, undefined);
      else assert.equal(text, unpackLine1(packed));
    }),
    seeded,
  );
  const large = Buffer.concat([
    packLine1(line1).subarray(0, 193),
    varint(2 ** 53),
    varint(1),
    varint(2),
  ]);
  assert.equal(readPacked(large), undefined);
});

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}

test("a packed line 2 is the line that unpacking gives, or is left to the long way", () => {
  const writer = new PackedLine2();
  const write = (packed: Uint8Array) => {
    const source = Buffer.concat([Buffer.from([1, 1]), packed, Buffer.from([1])]);
    const text = writer.write(source, 2, 2 + packed.length);
    return text === undefined ? undefined : Buffer.from(text).toString("latin1");
  };
  const packed = packLine2(line2);
  assert.equal(write(packed), line2);
  fc.assert(
    fc.property(fc.nat(packed.length - 1), fc.nat(255), fc.nat(40), (at, value, cut) => {
      const changed = Uint8Array.from(packed).subarray(0, packed.length - cut);
      changed[at % changed.length] = value;
      const text = write(changed);
      if (text !== undefined) assert.equal(text, unpackLine2(changed));
    }),
    seeded,
  );
  // another form, and an empty one
  assert.equal(write(Buffer.concat([Buffer.from([0]), Buffer.from(line2)])), undefined);
  assert.equal(write(new Uint8Array(1)), undefined);
});

test("a line 2 in base64url is hashed only if it is canonical and UTF-8", () => {
  const reader = new BlobReader();
  const hash = (text: string) => createHash("sha256").update(text).digest("binary");
  const encode = (text: string) => Buffer.from(text).toString("base64url");
  assert.equal(reader.hashEncoded(encode(line2)), hash(line2));
  assert.equal(reader.hashEncoded(encode("x".repeat(100_000))), hash("x".repeat(100_000)));
  for (const wrong of [
    `${encode("ab")}=`,
    "YQ ",
    "YR",
    Buffer.from([0xff]).toString("base64url"),
  ]) {
    assert.equal(reader.hashEncoded(wrong), undefined, wrong);
  }
});

test("the log's root is the root of its leaves at every size", () => {
  const tree = new LogTree();
  const leaves: Uint8Array[] = [];
  for (let size = 0; size < 70; size++) {
    assert.equal(tree.size, size);
    assert.deepEqual(Uint8Array.from(tree.root()), Uint8Array.from(computeRoot(nodeSuite, leaves)));
    const leaf = randomBytes(32);
    leaves.push(leaf);
    tree.append(leaf.toString("latin1"));
  }
});

test("what is not packed as a day is refused by the reader with a code or read as text", () => {
  assert.throws(
    () => unpackLine1(Uint8Array.of(255)),
    (error) => isCoded(error, "form"),
  );
  assert.equal(readPacked(packLine1(chain.enrol(chain.createMeter("111111111")))), undefined);
});
