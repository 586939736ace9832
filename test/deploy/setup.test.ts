// deploy/setup.mjs: what is out of step with the lockfile is named, and nothing else is.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { pathToFileURL } from "node:url";

import { makeTestFolder } from "../support/process.ts";
import { projectRoot } from "../support/project-root.ts";

type Packages = Readonly<Record<string, { version: string; optional?: boolean }>>;

async function findDrift(root: string): Promise<string | undefined> {
  const setup = pathToFileURL(path.join(projectRoot(), "deploy", "setup.mjs")).href;
  return (await import(setup)).findDrift(root);
}

/** A project whose lockfile wants `locked` and whose node_modules holds `installed`. */
function makeProject(locked: Packages, installed: Packages | undefined): string {
  const root = makeTestFolder();
  const write = (file: string, packages: Packages) => {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), JSON.stringify({ packages }));
  };
  write("package-lock.json", { "": { version: "1.0.0" }, ...locked });
  if (installed === undefined) return root;
  write("node_modules/.package-lock.json", installed);
  for (const folder of Object.keys(installed)) write(path.join(folder, "package.json"), {});
  return root;
}

const A = { "node_modules/a": { version: "1.2.3" } };
const B = { "node_modules/b": { version: "2.0.0" } };

test("a bare clone has nothing installed", async () => {
  assert.equal(await findDrift(makeProject(A, undefined)), "nothing is installed yet");
});

test("node_modules as locked is in step", async () => {
  assert.equal(await findDrift(makeProject({ ...A, ...B }, { ...A, ...B })), undefined);
});

test("a missing package is named", async () => {
  assert.equal(await findDrift(makeProject({ ...A, ...B }, A)), "node_modules/b is missing");
});

test("another version is named", async () => {
  const installed = { "node_modules/a": { version: "1.2.4" } };
  assert.equal(await findDrift(makeProject(A, installed)), "node_modules/a is not 1.2.3");
});

test("an optional package may be absent, but not be of another version", async () => {
  const locked = { ...A, "node_modules/i2c": { version: "5.0.0", optional: true } };
  assert.equal(await findDrift(makeProject(locked, A)), undefined);
  const older = { ...A, "node_modules/i2c": { version: "4.0.0" } };
  assert.equal(await findDrift(makeProject(locked, older)), "node_modules/i2c is not 5.0.0");
});

test("the lockfile names no registry host and locks every platform's packages", async () => {
  const { readFileSync } = await import("node:fs");
  const lock = readFileSync(path.join(projectRoot(), "package-lock.json"), "utf8");
  assert.ok(!lock.includes('"resolved"'));
  const packages: Record<string, { optionalDependencies?: Record<string, string> }> =
    JSON.parse(lock).packages;
  for (const [folder, { optionalDependencies = {} }] of Object.entries(packages)) {
    if (folder === "") continue;
    for (const name of Object.keys(optionalDependencies)) {
      assert.ok(packages[`node_modules/${name}`], `${folder} wants ${name}, which is not locked`);
    }
  }
});

test("one set-up of a folder at a time; a lock whose holder is gone holds nothing", async () => {
  const file = pathToFileURL(path.join(projectRoot(), "deploy", "setup-lock.mjs")).href;
  const { lockSetup } = await import(file);
  const root = makeTestFolder();
  const done: string[] = [];
  const unlock = await lockSetup(root, () => assert.fail("nobody holds it"));
  let waits = 0;
  const second = lockSetup(root, () => {
    waits += 1;
  }).then((free: () => void) => {
    done.push("second");
    free();
  });
  await setTimeout(500);
  done.push("first");
  unlock();
  await second;
  assert.deepEqual([done, waits], [["first", "second"], 1]);
  // No process has this id.
  writeFileSync(path.join(root, ".build", "setup.lock"), String(2 ** 31 - 1));
  (await lockSetup(root, () => assert.fail("its holder is gone")))();
});
