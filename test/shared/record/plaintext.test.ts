/** Padding and schema of plaintexts (records.md sections 1 and 4). */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { JsonObject } from "../../../shared/base/canonical-json.ts";
import { padPlaintext, parsePlaintext } from "../../../shared/record/plaintext.ts";
import { codeOf } from "../../support/code-of.ts";
import type { DayVectors } from "../../support/day-vectors.ts";
import { readVectors } from "../../support/json-file.ts";

const vectors = readVectors<DayVectors>("days.json");
const [first] = vectors.days;
assert.ok(first !== undefined);
const text = first.plaintext;

function change(edit: (day: Record<string, unknown>) => void, source = text): string {
  const day = JSON.parse(source) as Record<string, unknown>;
  edit(day);
  const { pad: _, ...unpadded } = day;
  return padPlaintext(unpadded as JsonObject, (day["wh"] as unknown[] | undefined)?.length ?? 0);
}

describe("padding", () => {
  for (const { name, slots, plaintext, pt } of vectors.days) {
    it(`${name}: a multiple of 512, and pt is its hash`, () => {
      const bytes = Buffer.byteLength(plaintext, "utf8");
      assert.equal(bytes % 512, 0);
      assert.ok(bytes >= (slots > 200 ? 4_096 : 1_024));
      assert.equal(createHash("sha256").update(plaintext).digest("base64url"), pt);
      assert.equal(
        change(() => undefined, plaintext),
        plaintext,
      );
    });
  }

  it("is the shortest that reaches a multiple of 512 bytes, from 1,024 on", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3_000 }), fc.boolean(), (size, many) => {
        const bare = Buffer.byteLength('{"pad":"","s":""}') + size;
        const padded = Buffer.byteLength(padPlaintext({ s: "x".repeat(size) }, many ? 201 : 200));
        const least = many ? 4_096 : 1_024;
        assert.equal(padded, Math.max(least, Math.ceil(bare / 512) * 512));
      }),
      { seed: 4, numRuns: 300 },
    );
  });

  it("counts bytes, not characters", () => {
    const padded = padPlaintext({ s: "€".repeat(100) }, 0);
    assert.equal(Buffer.byteLength(padded), 1_024);
  });

  it("of another length or of other characters is refused", () => {
    const longer = text.replace(
      /"pad":"(0*)"/,
      (_, zeros: string) => `"pad":"${zeros}${"0".repeat(512)}"`,
    );
    const shorter = text.replace(/"pad":"0/, '"pad":"');
    const ones = text.replace(/"pad":"0/, '"pad":"1');
    assert.notEqual(shorter, text);
    assert.equal(
      codeOf(() => parsePlaintext("day", longer)),
      "pad",
    );
    assert.equal(
      codeOf(() => parsePlaintext("day", shorter)),
      "pad",
    );
    assert.equal(
      codeOf(() => parsePlaintext("day", ones)),
      "schema",
    );
  });
});

describe("schema of a day", () => {
  it("keeps what was sealed", () => {
    assert.deepEqual(parsePlaintext("day", text), JSON.parse(text));
  });

  it("refuses a missing, an unknown and a wrong member", () => {
    for (const name of ["v", "meter", "salt", "day", "zone", "tz", "step", "wh", "quality", "fw"]) {
      const without = change((day) => delete day[name]);
      assert.equal(
        codeOf(() => parsePlaintext("day", without)),
        "schema",
        name,
      );
    }
    const wrong: [string, unknown][] = [
      ["more", 1],
      ["v", 2],
      ["meter", "12345678"],
      ["step", 1200],
      ["wh", []],
      ["wh", [-1]],
      ["wh", ["1"]],
      ["quality", "M M"],
      ["register", [1]],
      ["events", [[1]]],
      ["clock", [[0, 0, "ntp"]]],
      [
        "current",
        [
          [1, 2, 3],
          [1, 2, 3],
          [1, 2, 3],
          [1, 2, 3],
        ],
      ],
      ["temperature", [1, 2]],
      ["location", [1, 2, 3]],
      ["fw", "AAAA"],
    ];
    for (const [name, value] of wrong) {
      const changed = change((day) => {
        day[name] = value;
      });
      assert.equal(
        codeOf(() => parsePlaintext("day", changed)),
        "schema",
        name,
      );
    }
  });

  it("refuses text that is not JSON, or not canonical", () => {
    assert.equal(
      codeOf(() => parsePlaintext("day", "{")),
      "json",
    );
    assert.equal(
      codeOf(() => parsePlaintext("day", ` ${text}`)),
      "canonical",
    );
    assert.equal(
      codeOf(() => parsePlaintext("bill", text)),
      "schema",
    );
  });
});
