import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json } from "../../../shared/base/canonical-json.ts";
import {
  arrayOf,
  code,
  compactJws,
  type Decoder,
  date,
  hash,
  integer,
  literal,
  natural,
  object,
  text,
  tuple,
} from "../../../shared/base/decoder.ts";
import { WattproofError } from "../../../shared/base/error.ts";
import { ERROR_CODES } from "../../../shared/base/error-code.ts";

function pathOfRefusal(decode: Decoder<unknown>, value: unknown): string {
  try {
    decode(value as Json, "root");
  } catch (error) {
    assert.ok(error instanceof WattproofError && error.code === "schema");
    return String(error.detail["path"]);
  }
  throw new Error("nothing was refused");
}

test("an object has its required members, may have its optional ones, and no others", () => {
  const decode = object({ a: natural, b: arrayOf(tuple(natural, text)) }, { c: code });
  assert.deepEqual(decode({ a: 1, b: [[2, "x"]] }, "root"), { a: 1, b: [[2, "x"]] });
  assert.deepEqual(decode({ a: 1, b: [], c: "ok" }, "root"), { a: 1, b: [], c: "ok" });
  assert.equal(pathOfRefusal(decode, { b: [] }), "root.a");
  assert.equal(pathOfRefusal(decode, { a: 1, b: [[2, ""]] }), "root.b[0][1]");
  assert.equal(pathOfRefusal(decode, { a: 1, b: [], d: 1 }), "root.d");
  assert.equal(pathOfRefusal(decode, { a: 1, b: [], toString: 1 }), "root.toString");
  assert.equal(pathOfRefusal(decode, { a: 1, b: [], c: undefined }), "root.c");
  assert.equal(pathOfRefusal(decode, [1]), "root");
  assert.equal(pathOfRefusal(decode, "x"), "root");
});

test("scalars keep to their ranges and forms", () => {
  const refused: [Decoder<unknown>, unknown][] = [
    [integer(1, 3), 0],
    [integer(1, 3), 4],
    [natural, "1"],
    [natural, 1.5],
    [literal<1 | "a">(1, "a"), 2],
    [code, "A"],
    [code, ""],
    [code, "a".repeat(33)],
    [text, ""],
    [text, "\u{1f600}".repeat(201)],
    [date, "2024-13-01"],
    [date, "2024-1-1"],
    [hash, "A".repeat(42)],
    [hash, `${"A".repeat(42)}B`],
    [compactJws, "a.b"],
    [arrayOf(natural, 1, 2), []],
    [arrayOf(natural, 1, 2), [1, 2, 3]],
    [tuple(natural), [1, 2]],
  ];
  for (const [decode, value] of refused)
    assert.equal(pathOfRefusal(decode, value).slice(0, 4), "root");
  assert.equal(text("\u{1f600}".repeat(200), "root").length, 400);
  assert.equal(hash("A".repeat(43), "root"), "A".repeat(43));
});

test("every code fits a refusal reply", () => {
  for (const [name, meaning] of Object.entries(ERROR_CODES)) {
    assert.match(name, /^[a-z0-9-]{1,24}$/);
    assert.notEqual(meaning, "");
  }
});
