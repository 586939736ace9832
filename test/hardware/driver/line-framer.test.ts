import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { LineFramer } from "../../../hardware/driver/line-framer.ts";
import { decodeUtf8, encodeUtf8 } from "../../../shared/base/bytes.ts";

const push = (framer: LineFramer, text: string): string[] =>
  framer.push(encodeUtf8(text)).map((line) => decodeUtf8(line));

describe("line framer", () => {
  test("lines end with LF or CRLF; the first is cut and dropped", () => {
    const framer = new LineFramer(80);
    assert.deepEqual(push(framer, "ut\nfirst\r\nsecond\n"), ["first", "second"]);
    assert.deepEqual(push(framer, "thi"), []);
    assert.deepEqual(push(framer, "rd\r"), []);
    assert.deepEqual(push(framer, "\n\r\n\nfourth\n"), ["third", "fourth"]);
  });

  test("after a reset the rest of the line is dropped again", () => {
    const framer = new LineFramer(80);
    push(framer, "\nhalf");
    framer.reset();
    assert.deepEqual(push(framer, "other half\nwhole\n"), ["whole"]);
  });

  test("a line of the bound's length comes, a longer one does not, the next does again", () => {
    for (const end of ["\n", "\r\n"]) {
      const framer = new LineFramer(5);
      assert.deepEqual(push(framer, `${end}12345${end}`), ["12345"]);
      assert.deepEqual(push(framer, `123456${end}abc${end}`), ["abc"]);
    }
  });

  test("however the bytes are cut, the lines are the same", () => {
    const line = fc.array(fc.constantFrom("a", "b", "\r", "1", "\n"), { maxLength: 40 });
    fc.assert(
      fc.property(line, fc.array(fc.nat(40)), (characters, cuts) => {
        const text = characters.join("");
        const whole = push(new LineFramer(6), text);
        const framer = new LineFramer(6);
        const places = [0, ...cuts.toSorted((a, b) => a - b), text.length];
        const pieces = places.flatMap((at, i) => push(framer, text.slice(places[i - 1] ?? 0, at)));
        assert.deepEqual(pieces, whole);
        for (const each of whole) assert.ok(each.length <= 6 && each.length > 0);
      }),
      { seed: 11, numRuns: 2000 },
    );
  });
});
