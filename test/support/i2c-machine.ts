/**
 * Test only: a process with the real `i2c-bus` module on simulated adapters, started for one test and ended with it.
 * The preloaded library is compiled with the system's compiler, once a test process.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import type { ChildRequest } from "./i2c-child.ts";
import { SimulatedAdapter, serveAdapters } from "./i2c-simulator.ts";
import { projectRoot } from "./project-root.ts";
import { findProgram } from "./system-part.ts";

export type Answer = { readonly [name: string]: unknown };

export interface I2cMachine {
  /** /dev/i2c-1 and /dev/i2c-2. */
  readonly adapters: readonly [SimulatedAdapter, SimulatedAdapter];
  ask(request: ChildRequest): Promise<Answer>;
}

export interface I2cAdapters {
  readonly adapters: I2cMachine["adapters"];
  /** Of a process that finds them. */
  readonly env: NodeJS.ProcessEnv;
}

/** `ended`: the processes that use them. */
export async function startI2cAdapters(
  t: TestContext,
  ended: () => Promise<void>,
): Promise<I2cAdapters> {
  const folder = mkdtempSync(path.join(tmpdir(), "wattproof-i2c-"));
  const library = compile(folder);
  const socketPath = path.join(folder, "socket");
  const adapters = [new SimulatedAdapter(), new SimulatedAdapter()] as const;
  const server = await serveAdapters(
    socketPath,
    new Map(adapters.map((adapter, i) => [i + 1, adapter])),
  );
  t.after(async () => {
    await ended();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const env = { ...process.env, LD_PRELOAD: library, WATTPROOF_I2C_SOCKET: socketPath };
  return { adapters, env };
}

export async function startI2cMachine(t: TestContext): Promise<I2cMachine> {
  let end = async (): Promise<void> => {};
  const { adapters, env } = await startI2cAdapters(t, () => end());
  const script = fileURLToPath(new URL("./i2c-child.js", import.meta.url));
  const child = spawn(process.execPath, ["--enable-source-maps", script], {
    stdio: ["pipe", "pipe", "inherit"],
    env,
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const waiting: ((answer: Answer) => void)[] = [];
  createInterface({ input: child.stdout }).on("line", (line) =>
    waiting.shift()?.(JSON.parse(line)),
  );
  end = async () => {
    child.kill("SIGKILL");
    await ended;
  };
  return {
    adapters,
    ask(request) {
      const answered = new Promise<Answer>((resolve) => waiting.push(resolve));
      const died = ended.then((): never => {
        throw new Error("the process with the sensors ended");
      });
      child.stdin.write(`${JSON.stringify(request)}\n`);
      return Promise.race([answered, died]);
    },
  };
}

function compile(folder: string): string {
  const source = path.join(projectRoot(), "test", "support", "i2c-preload.c");
  const library = path.join(folder, "i2c-preload.so");
  const args = [
    "-Wall",
    "-Wextra",
    "-Werror",
    "-O1",
    "-shared",
    "-fPIC",
    "-o",
    library,
    source,
    "-ldl",
  ];
  const { status, stderr } = spawnSync(findProgram("cc", "gcc") ?? "cc", args, {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`i2c-preload.c does not compile: ${stderr}`);
  return library;
}
