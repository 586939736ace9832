/**
 * The project's folder and the data beside it, found by walking up from this file, so that a build in
 * any folder works. in: nothing → out: absolute paths.
 */
import { existsSync } from "node:fs";
import path from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { skipNotHere } from "./not-here.ts";

/** Absolute path of the folder that holds package.json. */
export function projectRoot(): string {
  let folder = path.dirname(fileURLToPath(import.meta.url));
  while (!existsSync(path.join(folder, "package.json"))) {
    const parent = path.dirname(folder);
    if (parent === folder) throw new Error("no package.json above the tests");
    folder = parent;
  }
  return folder;
}

/** Path of a file in the data folder beside the project, which is not part of it. */
export function sharedDataPath(...names: readonly string[]): string {
  return path.join(projectRoot(), "..", "shared", "data", ...names);
}

/** True when that file is there; skips the test with one clear line where it is not. */
export function requireSharedData(t: TestContext, ...names: readonly string[]): boolean {
  const file = sharedDataPath(...names);
  if (existsSync(file)) return true;
  skipNotHere(t, path.relative(projectRoot(), file));
  return false;
}
