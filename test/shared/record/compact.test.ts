// Compact storage forms: whatever line goes in comes out, and lines of the template become small.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeBase64url, encodeBase64url, encodeUtf8 } from "../../../shared/base/bytes.ts";
import { isCoded } from "../../../shared/base/error.ts";
import { createRecipientKey, createSigningKey } from "../../../shared/crypto/key.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import {
  packDayLine1,
  packLine1,
  packLine2,
  packParsedLine2,
  unpackLine1,
  unpackLine2,
} from "../../../shared/record/compact.ts";
import { parseRecord, signRecord } from "../../../shared/record/record.ts";
import { parseLine2, sealLine2 } from "../../../shared/record/sealed-box.ts";
import { seededBytes } from "../../support/seeded-bytes.ts";

const random = seededBytes("compact");
const key = createSigningKey(nodeSuite, random);
const hash = (): string => encodeBase64url(random(32));

function day(numbers: { seq: number; from: number; to: number }): string {
  return signRecord(nodeSuite, key, "day", {
    v: 1,
    prev: hash(),
    ct: hash(),
    pt: hash(),
    ...numbers,
  });
}

function sealed(recipients: number, bytes: number, typ = "day"): string {
  return sealLine2(nodeSuite, {
    typ,
    plaintext: random(bytes),
    signer: key.kid,
    recipients: Array.from({ length: recipients }, () => {
      const { kid, jwk } = createRecipientKey(nodeSuite, random);
      return { kid, key: decodeBase64url(jwk.x) };
    }),
    randomBytes: random,
  });
}

test("a day's line 1 takes 204 bytes and comes back", () => {
  const line1 = day({ seq: 1, from: 1_704_063_600, to: 1_704_150_000 });
  const packed = packLine1(line1);
  assert.equal(packed[0], 1);
  assert.equal(packed.length, 1 + 192 + 1 + 5 + 5);
  assert.equal(unpackLine1(packed), line1);
});

test("what was parsed is packed to the same bytes without comparing", () => {
  const line1 = day({ seq: 300, from: 0, to: Number.MAX_SAFE_INTEGER });
  const record = parseRecord(nodeSuite, line1);
  assert.ok(record.typ === "day");
  assert.deepEqual([...packDayLine1(record)], [...packLine1(line1)]);
  for (const recipients of [1, 4]) {
    const line2 = sealed(recipients, 1024, "bill");
    assert.deepEqual([...packParsedLine2(parseLine2(line2))], [...packLine2(line2)]);
  }
});

test("numbers up to 2^53-1 come back", () => {
  const top = Number.MAX_SAFE_INTEGER;
  const line1 = day({ seq: top, from: 0, to: top });
  assert.equal(unpackLine1(packLine1(line1)), line1);
  assert.equal(packLine1(line1)[0], 1);
});

test("another type of record keeps its payload as text", () => {
  const line1 = signRecord(nodeSuite, key, "tariff", {
    v: 1,
    seq: 3,
    prev: hash(),
    id: "flat",
    ver: 1,
    body: { label: "Grundgebühr €" },
  });
  const packed = packLine1(line1);
  assert.equal(packed[0], 2);
  assert.ok(packed.length < line1.length);
  assert.equal(unpackLine1(packed), line1);
});

for (const recipients of [1, 2, 3, 4]) {
  test(`line 2 for ${recipients} recipients comes back`, () => {
    const line2 = sealed(recipients, 1024);
    const packed = packLine2(line2);
    assert.equal(packed[0], 1);
    assert.equal(packed.length, 2 + 3 + 32 + 16 + 32 + 1 + recipients * 136 + 1040);
    assert.equal(unpackLine2(packed), line2);
  });
}

test("a line that differs from the template in one character is kept as it is", () => {
  const lines = [day({ seq: 1, from: 10, to: 20 }), sealed(2, 64)] as const;
  fc.assert(
    fc.property(
      fc.nat(),
      fc.integer({ min: 0x20, max: 0x7e }),
      fc.boolean(),
      (place, code, second) => {
        const line = second ? lines[1] : lines[0];
        const at = place % line.length;
        const changed = line.slice(0, at) + String.fromCharCode(code) + line.slice(at + 1);
        const back = second ? unpackLine2(packLine2(changed)) : unpackLine1(packLine1(changed));
        assert.equal(back, changed);
      },
    ),
    { seed: 1, numRuns: 2_000 },
  );
});

test("any text comes back", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 300 }), (text) => {
      assert.equal(unpackLine1(packLine1(text)), text);
      assert.equal(unpackLine2(packLine2(text)), text);
    }),
    { seed: 2 },
  );
});

test("stored bytes of another form are refused", () => {
  const packed = packLine1(day({ seq: 1, from: 10, to: 20 }));
  const isForm = (error: unknown): boolean => isCoded(error, "form");
  assert.throws(() => unpackLine1(Uint8Array.of(9, 1, 2)), isForm);
  assert.throws(() => unpackLine2(Uint8Array.of(9, 1, 2)), isForm);
  assert.throws(() => unpackLine1(packed.subarray(0, packed.length - 2)), isForm);
  assert.equal(unpackLine1(Uint8Array.of(0, ...encodeUtf8("a.b.c"))), "a.b.c");
});
