/** Chain rule C1: size, form, canonical (records.md sections 1 and 3). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { compactVerify, importJWK } from "jose";
import { concatBytes, encodeBase64url, encodeUtf8 } from "../../../shared/base/bytes.ts";
import { createSigningKey } from "../../../shared/crypto/key.ts";
import { nobleSuite } from "../../../shared/crypto/noble-suite.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { formatJwsHeader } from "../../../shared/record/compact-jws.ts";
import { computePoint } from "../../../shared/record/meter-id.ts";
import type { PayloadByTyp } from "../../../shared/record/payload.ts";
import {
  computeLeaf,
  parseRecord,
  signRecord,
  verifyRecordSignature,
} from "../../../shared/record/record.ts";
import { codeOf } from "../../support/code-of.ts";
import { seededBytes } from "../../support/seeded-bytes.ts";

const H = (fill: number) => encodeBase64url(new Uint8Array(32).fill(fill));
const PAYLOAD: PayloadByTyp["day"] = {
  v: 1,
  seq: 1,
  prev: H(1),
  ct: H(2),
  pt: H(3),
  from: 0,
  to: 86_400,
};
const key = createSigningKey(nodeSuite, seededBytes("record"));

for (const suite of [nodeSuite, nobleSuite]) {
  test(`a signed record parses, verifies, and has its leaf (${suite.name})`, async () => {
    const line1 = signRecord(suite, key, "day", PAYLOAD);
    const record = parseRecord(suite, line1);
    assert.deepEqual([record.typ, record.kid, record.seq, record.prev], ["day", key.kid, 1, H(1)]);
    assert.deepEqual(record.payload, PAYLOAD);
    const leaf = suite.sha256(concatBytes(Uint8Array.of(0), encodeUtf8(line1)));
    assert.equal(record.leaf, encodeBase64url(leaf));
    assert.deepEqual(computeLeaf(suite, line1), leaf);
    for (const other of [nodeSuite, nobleSuite]) {
      assert.ok(verifyRecordSignature(other, other.importVerifyKey(key.jwk), line1));
    }
    const { protectedHeader } = await compactVerify(
      line1,
      await importJWK({ ...key.jwk }, "ES256"),
    );
    assert.equal(protectedHeader.typ, "wattproof-day+jws");
  });
}

/** A line with any header and payload text and a signature of the right length. */
function line(header: string, payload: string, signature = "A".repeat(86)): string {
  return `${encodeBase64url(encodeUtf8(header))}.${encodeBase64url(encodeUtf8(payload))}.${signature}`;
}
const codeOfLine = (text: string) => codeOf(() => parseRecord(nodeSuite, text));

test("each way in which a record is not canonical has its code", () => {
  const header = formatJwsHeader(key.kid, "day");
  const payload = JSON.stringify(Object.fromEntries(Object.entries(PAYLOAD).sort()));
  parseRecord(nodeSuite, line(header, payload));
  const headers = [
    header.replace("ES256", "none"),
    header.replace("ES256", "HS256"),
    header.replace('{"alg"', '{ "alg"'),
    header.replace("}", ',"crit":["b64"]}'),
    header.replace("}", ',"jku":"https://example.com"}'),
    header.replace(key.kid, `${key.kid.slice(0, 42)}B`),
    `{"kid":"${key.kid}","alg":"ES256","typ":"wattproof-day+jws"}`,
    header.replace("wattproof-day+jws", "JWT"),
  ];
  for (const bad of headers) assert.equal(codeOfLine(line(bad, payload)), "form", bad);
  assert.equal(codeOfLine(line(formatJwsHeader(key.kid, "unknown"), payload)), "typ");
  assert.equal(codeOfLine(line(formatJwsHeader(key.kid, "rotate"), payload)), "unsupported");
  const payloads: [string, string][] = [
    ["{", "json"],
    ["[]", "schema"],
    ["null", "schema"],
    [payload.replace('"v":1', '"v":2'), "newer"],
    [payload.replace('"v":1', '"future":1.5,"v":2'), "newer"],
    [payload.replace('"v":1', '"v":0'), "schema"],
    [payload.replace('"v":1', '"v":"1"'), "schema"],
    [payload.replace('"seq":1', '"seq":0'), "schema"],
    [payload.replace('"seq":1', '"seq":1.0'), "canonical"],
    [payload.replace('"seq":1', '"seq":1,"seq":1'), "canonical"],
    [payload.replace('"from":0,', ""), "schema"],
    [payload.replace('"from":0', '"extra":1,"from":0'), "schema"],
    [payload.replace("{", "{ "), "canonical"],
    [payload.replace(H(1), H(1).slice(1)), "schema"],
  ];
  for (const [text, code] of payloads) assert.equal(codeOfLine(line(header, text)), code, text);
});

