/** A file system image for a data disk, made and read without mounting anything. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
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

/** A file with an ext4 of so many MiB that holds what a folder holds. */
export function writeImage(mebibytes: number, folder: string): string {
  const file = path.join(makeTestFolder(), "image");
  writeFileSync(file, "");
  truncateSync(file, mebibytes * MEBIBYTE);
  run("mke2fs", ["-q", "-F", "-t", "ext4", "-d", folder, file]);
  return file;
}

/** The same in memory. */
export function makeImage(mebibytes: number, folder: string): Buffer {
  return readFileSync(writeImage(mebibytes, folder));
}

/** Copies a folder of a cleanly unmounted image to `target`. */
export function copyFromImage(image: Buffer, folder: string, target: string): void {
  const file = path.join(makeTestFolder(), "image");
  writeFileSync(file, image);
  mkdirSync(target, { recursive: true });
  run("debugfs", ["-R", `rdump "${folder}" "${target}"`, file]);
}
