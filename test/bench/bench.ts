/**
 * `npm run bench`: what the machine allows, what Wattproof reaches on it, and the ratio of the two, in one run.
 *
 *   --json        one object instead of the table
 *   --only PART   intake, mining, verify, meter, ledger or portal; several with commas
 *   --quick       a tenth of the work, to see that it runs
 *
 * Exit code 1 if a part fails; missing a target is no failure, only shown.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { prepareFixture } from "./fixture.ts";
import { measureIntake } from "./intake.ts";
import { measureLedger } from "./ledger-rates.ts";
import { measureMeter } from "./metering.ts";
import { measureMining } from "./mining.ts";
import { measurePortal } from "./portal-rates.ts";
import { preparePortalStore } from "./portal-store.ts";
import { FULL_RECIPE, PORTAL_RECIPE, QUICK_PORTAL_RECIPE, QUICK_RECIPE } from "./recipe.ts";
import { type BenchResults, formatTable, PARTS, type Part } from "./report.ts";
import { measureVerifying } from "./verifying.ts";

function readParts(only: string | undefined): ReadonlySet<Part> {
  if (only === undefined) return new Set(PARTS);
  const names = only.split(",");
  const wrong = names.find((name) => !PARTS.includes(name as Part));
  if (wrong !== undefined) throw new Error(`--only takes ${PARTS.join(", ")}, not ${wrong}`);
  return new Set(names as Part[]);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      json: { type: "boolean", default: false },
      only: { type: "string" },
      quick: { type: "boolean", default: false },
    },
  });
  const parts = readParts(values.only);
  const recipe = values.quick ? QUICK_RECIPE : FULL_RECIPE;
  const portal = values.quick ? QUICK_PORTAL_RECIPE : PORTAL_RECIPE;
  const say = (line: string): void => {
    process.stderr.write(`bench: ${line}\n`);
  };
  const folder = mkdtempSync(join(tmpdir(), "wattproof-bench-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const results: BenchResults = {
    node: process.version,
    cores: availableParallelism(),
    cpu: cpus()[0]?.model ?? "unknown",
    load_before: loadavg()[0] ?? 0,
    recipe: values.quick ? "quick" : "full",
  };
  if (parts.has("mining")) {
    say("mining");
    results.mining = await measureMining(recipe);
  }
  if (parts.has("meter")) {
    say(`meter, ${recipe.meterS} s`);
    results.meter = await measureMeter(recipe, join(folder, "meter"));
  }
  if (parts.has("portal")) {
    const store = preparePortalStore(portal, say);
    say(`portal, ${portal.samples} times each route`);
    results.portal = await measurePortal(store, portal.samples);
  }
  if (parts.has("intake") || parts.has("verify") || parts.has("ledger")) {
    const fixture = await prepareFixture(recipe, say);
    say(`intake of ${fixture.envelopes} envelopes`);
    const { result, data } = await measureIntake(recipe, fixture, join(folder, "intake"));
    // Verifying and billing need the chain that an intake leaves; its figures are free.
    results.intake = result;
    if (parts.has("verify")) {
      say("verify");
      results.verify = await measureVerifying(recipe, fixture, data, folder);
    }
    if (parts.has("ledger")) {
      say("bills and blocks");
      results.ledger = await measureLedger(data, recipe.firstDay.slice(0, 7));
    }
  }
  process.stdout.write(values.json ? `${JSON.stringify(results)}\n` : formatTable(results));
}

await main();
