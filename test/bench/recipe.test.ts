/** docs/performance.md says what the bench does: its table of the recipe has the numbers of recipe.ts. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { decodeConfig } from "../../gateway/config.ts";
import { projectRoot } from "../support/project-root.ts";
import { FULL_RECIPE, GATEWAY_CONFIG, PORTAL_RECIPE, QUICK_RECIPE, TARGETS } from "./recipe.ts";

const page = readFileSync(path.join(projectRoot(), "docs", "performance.md"), "utf8");

/** The value of the table's row that begins so. */
function row(what: string): string {
  const line = page.split("\n").find((text) => text.startsWith(`| ${what}`));
  assert.ok(line, `a row for ${what}`);
  return line.split("|").at(-2)?.trim() ?? "";
}

test("the documented recipe is the one that is measured", () => {
  const { firstDay, zone, limitS, miningS, miningTurns, meterS } = FULL_RECIPE;
  assert.equal(row("meters"), String(FULL_RECIPE.meters));
  assert.equal(row("days sealed beforehand"), String(FULL_RECIPE.days));
  assert.equal(row("of which taken in"), String(FULL_RECIPE.warmUpDays));
  assert.equal(row("of which against"), String(FULL_RECIPE.intakeDays));
  assert.equal(row("turns of intake"), String(FULL_RECIPE.turns));
  assert.equal(row("first day, zone"), `${firstDay}, ${zone}`);
  assert.equal(row("recipients"), String(FULL_RECIPE.recipients));
  assert.equal(row("publisher's connections"), String(FULL_RECIPE.connections));
  assert.equal(row("seconds for a limit"), String(limitS));
  assert.equal(row("seconds and turns of mining"), `${miningS}, ${miningTurns}`);
  assert.equal(row("seconds for which the meter"), String(meterS));
  assert.equal(row("`mine_after_ms`"), String(GATEWAY_CONFIG.mine_after_ms));
});

test("the portal's bench is of a thousand meters and two years, as documented", () => {
  const { meters, twins, days, samples } = PORTAL_RECIPE;
  assert.equal(meters * (1 + twins), 1000);
  assert.ok(days >= 730);
  assert.equal(row("portal: meters"), `${meters}, ${twins}`);
  assert.equal(row("portal: days"), `${days}, ${samples}`);
});

test("recipes can be carried out", () => {
  decodeConfig(GATEWAY_CONFIG);
  for (const recipe of [FULL_RECIPE, QUICK_RECIPE]) {
    const { meters, days, warmUpDays, intakeDays, turns, connections } = recipe;
    assert.equal(meters % connections, 0, "each connection has as many meters");
    assert.ok(warmUpDays + turns * intakeDays <= days);
  }
});

test("targets are those of the issue", () => {
  assert.deepEqual(TARGETS, {
    intake: 0.55,
    mining: 0.9,
    verify: 0.75,
    meterBytes: 90_000_000,
    meterCpu: 0.02,
    loopDelayMs: 20,
    meterDayBytes: 2_900,
    portalMs: 50,
  });
});
