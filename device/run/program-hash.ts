/**
 * `fw` of a day: SHA-256 over the program that measured it, so that anyone with a release can tell which one
 * it was. Covers path and content of every compiled file of device, hardware and shared.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const PARTS = ["device", "hardware", "shared"];

/** H. `root` is the folder that holds the compiled parts. */
export function hashProgram(root: string = compiledRoot()): string {
  const hash = createHash("sha256");
  for (const part of PARTS) {
    const files = readdirSync(path.join(root, part), { recursive: true, encoding: "utf8" });
    for (const name of files.filter((file) => file.endsWith(".js")).sort()) {
      const content = readFileSync(path.join(root, part, name));
      hash.update(`${part}/${name.replaceAll(path.sep, "/")}\n${content.length}\n`).update(content);
    }
  }
  return hash.digest("base64url");
}

/** This file is `<root>/device/run/program-hash.js`. */
function compiledRoot(): string {
  return path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
}
