/** Test only: the recordings of serial parts that this project did not make, if they are here. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { TestContext } from "node:test";
import { skipNotHere } from "./not-here.ts";
import { projectRoot } from "./project-root.ts";

export interface Capture {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** What it should decode to. */
  readonly expected: unknown;
}

/** Pairs of `*.txt` and `*.json` of one kind; undefined, and the test skipped, where they are absent. */
export function readCaptures(t: TestContext, kind: string): readonly Capture[] | undefined {
  const folder = path.join(projectRoot(), "..", "shared", "data", "serial", kind);
  if (!existsSync(folder)) {
    skipNotHere(t, path.relative(projectRoot(), folder));
    return undefined;
  }
  return readdirSync(folder)
    .filter((name) => name.endsWith(".txt"))
    .map((name) => ({
      name,
      bytes: readFileSync(path.join(folder, name)),
      expected: JSON.parse(readFileSync(path.join(folder, name.replace(/txt$/, "json")), "utf8")),
    }));
}
