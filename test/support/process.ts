/**
 * Processes of a test: our two command lines and foreign programs, each ended by its own pid when the test
 * ends, and a way to wait for what they say or do. in: a test, a command → out: events, text, an exit.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import os from "node:os";
import path from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { type Child, type ChildEvent, startChild } from "../../deploy/demo/child.ts";
import { cliScript } from "../../deploy/project-root.ts";

/**
 * A folder that is removed when this test process ends: hooks of a test run in the order in which they were
 * made, so a hook would remove it under processes that still write there.
 */
export function makeTestFolder(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), "wattproof-test-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

export interface TrackedChild extends Child {
  /** All events so far, oldest first. */
  readonly events: readonly ChildEvent[];
  /** All lines that are not JSON, oldest first. */
  readonly text: readonly string[];
}

export interface TrackOptions {
  onEvent?(event: ChildEvent): void;
}

/** Starts one of our command lines; it is killed after the test if it still runs. */
export function startCli(
  t: TestContext,
  program: "device" | "gateway",
  args: readonly string[],
  options: TrackOptions = {},
): TrackedChild {
  return startScript(t, cliScript(program), args, options);
}

/** Starts a built script of ours; it is killed after the test if it still runs. */
export function startScript(
  t: TestContext,
  script: string,
  args: readonly string[],
  options: TrackOptions = {},
): TrackedChild {
  const events: ChildEvent[] = [];
  const text: string[] = [];
  const child = startChild({
    name: `${path.basename(path.dirname(script))} ${args[0] ?? ""}`,
    script,
    args,
    onEvent: (event) => {
      events.push(event);
      options.onEvent?.(event);
    },
    onText: (line) => text.push(line),
  });
  t.after(async () => {
    await child.kill();
  });
  return { ...child, events, text };
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end with its output apart, and `input` on its standard input; killed after `limitMs`. */
function runProgram(
  program: string,
  args: readonly string[],
  limitMs = 60_000,
  input = "",
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
    // A program that reads nothing may have closed its end.
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
    const timer = setTimeout(() => child.kill("SIGKILL"), limitMs);
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      stdout += chunk;
    });
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      stderr += chunk;
    });
    child.once("error", reject);
    child.once("close", (code) => {
      clearTimeout(timer);
      resolve({ code, stdout, stderr });
    });
  });
}

/** Runs one of our command lines to its end. */
export function runCli(
  program: "device" | "gateway",
  args: readonly string[],
  limitMs?: number,
  input?: string,
): Promise<Ended> {
  return runProgram(
    process.execPath,
    ["--enable-source-maps", cliScript(program), ...args],
    limitMs,
    input,
  );
}

/**
 * Asks every 50 ms until `probe` gives something; throws naming `what` when `limitMs` have passed, with what
 * `explain` then says.
 */
export async function waitFor<T>(
  what: string,
  limitMs: number,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  explain: () => string = () => "",
): Promise<T> {
  const deadline = performance.now() + limitMs;
  while (performance.now() < deadline) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    await sleep(50);
  }
  throw new Error(`waited ${limitMs / 1000} s for ${what} in vain ${explain()}`);
}

/** Resolves when something accepts TCP connections there. */
export async function waitForPort(port: number, limitMs = 10_000): Promise<void> {
  await waitFor(`port ${port}`, limitMs, () => {
    return new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1");
      socket.once("connect", () => {
        socket.destroy();
        resolve(true);
      });
      socket.once("error", () => resolve(false));
    });
  });
}
