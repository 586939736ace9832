/**
 * A file system for the guest with nothing but Node, this build and the packages that the meter needs: read from a
 * disk it costs a third of what 9p costs, which counts where the machine starts fifty times.
 *
 * in: this build, node_modules → out: a file with an ext4.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, realpathSync } from "node:fs";
import path from "node:path";
import process from "node:process";

import { makeTestFolder } from "../../support/process.ts";
import { projectRoot } from "../../support/project-root.ts";
import { findProgram } from "../../support/system-part.ts";
import { writeImage } from "./image.ts";

const MEBIBYTES = 320;
/** What the meter imports; what these need is found by their own package.json. */
const PACKAGES = ["@noble/ciphers", "@noble/curves", "@noble/hashes", "better-sqlite3", "mqtt"];
const BUILD_FOLDERS = ["device", "hardware", "shared", "test/kernel/guest"];
/** Sources of native modules and whatever else a running program never opens. */
const NEVER_READ = /\.(map|ts|md|c|cc|cpp|h|o|a)$|\/better-sqlite3\/deps$/;

/** Root of this build, `dist` or another. */
export function buildRoot(): string {
  return path.dirname(path.dirname(path.dirname(import.meta.dirname)));
}

/** Programs that the machine's dynamic linker loads with Node, itself included. */
function sharedLibraries(program: string): string[] {
  const { status, stdout, stderr } = spawnSync(findProgram("ldd") ?? "ldd", [program], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`ldd ${program}: ${stderr}`);
  return [...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, file]) => file ?? "");
}

function copyProgram(file: string, root: string): void {
  const target = path.join(root, file);
  mkdirSync(path.dirname(target), { recursive: true });
  copyFileSync(realpathSync(file), target);
}

/** The packages and all that they depend on, as paths below node_modules. */
function closePackages(): Set<string> {
  const found = new Set<string>();
  const add = (name: string): void => {
    const folder = path.join(projectRoot(), "node_modules", name);
    if (found.has(name) || !existsSync(folder)) return;
    found.add(name);
    const { dependencies = {} } = JSON.parse(
      readFileSync(path.join(folder, "package.json"), "utf8"),
    ) as { dependencies?: Record<string, string> };
    for (const other of Object.keys(dependencies)) add(other);
  };
  for (const name of PACKAGES) add(name);
  return found;
}

/** Path of the image. */
export function makeHouseImage(): string {
  const root = path.join(makeTestFolder(), "house");
  const project = path.join(root, "project");
  for (const name of ["proc", "sys", "dev", "tmp", "run", "data", "etc", "usr/bin", "project"]) {
    mkdirSync(path.join(root, name), { recursive: true });
  }
  const env = findProgram("env") ?? "/usr/bin/env";
  for (const program of [process.execPath, env]) {
    for (const file of [program, ...sharedLibraries(program)]) copyProgram(file, root);
  }
  const inProject = (folder: string): string =>
    path.join(project, path.relative(projectRoot(), folder));
  const filter = (name: string): boolean => !NEVER_READ.test(name);
  copyFileSync(path.join(projectRoot(), "package.json"), path.join(project, "package.json"));
  for (const folder of BUILD_FOLDERS) {
    const from = path.join(buildRoot(), folder);
    cpSync(from, inProject(from), { recursive: true, filter });
  }
  for (const name of closePackages()) {
    const from = path.join(projectRoot(), "node_modules", name);
    cpSync(from, inProject(from), { recursive: true, filter, dereference: true });
  }
  return writeImage(MEBIBYTES, root);
}
