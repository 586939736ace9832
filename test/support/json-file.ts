/**
 * JSON files that tests read: the project's frozen vectors and the data beside the project.
 *
 * The caller names the shape; files of the project are trusted, a wrong shape fails the test that reads it.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { projectRoot, sharedDataPath } from "./project-root.ts";

/** `test/vectors/<name>`, from the source folder wherever the build is. */
export function vectorPath(name: string): string {
  return path.join(projectRoot(), "test", "vectors", name);
}

export function readVectors<T>(name: string): T {
  return JSON.parse(readFileSync(vectorPath(name), "utf8")) as T;
}

export function readSharedJson<T>(...names: readonly string[]): T {
  return JSON.parse(readFileSync(sharedDataPath(...names), "utf8")) as T;
}
