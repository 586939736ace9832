// The import arrows and purity rules of the house are held by the linter. Each is proved here by a
// file that breaks it, linted in a temporary folder under the path that the rule speaks about.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";

import { projectRoot } from "./support/project-root.ts";

interface Diagnostic {
  readonly category: string;
  readonly location: { readonly path: string };
}

/** Lints these files under the project's own rules; the rules that fired, by file. */
function lintFiles(files: readonly (readonly [file: string, source: string])[]) {
  const folder = mkdtempSync(path.join(os.tmpdir(), "wattproof-lint-"));
  try {
    const config = JSON.parse(readFileSync(path.join(projectRoot(), "biome.json"), "utf8"));
    writeFileSync(path.join(folder, "biome.json"), JSON.stringify({ ...config, vcs: undefined }));
    cpSync(path.join(projectRoot(), "package.json"), path.join(folder, "package.json"));
    for (const [file, source] of files) {
      mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
      writeFileSync(path.join(folder, file), source);
    }
    const biome = path.join(projectRoot(), "node_modules", "@biomejs", "biome", "bin", "biome");
    const args = [biome, "lint", "--reporter=json", "--max-diagnostics=200", "."];
    const { stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
    const rules = new Map<string, string[]>();
    for (const { category, location } of JSON.parse(stdout).diagnostics as Diagnostic[]) {
      const file = path.normalize(location.path);
      rules.set(file, [...(rules.get(file) ?? []), category.replace(/^lint\/\w+\//, "")]);
    }
    return rules;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const IMPORTS = "noRestrictedImports";
const BROKEN: readonly (readonly [file: string, source: string, rule: string])[] = [
  ["shared/day/a.ts", 'export * from "../../gateway/x.ts";\n', IMPORTS],
  ["shared/day/b.ts", 'export * from "../../device/x.ts";\n', IMPORTS],
  ["shared/day/c.ts", 'export * from "../../hardware/x.ts";\n', IMPORTS],
  ["shared/day/d.ts", 'export * from "../crypto/node-suite.ts";\n', IMPORTS],
  ["shared/day/i.ts", 'export * from "../crypto/node-verifier.ts";\n', IMPORTS],
  ["shared/day/e.ts", 'export * from "node:crypto";\n', "noNodejsModules"],
  ["shared/day/f.ts", "export const at = Date.now();\n", "noJsRestrictedProperties"],
  ["shared/day/g.ts", "export const luck = Math.random();\n", "noJsRestrictedProperties"],
  ["shared/day/h.ts", 'export const bytes = Buffer.from("");\n', "noRestrictedGlobals"],
  ["shared/crypto/node-suite.ts", 'export * from "../../gateway/x.ts";\n', IMPORTS],
  ["hardware/a.ts", 'export * from "../device/x.ts";\n', IMPORTS],
  ["hardware/b.ts", 'export * from "../gateway/x.ts";\n', IMPORTS],
  ["hardware/c.ts", 'export const late = await import("../device/x.ts");\n', IMPORTS],
  ["device/a.ts", 'export * from "../gateway/x.ts";\n', IMPORTS],
  ["device/b.ts", 'export * from "../test/x.ts";\n', IMPORTS],
  ["device/c.ts", 'export * from "not-in-package-json";\n', "noUndeclaredDependencies"],
  ["gateway/web/a.ts", 'export * from "../../device/x.ts";\n', IMPORTS],
  ["gateway/web/b.ts", 'export * from "../../hardware/x.ts";\n', IMPORTS],
  ["gateway/web/c.ts", 'export * from "./d.ts";\n', "noImportCycles"],
  ["gateway/web/d.ts", 'export * from "./c.ts";\n', "noImportCycles"],
  ["gateway/verify/a.ts", 'export * from "../ledger/x.ts";\n', IMPORTS],
  ["gateway/verify/b.ts", 'export * from "../../device/x.ts";\n', IMPORTS],
  ["deploy/a.ts", 'export * from "../gateway/x.ts";\n', IMPORTS],
  ["deploy/b.ts", 'export * from "../device/x.ts";\n', IMPORTS],
  ["deploy/c.ts", "async function f() {}\nf();\n", "noFloatingPromises"],
];

describe("the linter refuses", () => {
  let rules: ReturnType<typeof lintFiles>;
  before(() => {
    rules = lintFiles(BROKEN.map(([file, source]) => [file, source]));
  });
  after(() => rules.clear());
  for (const [file, source, rule] of BROKEN) {
    test(`in ${file}: ${source.trim().replaceAll("\n", " ")}`, () => {
      assert.ok(rules.get(file)?.includes(rule), `${rule} did not fire: ${rules.get(file)}`);
    });
  }
});

test("the linter leaves the arrows alone that the house has", () => {
  const rules = lintFiles([
    ["shared/day/a.ts", 'export * from "../time/x.ts";\n'],
    ["shared/crypto/node-suite.ts", 'export * from "node:crypto";\n'],
    ["shared/crypto/node-verifier.ts", 'export * from "node:crypto";\n'],
    ["hardware/a.ts", 'export * from "../shared/x.ts";\n'],
    ["device/a.ts", 'export * from "../hardware/x.ts";\nexport * from "../shared/x.ts";\n'],
    ["gateway/web/a.ts", 'export * from "../ledger/x.ts";\nexport * from "node:fs";\n'],
    ["gateway/verify/a.ts", 'export * from "../../shared/x.ts";\nexport * from "./b.ts";\n'],
    ["deploy/a.ts", 'export * from "../shared/x.ts";\n'],
    ["test/a.ts", 'export * from "../device/x.ts";\nexport * from "../gateway/x.ts";\n'],
  ]);
  assert.deepEqual([...rules], []);
});
