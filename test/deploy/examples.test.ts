// deploy/examples: every example is a configuration that the meter takes, and the table names all of them.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";

import { parseMeterConfig } from "../../device/config.ts";
import { projectRoot } from "../support/project-root.ts";

const FOLDER = path.join(projectRoot(), "deploy", "examples");
const files = readdirSync(FOLDER).filter((name) => name.endsWith(".json"));

test("there are examples, and the table names each of them and no other", () => {
  const table = readFileSync(path.join(FOLDER, "README.md"), "utf8");
  const named = [...table.matchAll(/^\| `([a-z0-9-]+\.json)` \|/gm)].map(([, name]) => name);
  assert.ok(files.length >= 10);
  assert.deepEqual(named.sort(), files.sort());
});

for (const name of files) {
  test(`the meter takes ${name}`, () => {
    const config = parseMeterConfig(readFileSync(path.join(FOLDER, name), "utf8"), name);
    assert.ok(config.sources.length > 0);
  });
}
