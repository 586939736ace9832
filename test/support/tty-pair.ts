/** Test only: two ttys joined back to back by socat, and programs on them. All end with the test. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
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
    // The names go first: who looks for them must not find another test's tty, whose number the kernel gives out again.
    for (const name of [near, far]) rmSync(name, { force: true });
    await stop(child);
  };
  t.after(async () => {
    await unplug();
    rmSync(folder, { recursive: true });
  });
  await plug();
  return { near, far, plug, unplug };
}

/** What a slave has: words by register, and numbers that take two input registers each. */
export interface SlaveRegisters {
  readonly input?: { readonly [register: number]: number };
  readonly floats?: { readonly [register: number]: number };
  readonly holding?: { readonly [register: number]: number };
}

/** Debian's pymodbus as slave `address` on `tty`; a list is its input registers from 0 on. Returns what ends it. */
export async function startPymodbusSlave(
  t: TestContext,
  tty: string,
  address: number,
  registers: readonly number[] | SlaveRegisters,
): Promise<() => Promise<void>> {
  const isList = (given: typeof registers): given is readonly number[] => Array.isArray(given);
  const own = isList(registers) ? { input: { ...registers } } : registers;
  return startPymodbusSlaves(t, tty, { [address]: own });
}

/** Several slaves on one line, by address. */
export async function startPymodbusSlaves(
  t: TestContext,
  tty: string,
  slaves: { readonly [address: number]: SlaveRegisters },
): Promise<() => Promise<void>> {
  const pairs = Object.entries(slaves).flatMap(([address, own]) => [address, JSON.stringify(own)]);
  const { child, end } = startPython(t, "pymodbus-slave.py", [tty, ...pairs]);
  await once(child.stdout, "data");
  return end;
}

/** One thing that the far end of a line prints, or sends as bytes; `pause` in seconds before each byte. */
export type Played = ({ readonly text: string } | { readonly hex: string }) & {
  readonly pause?: number;
};

/** A program at the far end of a line; `play` resolves when everything has been written. */
export function startLinePlayer(
  t: TestContext,
  tty: string,
): { play(...orders: readonly Played[]): Promise<void>; end(): Promise<void> } {
  const { child, end } = startPython(t, "play-lines.py", [tty]);
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async play(...orders) {
      for (const order of orders) {
        child.stdin.write(`${JSON.stringify(order)}\n`);
        await answers.next();
      }
    },
    end,
  };
}

function startPython(t: TestContext, script: string, args: readonly string[]) {
  const file = path.join(projectRoot(), "test", "support", script);
  const child = spawn(findProgram("python3") ?? "python3", [file, ...args], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  // Ended while it is being told something.
  child.stdin.on("error", () => {});
  const end = (): Promise<void> => stop(child);
  t.after(end);
  return { child, end };
}

async function stop(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}
