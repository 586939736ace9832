import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type BandColumn, bandChart } from "../../../../gateway/web/chart/bands.ts";
import { type Bar, type BarKind, barChart, padBars } from "../../../../gateway/web/chart/bars.ts";

const bar = (kind: BarKind, value = 1, title = kind): Bar => ({ kind, value, title });
const count = (text: string, part: string): number => text.split(part).length - 1;

describe("bar chart", () => {
  test("one bar a measured column; a run of gaps is one box; nothing for what has not come", () => {
    const kinds: BarKind[] = ["solid", "gap", "gap", "partial", "gap", "substituted", "none"];
    const svg = String(barChart({ id: "t", bars: kinds.map((kind) => bar(kind)) }));
    assert.equal(count(svg, 'class="bar bar-'), 3);
    assert.equal(count(svg, 'class="gap"'), 2);
    assert.equal(count(svg, 'fill="url(#t-partial)"'), 1);
    assert.equal(count(svg, 'fill="url(#t-substituted)"'), 1);
  });

  test("a bar is as high as its share of the axis", () => {
    const svg = String(barChart({ id: "t", bars: [bar("solid", 8), bar("solid", 2)] }));
    assert.match(svg, /class="ink"[^>]* y="0%"[^>]* height="100%"/);
    assert.match(svg, /class="ink"[^>]* y="75%"[^>]* height="25%"/);
  });

  test("without one bar there is no height to read off", () => {
    const svg = String(barChart({ id: "t", bars: [bar("gap"), bar("gap")] }));
    assert.equal(count(svg, '<line x1="0" x2="100%"'), 1);
    assert.doesNotMatch(svg, /NaN|Infinity/);
  });

  test("titles are escaped", () => {
    const svg = String(
      barChart({ id: "t", bars: [bar("solid", 1, "<script>1</script>" as BarKind)] }),
    );
    assert.doesNotMatch(svg, /<script/);
  });

  test("padding adds empty columns up to the total", () => {
    const padded = padBars([bar("solid"), bar("gap")], 5);
    assert.deepEqual(
      padded.map((b) => b.kind),
      ["solid", "gap", "none", "none", "none"],
    );
    assert.equal(padBars(padded, 3).length, 5);
  });
});

describe("band chart", () => {
  const value = (...means: number[]): BandColumn => ({
    kind: "value",
    title: "",
    means,
    min: Math.min(...means) - 1,
    max: Math.max(...means) + 1,
  });
  const gap: BandColumn = { kind: "gap", title: "", means: [], min: 0, max: 0 };

  test("the mean's line never bridges a gap", () => {
    const svg = String(bandChart({ id: "t", columns: [value(230), value(231), gap, value(229)] }));
    assert.equal(count(svg, '<line class="mean'), 1);
    assert.equal(count(svg, '<circle class="mean'), 3);
    assert.equal(count(svg, 'class="range"'), 3);
    assert.equal(count(svg, 'class="gap"'), 1);
  });

  test("each phase has its own line", () => {
    const svg = String(
      bandChart({ id: "t", columns: [value(230, 231, 232), value(231, 230, 232)] }),
    );
    for (const phase of [1, 2, 3]) assert.equal(count(svg, `<line class="mean phase-${phase}"`), 1);
  });

  test("one value, or equal values, still have a scale", () => {
    const flat: BandColumn = { kind: "value", title: "", means: [194.9], min: 194.9, max: 194.9 };
    assert.doesNotMatch(String(bandChart({ id: "t", columns: [flat] })), /NaN|Infinity/);
  });

  test("no value, no chart", () => {
    assert.equal(bandChart({ id: "t", columns: [gap, gap] }), undefined);
  });
});
