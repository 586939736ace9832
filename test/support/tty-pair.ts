/** Test only: two ttys joined back to back by socat, and programs on them. All end with the test. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { projectRoot } from "./project-root.ts";
import { findProgram } from "./system-part.ts";

export interface TtyPair {
  /** What the code under test opens. */
  readonly near: string;
  readonly far: string;
  /** Takes both ttys away, as pulling the USB plug does. */
  unplug(): Promise<void>;
  plug(): Promise<void>;
}

export async function createTtyPair(t: TestContext): Promise<TtyPair> {
  const folder = mkdtempSync(path.join(tmpdir(), "wattproof-tty-"));
  const near = path.join(folder, "near");
  const far = path.join(folder, "far");
  let socat: ChildProcess | undefined;
  const plug = async (): Promise<void> => {
    const end = (link: string): string => `pty,raw,echo=0,link=${link}`;
    socat = spawn(findProgram("socat") ?? "socat", [end(near), end(far)], { stdio: "ignore" });
    for (let i = 0; i < 200 && !(existsSync(near) && existsSync(far)); i++) await sleep(10);
  };
  const unplug = async (): Promise<void> => {
    const child = socat;
    socat = undefined;
    await stop(child);
  };
  t.after(async () => {
    await unplug();
    rmSync(folder, { recursive: true });
  });
  await plug();
  return { near, far, plug, unplug };
}

/** Debian's pymodbus as slave `address` with these input registers, on `tty`. */
export async function startPymodbusSlave(
  t: TestContext,
  tty: string,
  address: number,
  registers: readonly number[],
): Promise<void> {
  const script = path.join(projectRoot(), "test", "support", "pymodbus-slave.py");
  const args = [script, tty, String(address), ...registers.map(String)];
  const child = spawn(findProgram("python3") ?? "python3", args, {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => stop(child));
  await once(child.stdout, "data");
}

async function stop(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}
