/** A file system image for a data disk, made and read without mounting anything. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

import { makeTestFolder } from "../../support/process.ts";
import { findProgram } from "../../support/system-part.ts";

const MEBIBYTE = 1 << 20;

function run(program: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(findProgram(program) ?? program, [...args], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`${program}: ${stderr}`);
  return stdout;
}

/** An ext4 of so many MiB that holds what a folder holds (nothing without one). */
export function makeImage(mebibytes: number, folder?: string): Buffer {
  const file = path.join(makeTestFolder(), "image");
  writeFileSync(file, Buffer.alloc(mebibytes * MEBIBYTE));
  const content = folder === undefined ? [] : ["-d", folder];
  run("mke2fs", ["-q", "-F", "-t", "ext4", ...content, file]);
  return readFileSync(file);
}

/** Copies a folder of a cleanly unmounted image to `target`. */
export function copyFromImage(image: Buffer, folder: string, target: string): void {
  const file = path.join(makeTestFolder(), "image");
  writeFileSync(file, image);
  mkdirSync(target, { recursive: true });
  run("debugfs", ["-R", `rdump "${folder}" "${target}"`, file]);
}
