/**
 * Modules of an unpacked kernel package with what they depend on, in the order in which they can be loaded.
 *
 * A module names what it depends on in its own `.modinfo` section, so no `depmod` is needed.
 * in: a modules folder, names → out: names with the module's bytes.
 */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

import { findProgram } from "../../support/system-part.ts";
import type { KernelPackage } from "./kernel-package.ts";

export interface KernelModule {
  readonly name: string;
  readonly content: Buffer;
}

/** Files and dependencies write the same name with a hyphen or with an underscore. */
const normalize = (name: string): string => name.replaceAll("-", "_");

const nameOf = (file: string): string => normalize(path.basename(file).replace(/\.ko(\.xz)?$/, ""));

function readModule(file: string): Buffer {
  if (!file.endsWith(".xz")) return readFileSync(file);
  const { status, stdout, stderr } = spawnSync(findProgram("xz") ?? "xz", ["-dc", file], {
    maxBuffer: 64 << 20,
  });
  if (status !== 0) throw new Error(`xz -dc ${file}: ${stderr.toString()}`);
  return stdout;
}

function dependenciesOf(content: Buffer): string[] {
  const text = content.toString("latin1");
  const found = /\0depends=([^\0]*)\0/.exec(text)?.[1] ?? "";
  return found === "" ? [] : found.split(",").map(normalize);
}

/** What is built into the kernel is left out. Throws when a module is neither there nor built in. */
export function collectModules(
  { modules }: KernelPackage,
  wanted: readonly string[],
): KernelModule[] {
  const files = readdirSync(path.join(modules, "kernel"), { recursive: true })
    .map((name) => path.join(modules, "kernel", String(name)))
    .filter((name) => /\.ko(\.xz)?$/.test(name));
  const fileByName = new Map(files.map((file) => [nameOf(file), file]));
  const builtin = new Set(
    readFileSync(path.join(modules, "modules.builtin"), "utf8").split("\n").map(nameOf),
  );
  const order = new Map<string, KernelModule>();
  const add = (name: string): void => {
    if (order.has(name) || builtin.has(name)) return;
    const file = fileByName.get(name);
    if (file === undefined) throw new Error(`the kernel has no module ${name}`);
    const content = readModule(file);
    for (const other of dependenciesOf(content)) add(other);
    order.set(name, { name, content });
  };
  for (const name of wanted) add(normalize(name));
  return [...order.values()];
}