test("form and size come before anything is decoded", () => {
  const good = signRecord(nodeSuite, key, "day", PAYLOAD);
  const [h, p, s] = good.split(".") as [string, string, string];
  for (const bad of [
    "",
    "a.b",
    `${h}.${p}`,
    `${h}.${p}.${s}A`,
    `${h}.${p}.${s.slice(1)}`,
    `${h}=.${p}.${s}`,
  ]) {
    assert.equal(codeOfLine(bad), "form", bad.slice(-20));
  }
  // the last character of 86 carries four zero bits
  assert.equal(codeOfLine(`${h}.${p}.${s.slice(0, 85)}B`), "base64");
  assert.equal(codeOfLine(`${h}.${"A".repeat(4_096)}.${s}`), "json");
  const long = JSON.stringify({ v: 1, x: "a".repeat(5_000) });
  assert.equal(codeOfLine(line(formatJwsHeader(key.kid, "day"), long)), "size");
  assert.equal(codeOfLine("a".repeat(65_536)), "size");
});

test("a tariff body is any canonical object of at most 16,384 bytes", () => {
  const tariff = (body: object) =>
    signRecord(nodeSuite, key, "tariff", {
      v: 1,
      seq: 1,
      prev: H(1),
      id: "flat",
      ver: 1,
      body: body as never,
    });
  parseRecord(nodeSuite, tariff({ label: "G\u00fcnstig", deep: { a: [1, "x"] } }));
  parseRecord(nodeSuite, tariff({ a: "x".repeat(16_384 - 8) }));
  assert.equal(codeOfLine(tariff({ a: "x".repeat(16_384 - 7) })), "schema");
});

test("revoke, correction, exchange and credit have exactly their members", () => {
  const own = { v: 1, seq: 1, prev: H(1) };
  const sealed = { ...own, ct: H(2), pt: H(3) };
  const span = { from: 5, to: 6 };
  const payloads: readonly [string, object, wrong: readonly object[]][] = [
    [
      "revoke",
      { ...own, kid: H(4), last: 0, reason: "lost" },
      [{ last: -1 }, { reason: "Lost" }, { reason: "" }, { kid: "x" }, { ct: H(2) }],
    ],
    [
      "correction",
      { ...sealed, point: H(4), ...span },
      [{ of: "" }, { from: -1 }, { point: H(4).slice(1) }, { reason: "lost" }, { pt: undefined }],
    ],
    ["correction", { ...sealed, point: H(4), ...span, of: H(5) }, [{ of: 5 }]],
    [
      "exchange",
      { ...sealed, point: H(4), old: H(5), new: H(6), at: 7 },
      [{ at: "7" }, { old: undefined }, { new: undefined }, { final: 1 }],
    ],
    [
      "credit",
      { ...sealed, bill: H(4), days: H(5), n: 0 },
      [{ n: -1 }, { point: H(6) }, { tariffs: [] }],
    ],
  ];
  for (const [typ, payload, wrong] of payloads) {
    const of = (change: object) => {
      const changed = Object.entries({ ...payload, ...change }).filter(
        ([, value]) => value !== undefined,
      );
      const text = JSON.stringify(Object.fromEntries(changed.sort(([a], [b]) => (a < b ? -1 : 1))));
      return line(formatJwsHeader(key.kid, typ), text);
    };
    assert.equal(parseRecord(nodeSuite, of({})).typ, typ);
    for (const change of wrong) {
      assert.equal(codeOfLine(of(change)), "schema", `${typ} ${JSON.stringify(change)}`);
    }
  }
});

test("a metering point is a salted hash", () => {
  const salt = new Uint8Array(32).fill(7);
  const expected = nodeSuite.sha256(concatBytes(encodeUtf8("wattproof-point/v1\n352522395"), salt));
  assert.equal(computePoint(nobleSuite, "352522395", salt), encodeBase64url(expected));
  assert.equal(
    codeOf(() => computePoint(nodeSuite, "35252239", salt)),
    "schema",
  );
  assert.equal(
    codeOf(() => computePoint(nodeSuite, "352522395", salt.subarray(1))),
    "length",
  );
});
