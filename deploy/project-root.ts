/** Finds the project's folder by walking up from this file, so that a build in any folder works. */
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** Absolute path of the folder that holds package.json. */
export function findProjectRoot(): string {
  let folder = path.dirname(fileURLToPath(import.meta.url));
  while (!existsSync(path.join(folder, "package.json"))) {
    const parent = path.dirname(folder);
    if (parent === folder) throw new Error("no package.json above this program");
    folder = parent;
  }
  return folder;
}

/** The two command lines in the same build as this file. */
export function cliScript(name: "device" | "gateway"): string {
  return fileURLToPath(new URL(`../${name}/cli.js`, import.meta.url));
}
