// The store's native module outlives a garbage collection that runs outside of any JavaScript call, on every Node
// (deploy/native/object-wrap.h): a process that does not would be aborted at a moment of its own choosing.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";

import { projectRoot } from "../support/project-root.ts";

const SCRIPT = `
  import Database from "better-sqlite3";
  let kept = [];
  let rounds = 0;
  const timer = setInterval(() => {
    const db = new Database(":memory:");
    for (let i = 0; i < 20; i += 1) db.prepare("SELECT " + i).get();
    db.close();
    for (let i = 0; i < 20000; i += 1) kept.push({ i });
    if (kept.length > 400000) kept = [];
    rounds += 1;
    if (rounds < 50) return;
    clearInterval(timer);
    console.log("alive");
  }, 5);
`;

test("databases and statements may be collected at any time", () => {
  const args = ["--input-type=module", "-e", SCRIPT];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: projectRoot(),
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
  assert.equal(stdout, "alive\n");
});
