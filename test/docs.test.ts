// The pages for people point at what is there: every decision is in the index, every relative link and every
// folder of the tables exists, and the commands of the README are commands.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";

import { runCli } from "./support/process.ts";
import { projectRoot } from "./support/project-root.ts";

const read = (...names: readonly string[]): string =>
  readFileSync(path.join(projectRoot(), ...names), "utf8");

test("the index of decisions lists each page once", () => {
  const pages = readdirSync(path.join(projectRoot(), "docs", "decisions")).filter(
    (name) => name.endsWith(".md") && name !== "README.md",
  );
  const listed = [...read("docs", "decisions", "README.md").matchAll(/\]\(([^)]+)\)/g)];
  assert.deepEqual(listed.map((match) => match[1]).sort(), pages.sort());
});

for (const page of ["README.md", "docs/architecture.md"]) {
  test(`what ${page} names in back quotes with a slash is there`, () => {
    const named = [
      ...read(page).matchAll(/`((?:deploy|device|docs|gateway|hardware|shared|test)\/[\w./-]*)`/g),
    ];
    assert.ok(named.length > 5);
    for (const [, name = ""] of named) {
      assert.ok(existsSync(path.join(projectRoot(), name)), name);
    }
  });
}

test("the commands of the README are known to the command lines", async () => {
  const named = [...read("README.md").matchAll(/npx (gateway|meter)\s+(\w+)/g)];
  const commands = new Set(named.map(([, program, command]) => `${program} ${command}`));
  assert.ok(commands.size >= 3);
  for (const words of commands) {
    const [program, command = ""] = words.split(" ");
    const { code, stdout } = await runCli(program === "meter" ? "device" : "gateway", [
      command,
      "--help",
    ]);
    assert.equal(code, 0, words);
    assert.ok(stdout.includes(words), words);
  }
});
