/** The readers' shortcuts give what the long way gives, byte for byte. */
import assert from "node:assert/strict";
import { isUtf8 } from "node:buffer";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { writeBase64url } from "../../../gateway/verify/base64url-writer.ts";
import { BlobReader } from "../../../gateway/verify/blob-reader.ts";
import { KidTable } from "../../../gateway/verify/kid-table.ts";
import { KidText } from "../../../gateway/verify/kid-text.ts";
import { LogTree } from "../../../gateway/verify/log-tree.ts";
import { PackedDay } from "../../../gateway/verify/packed-day.ts";
import { PackedLine2 } from "../../../gateway/verify/packed-line2.ts";
import { TextDay } from "../../../gateway/verify/text-day.ts";
import { isCoded } from "../../../shared/base/error.ts";
import { computeRoot } from "../../../shared/chain/tree.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { packLine1, packLine2, unpackLine1, unpackLine2 } from "../../../shared/record/compact.ts";
import type { DayForm } from "../../../shared/record/day-envelope.ts";
import { dayHeaderPart } from "../../../shared/record/day-line.ts";
import { formatProtectedHeader } from "../../../shared/record/line2-form.ts";
import { type ParsedRecord, parseRecord } from "../../../shared/record/record.ts";
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
  const hash = (bytes: string | Uint8Array) => createHash("sha256").update(bytes).digest("binary");
  const encode = (text: string) => Buffer.from(text).toString("base64url");
  const read = (text: string) => {
    const source = Buffer.from(`"${text}"`);
    return reader.hashEncoded(source, 1, source.length - 1);
  };
  assert.equal(read(encode(line2)), hash(line2));
  assert.equal(read(encode("x".repeat(100_000))), hash("x".repeat(100_000)));
  for (const wrong of [
    `${encode("ab")}=`,
    "YQ ",
    "YR",
    "Y",
    "Pj4+",
    "Pz8/",
    Buffer.from([0xff]).toString("base64url"),
  ]) {
    assert.equal(read(wrong), undefined, wrong);
  }
  const characters = fc.constantFrom(..."AEQgwYz09-_+/=. \n\u00ff");
  fc.assert(
    fc.property(fc.nat(70), fc.nat(70), characters, (length, at, character) => {
      const good = Buffer.from("y".repeat(length)).toString("base64url");
      const text = good.slice(0, at) + character + good.slice(at + 1);
      const bytes = Buffer.from(text, "base64url");
      const isGood = bytes.toString("base64url") === text && isUtf8(bytes);
      assert.equal(read(text), isGood ? hash(bytes) : undefined);
    }),
    seeded,
  );
});

test("a day as text is what parseRecord makes of it, or is left to the long way", () => {
  const { kid } = meter.key;
  const header = Buffer.from(`${dayHeaderPart(kid)}.`);
  const form: DayForm = {
    header,
    kid: Buffer.from(kid, "base64url"),
    protectedHeader: Buffer.alloc(0),
    recipients: [],
  };
  const day = new TextDay();
  const read = (text: string): boolean => {
    const source = Buffer.from(`12${text}"`, "latin1");
    if (!day.read(source, 2, source.length - 1, form)) return false;
    const record = parseRecord(nodeSuite, text) as ParsedRecord<"day">;
    const { ct, prev, pt, seq, from, to } = record.payload;
    assert.deepEqual([day.seq, day.from, day.to, record.kid], [seq, from, to, kid]);
    assert.equal(day.leafInput.toString("latin1"), `\0${text}`);
    assert.equal(day.length, text.length);
    assert.equal(day.signed.toString(), text.slice(0, text.lastIndexOf(".")));
    assert.equal(day.signature.toString("base64url"), text.slice(text.lastIndexOf(".") + 1));
    const hashes = Buffer.alloc(97);
    day.copyHashes(hashes, 1);
    const texts = [1, 33, 65].map((at) => hashes.toString("base64url", at, at + 32));
    assert.deepEqual(texts, [ct, prev, pt]);
    return true;
  };
  assert.ok(read(line1));
  const second = chain.day(meter, START + DAY_S, START + 2 * DAY_S);
  assert.ok(read(second));
  fc.assert(
    fc.property(fc.nat(line1.length - 1), fc.nat(255), fc.nat(9), (at, value, cut) => {
      const changed = line1.slice(0, at) + String.fromCharCode(value) + line1.slice(at + 1);
      read(changed.slice(0, changed.length - (cut > 6 ? cut - 6 : 0)));
    }),
    seeded,
  );
});

test("the heads of a key are written and read as they are formatted", () => {
  for (const format of [dayHeaderPart, (kid: string) => formatProtectedHeader("day", kid)]) {
    const head = new KidText(format);
    const kid = Buffer.alloc(32);
    for (let i = 0; i < 40; i++) {
      const raw = randomBytes(32);
      const text = format(raw.toString("base64url"));
      assert.equal(head.write(raw.toString("base64url"), ".").toString(), `${text}.`);
      assert.ok(head.read(Buffer.from(`1${text}`), 1, kid));
      assert.deepEqual(kid, raw);
    }
    assert.equal(head.read(Buffer.from("A".repeat(300)), 0, kid), false);
    assert.equal(head.read(Buffer.from("!".repeat(300)), 0, kid), false);
  }
});

test("a key is found by its kid's bytes, among many and beside its neighbours", () => {
  const table = new KidTable<number>();
  const kids = Array.from({ length: 500 }, (_, i) => {
    const kid = randomBytes(32);
    // Some begin alike: they belong to one place of the table.
    if (i % 5 === 0) kid.fill(7, 0, 4);
    return kid;
  });
  kids.forEach((kid, i) => {
    assert.equal(table.get(kid, 0), undefined);
    table.set(kid, i);
  });
  const all = Buffer.concat([Buffer.alloc(3), ...kids]);
  for (const i of kids.keys()) assert.equal(table.get(all, 3 + 32 * i), i);
  assert.equal(table.get(all, 4), undefined);
  table.set(kids[3] as Buffer, -3);
  assert.equal(table.get(all, 3 + 96), -3);
  assert.equal(table.get(all, 3 + 128), 4);
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
