/**
 * Test only: programs named as libgpiod's tools, which behave as those do. `gpiomon` prints whatever the test writes to
 * `input`; it ends when the test closes that.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestContext } from "node:test";
import { waitFor } from "./wait.ts";

export interface FakeGpiod {
  /** The folder of the programs. */
  readonly tools: string;
  /** The arguments with which `gpiomon` has been started, a start a line. */
  starts(): string[];
  /** Process ids of the starts. */
  pids(): number[];
  /** Waits for `gpiomon` and opens its input. */
  input(): Promise<FileHandle>;
  /** From now on `gpiomon` complains and ends. */
  complain(message: string): void;
}

export function createFakeGpiod(t: TestContext, version = "v1.6.3"): FakeGpiod {
  const tools = mkdtempSync(path.join(tmpdir(), "wattproof-gpiod-"));
  t.after(() => rmSync(tools, { recursive: true }));
  const inTools = (name: string): string => path.join(tools, name);
  const program = (name: string, ...lines: readonly string[]): void => {
    writeFileSync(inTools(name), ["#!/bin/sh", `cd "${tools}"`, ...lines, ""].join("\n"));
    chmodSync(inTools(name), 0o755);
  };
  execFileSync("mkfifo", [inTools("edges")]);
  program(
    "gpiomon",
    `[ "$1" = --version ] && { echo "gpiomon (libgpiod) ${version}"; exit; }`,
    'echo "$@" >> starts; echo $$ >> pids',
    "[ -e complaint ] && { cat complaint >&2; exit 1; }",
    "exec cat edges",
  );
  program("gpiodetect", 'echo "gpiochip0 [pinctrl-bcm2711] (58 lines)"');
  const read = (name: string): string[] =>
    existsSync(inTools(name)) ? readFileSync(inTools(name), "utf8").trim().split("\n") : [];
  return {
    tools,
    starts: () => read("starts"),
    pids: () => read("pids").map(Number),
    input: () => open(inTools("edges"), "w"),
    complain: (message) => writeFileSync(inTools("complaint"), message),
  };
}

/** The processes are gone. */
export async function untilGone(pids: readonly number[]): Promise<void> {
  await waitFor("processes to end", () => pids.every((pid) => !isRunning(pid)));
}

/** A zombie that nobody has waited for has ended too. */
function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
