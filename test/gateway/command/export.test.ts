/** `gateway export` and `gateway bill pdf`, as processes over a store. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { type BilledHouse, makeBilledHouse } from "../../support/billed-house.ts";
import { runCli } from "../../support/process.ts";

let house: BilledHouse;
let folder: string;
before(() => {
  house = makeBilledHouse();
  folder = mkdtempSync(path.join(tmpdir(), "wattproof-export-"));
});
after(() => {
  house.ledger.close();
  rmSync(folder, { recursive: true });
});

const runExport = (...args: string[]) =>
  runCli("gateway", ["export", "--data", house.ledger.folder, "--meter", house.meter.id, ...args]);
const JANUARY = ["--from", "2024-01-01", "--to", "2024-01-31"];

test("writes a period to standard output and to a file", async () => {
  const { code, stdout } = await runExport(...JANUARY);
  assert.equal(code, 0);
  assert.equal(stdout.split("\r\n").length, 1 + 31 * 96 + 1);
  const out = path.join(folder, "january.xml");
  const again = ["--format", "green-button", "--out", out];
  assert.equal((await runExport(...JANUARY, ...again)).code, 0);
  assert.match(readFileSync(out, "utf8"), /<UsageSummary[\s\S]*<\/feed>\n$/);
  const refused = await runExport(...JANUARY, ...again);
  assert.deepEqual([refused.code, /file: .* is there already/.test(refused.stderr)], [1, true]);
  const json = await runExport("--from", "2024-01-09", "--to", "2024-01-09", "--format", "json");
  assert.equal(JSON.parse(json.stdout).days[0].slots.length, 96);
});

test("what it cannot write is one coded error", async () => {
  for (const [args, exit, code] of [
    [["--from", "2024-01-01"], 2, "usage"],
    [[...JANUARY, "--format", "xlsx"], 2, "usage"],
    [["--from", "2024-01-32", "--to", "2024-02-01"], 1, "calendar"],
    [["--from", "2024-02-01", "--to", "2024-01-01"], 1, "parameter"],
    [[...JANUARY, "--meter", "352999999"], 1, "not-found"],
    [[...JANUARY, "--meter", "x"], 2, "usage"],
  ] as const) {
    const result = await runExport(...args);
    assert.deepEqual([result.code, result.stdout], [exit, ""], args.join(" "));
    assert.match(result.stderr, new RegExp(`^gateway: ${code}: `), args.join(" "));
  }
});

test("prints a bill, never over a file that is there", async () => {
  const out = path.join(folder, "bill.pdf");
  const args = ["bill", "pdf", "--data", house.ledger.folder, "--no", house.no, "--out", out];
  const { code, stdout } = await runCli("gateway", args);
  assert.deepEqual([code, stdout], [0, `${out}\n`]);
  assert.equal(readFileSync(out).subarray(0, 5).toString(), "%PDF-");
  writeFileSync(out, "mine");
  assert.match((await runCli("gateway", args)).stderr, /^gateway: file: /);
  assert.equal(readFileSync(out, "utf8"), "mine");
  const none = await runCli("gateway", ["bill", "pdf", "--data", house.ledger.folder, "--no", "x"]);
  assert.match(none.stderr, /^gateway: bill-none: /);
});
