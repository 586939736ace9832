/** `gateway dump` says with a code where it cannot write, and `gateway verify --json` what it cannot read. */
import assert from "node:assert/strict";
import path from "node:path";
import { after, before, test } from "node:test";
import { dump } from "../../../gateway/command/dump.ts";
import { requireAbility } from "../../support/not-here.ts";
import { runCli } from "../../support/process.ts";
import { TestLedger } from "../../support/test-ledger.ts";

let house: TestLedger;
before(() => {
  house = new TestLedger();
  house.enrol();
  house.mine();
});
after(() => house.close());

test("a file that cannot be written is one coded error", async (t) => {
  const out = path.join(house.folder, "nowhere", "chain.jsonl");
  await assert.rejects(dump(["--data", house.folder, "--out", out]), { code: "file" });
  if (!requireAbility(t, "dev-full")) return;
  await assert.rejects(dump(["--data", house.folder, "--out", "/dev/full"]), { code: "file" });
});

test("a dump into a file verifies, and the result is one line of JSON", async () => {
  const out = path.join(house.folder, "chain.jsonl");
  assert.equal(await dump(["--data", house.folder, "--out", out]), 0);
  const good = await runCli("gateway", ["verify", out, "--json"]);
  const { ok, records } = JSON.parse(good.stdout);
  assert.deepEqual([good.code, ok, records], [0, 1, 2]);
  const bad = await runCli("gateway", ["verify", `${out}\nnot`, "--json"]);
  assert.equal(bad.stdout.split("\n").length, 2);
  const { code } = JSON.parse(bad.stdout);
  assert.deepEqual([bad.code, code], [1, "not-found"]);
});
