/** Canonical JSON (records.md section 1). Each refusal is one of the vectors that are frozen with their origin. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import {
  canonicalize,
  isCanonicalText,
  type Json,
  MAX_DEPTH,
  parseCanonical,
} from "../../../shared/base/canonical-json.ts";
import { codeOf } from "../../support/code-of.ts";
import { projectRoot } from "../../support/project-root.ts";

interface Vectors {
  readonly accepted: readonly string[];
  readonly refused: readonly {
    readonly why: string;
    readonly text: string;
    readonly code: string;
  }[];
}
const vectors = JSON.parse(
  readFileSync(path.join(projectRoot(), "test/vectors/canonical-json.json"), "utf8"),
) as Vectors;

test("accepted vectors are their own canonical form", () => {
  assert.ok(vectors.accepted.length > 0);
  for (const text of vectors.accepted) assert.equal(canonicalize(parseCanonical(text)), text);
});

test("each refused vector is refused with its code", () => {
  assert.ok(vectors.refused.length > 0);
  for (const { why, text, code } of vectors.refused) {
    assert.equal(
      codeOf(() => parseCanonical(text)),
      code,
      why,
    );
  }
});

test("values that have no canonical form are refused", () => {
  const values = [
    0.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    2 ** 53,
    null,
    true,
    false,
    undefined,
    1n,
  ];
  for (const value of values) {
    assert.equal(
      codeOf(() => canonicalize({ a: [value] } as unknown as Json)),
      "canonical",
      String(value),
    );
  }
});

test("an absent optional member is left out", () => {
  assert.equal(canonicalize({ b: 1, a: undefined } as unknown as Json), '{"b":1}');
});

test("nesting is bounded, so that no text exhausts a reader's stack", () => {
  const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
  assert.equal(canonicalize(parseCanonical(nested(MAX_DEPTH))), nested(MAX_DEPTH));
  assert.equal(
    codeOf(() => parseCanonical(nested(MAX_DEPTH + 1))),
    "canonical",
  );
  assert.match(
    codeOf(() => parseCanonical(nested(30_000))),
    /^(?:canonical|json)$/,
  );
});

const json = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.maxSafeInteger().map((n) => (Object.is(n, -0) ? 0 : n)),
    fc.string({ unit: "grapheme" }).map((s) => [...s].filter((c) => c >= " ").join("")),
    fc.array(tie("value"), { maxLength: 5 }),
    fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9_]{0,8}$/), tie("value"), { maxKeys: 5 }),
  ),
})).value;

test("canonicalising is idempotent, and independent of member order", () => {
  fc.assert(
    fc.property(json, (value) => {
      const text = canonicalize(value);
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
      assert.equal(canonicalize(parseCanonical(text)), text);
    }),
    { seed: 3, numRuns: 500 },
  );
});

test("a text is canonical if rebuilding it gives the same, whatever it is", () => {
  const strings = fc.oneof(
    fc.constantFrom(
      "a",
      "b_1",
      "B",
      "",
      "10",
      "9",
      "\u0001",
      "\\",
      '"',
      "\ud800",
      "\u2028",
      "\u00fc",
    ),
    fc.string(),
  );
  const numbers = fc.constantFrom(0, -0, 1, -7, 2 ** 53 - 1, 2 ** 53, 0.5, 1e21);
  const { value: anything } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      strings,
      numbers,
      fc.constantFrom(null, true),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(strings, tie("value"), { maxKeys: 4 }),
    ),
  }));
  const sorted = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map(sorted);
    const entries = Object.entries(value).map(([name, member]) => [name, sorted(member)] as const);
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  };
  const verdict = (judge: () => boolean): boolean | string => {
    try {
      return judge();
    } catch (error) {
      return codeOf(() => {
        throw error;
      });
    }
  };
  let canonical = 0;
  fc.assert(
    fc.property(anything, fc.constantFrom(undefined, 1), fc.nat(3), (made, space, kind) => {
      const text = JSON.stringify(kind === 0 ? made : sorted(made), undefined, space);
      const value = JSON.parse(text) as Json;
      const found = verdict(() => isCanonicalText(value, text));
      assert.deepEqual(
        found,
        verdict(() => canonicalize(value) === text),
      );
      if (found === true) canonical += 1;
    }),
    { seed: 5, numRuns: 3_000 },
  );
  assert.ok(canonical > 300, String(canonical));
});

test("a one-byte change gives a refusal or another value, never the same value twice", () => {
  const text = '{"a":[1,-20,"x\\"y"],"b":{"c":"Gr\u00fc\u00dfe"},"d":"0"}';
  for (let i = 0; i < text.length; i++) {
    for (const byte of '0a"{}[],: -.\\e') {
      if (text[i] === byte) continue;
      const changed = text.slice(0, i) + byte + text.slice(i + 1);
      let value: Json;
      try {
        value = parseCanonical(changed);
      } catch {
        continue;
      }
      assert.equal(canonicalize(value), changed);
    }
  }
});
