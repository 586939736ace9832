// test/run.mjs: it runs what is there by name, counts by itself, and is red when nothing ran, when a test failed, and
// under CI when one was skipped. Each case is a small project of its own with the real runner in it.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";

import { makeTestFolder } from "./support/process.ts";
import { projectRoot } from "./support/project-root.ts";

const PASSES = 'test("one", () => {});';
const FAILS = 'test("two", () => { throw new Error("no"); });';
const SKIPS =
  'test("three", (t) => t.skip("needs socat: sudo apt-get install -y socat"));' +
  'test("four", (t) => t.skip("needs data"));';

const NOT_HERE = 'test("five", (t) => t.skip("not here: a right"));';

/** Runs the runner over test files with these bodies; its exit code and what it printed. */
function runTests(bodies: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const root = makeTestFolder();
  for (const folder of ["test/support", "dist/test"]) {
    mkdirSync(path.join(root, folder), { recursive: true });
  }
  for (const file of ["test/run.mjs", "test/support/result-reporter.mjs"]) {
    cpSync(path.join(projectRoot(), file), path.join(root, file));
  }
  for (const [i, body] of bodies.entries()) {
    writeFileSync(path.join(root, `test/case-${i}.test.ts`), "");
    const source = `import { test, describe } from "node:test";\n${body}\n`;
    writeFileSync(path.join(root, `dist/test/case-${i}.test.mjs`), source);
    writeFileSync(
      path.join(root, `dist/test/case-${i}.test.js`),
      `import("./case-${i}.test.mjs");`,
    );
  }
  // A test runner inside a test must not take itself for a part of the outer one.
  const { NODE_TEST_CONTEXT: _context, CI: _ci, ...rest } = process.env;
  const args = [path.join(root, "test/run.mjs"), "--no-install", "--no-lint"];
  const options = { encoding: "utf8", env: { ...rest, ...env }, cwd: root } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, args, options);
  return { status, output: stdout + stderr, last: stdout.trimEnd().split("\n").at(-1) };
}

test("what passes is green and counted", () => {
  const { status, last, output } = runTests([PASSES, PASSES]);
  assert.equal(last, "2 passed, 0 failed, 0 skipped");
  assert.match(output, /tests 2/, "node's own summary");
  assert.equal(status, 0);
});

test("what fails is red and named", () => {
  const { status, last, output } = runTests([PASSES, FAILS]);
  assert.equal(last, "1 passed, 1 failed, 0 skipped");
  assert.match(output, /Failed:\n.*case-1\.test\.\w+: two/);
  assert.equal(status, 1);
});

test("a failure within a suite is one failure", () => {
  const { status, last } = runTests([`describe("suite", () => { ${PASSES} ${FAILS} });`]);
  assert.equal(last, "1 passed, 1 failed, 0 skipped");
  assert.equal(status, 1);
});

test("what is skipped is named, with one command for what is missing", () => {
  const { status, last, output } = runTests([PASSES, SKIPS]);
  assert.equal(last, "1 passed, 0 failed, 2 skipped");
  assert.match(output, /three \(needs socat: sudo apt-get install -y socat\)/);
  assert.match(output, /four \(needs data\)/);
  assert.match(output, /To run those that need a program: sudo apt-get install -y socat\n/);
  assert.equal(status, 0);
});

test("under CI a skipped test is a failed run", () => {
  const { status, output } = runTests([PASSES, SKIPS], { CI: "true" });
  assert.match(output, /under CI no test may be skipped for what can be installed/);
  assert.equal(status, 1);
});

test("what no package brings is listed by itself, and no failed run under CI", () => {
  const { status, output, last } = runTests([PASSES, NOT_HERE], { CI: "true" });
  assert.match(
    output,
    /\nSkipped for what no package brings:\n.*case-1\.test\.\w+: five \(not here: a right\)\n/,
  );
  assert.doesNotMatch(output, /\nSkipped:/);
  assert.equal(last, "1 passed, 0 failed, 1 skipped");
  assert.equal(status, 0);
  const both = runTests([PASSES, SKIPS, NOT_HERE], { CI: "true" });
  assert.match(both.output, /\nSkipped:\n.*three/);
  assert.equal(both.status, 1);
  assert.equal(runTests([NOT_HERE], { CI: "true" }).status, 1, "nothing ran");
});

test("no test file, and files in which all is skipped, are red", () => {
  assert.equal(runTests([]).status, 1);
  const { status, output } = runTests([SKIPS]);
  assert.match(output, /no test ran/);
  assert.equal(status, 1);
});
