/** The fast reading of a day gives what the long way gives, or leaves the text to it. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { encodeUtf8 } from "../../../shared/base/bytes.ts";
import {
  canonicalize,
  type Json,
  type JsonObject,
  parseCanonical,
} from "../../../shared/base/canonical-json.ts";
import { isCoded } from "../../../shared/base/error.ts";
import { DayReader } from "../../../shared/day/day-bytes.ts";
import { type DayPlaintext, decodeDayPlaintext } from "../../../shared/day/day-plaintext.ts";
import type { DayVectors } from "../../support/day-vectors.ts";
import { readVectors } from "../../support/json-file.ts";

const texts = readVectors<DayVectors>("days.json").days.map(({ plaintext }) => plaintext);
const [first = ""] = texts;

function readLongWay(text: string): DayPlaintext | undefined {
  try {
    return decodeDayPlaintext(parseCanonical(text), "day");
  } catch (error) {
    assert.ok(isCoded(error));
    return undefined;
  }
}

const reader = new DayReader();

const readFast = (text: string): DayPlaintext | undefined => reader.read(encodeUtf8(text));

/** Where the fast way answers, the long way must give the same. */
function compare(text: string): boolean {
  const fast = readFast(text);
  if (fast === undefined) return false;
  assert.deepEqual(fast, readLongWay(text), text);
  return true;
}

function change(members: JsonObject, source = first): string {
  return canonicalize({ ...(parseCanonical(source) as JsonObject), ...members });
}

describe("fast reading of a day", () => {
  it("reads every frozen day", () => {
    for (const text of texts) assert.ok(compare(text));
  });

  it("reads each optional member, and does without each", () => {
    const all = { cal: "A".repeat(43), out: { register: [0, 1], wh: [1] } };
    const full = change(all);
    assert.ok(compare(full));
    const names = ["cal", "current", "humidity", "location", "out", "temperature", "voltage"];
    for (const name of names) {
      const { [name]: _, ...rest } = parseCanonical(full) as { [name: string]: Json };
      assert.ok(compare(canonicalize(rest)), name);
    }
  });

  it("leaves values that the schema refuses to the long way", () => {
    const wrong: JsonObject[] = [
      { v: 2 },
      { step: 61 },
      { wh: [] },
      { wh: [-1] },
      { wh: Array.from({ length: 1_681 }, () => 0) },
      { clock: Array.from({ length: 1_681 }, () => [0, 0, "ntp", 0]) },
      { events: Array.from({ length: 1_001 }, () => [0, "start"]) },
      { events: [[0, "Start"]] },
      { events: [[0, "start", ""]] },
      { register: [0] },
      { quality: "" },
      { pad: "1" },
      { fw: "A".repeat(42) },
      { salt: `${"A".repeat(42)}B` },
      { day: "2024-13-01" },
      { meter: "12345678" },
      { zone: "" },
      { voltage: [] },
      { voltage: Array.from({ length: 4 }, () => [0, 0, 0]) },
      { humidity: [-1, 0, 0] },
      { another: 1 },
    ];
    for (const members of wrong) {
      const text = change(members);
      assert.equal(readFast(text), undefined, text);
      assert.equal(readLongWay(text), undefined, text);
    }
  });

  it("leaves rare but valid values to the long way", () => {
    const rare: JsonObject[] = [
      { wh: [Number.MAX_SAFE_INTEGER] },
      { zone: "Köln" },
      { tz: 'say "hello"' },
    ];
    for (const members of rare) {
      assert.equal(readFast(change(members)), undefined);
      assert.notEqual(readLongWay(change(members)), undefined);
    }
  });

  it("agrees with the long way after any change of one character", () => {
    const characters = fc.constantFrom(...'0123456789-.,:[]{}"\\ eEaZ_Ak\n\u00e4');
    fc.assert(
      fc.property(
        fc.constantFrom(...texts),
        fc.nat(),
        characters,
        fc.constantFrom(0, 1),
        (text, seed, character, cut) => {
          const at = seed % text.length;
          compare(text.slice(0, at) + character + text.slice(at + cut));
          compare(text.slice(0, at) + text.slice(at + 1));
        },
      ),
      { seed: 11, numRuns: 3_000 },
    );
  });
});
