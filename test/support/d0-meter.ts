/** Test only: starts a simulated IEC 62056-21 meter, d0-meter.py, on a tty. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { projectRoot } from "./project-root.ts";
import { findProgram } from "./system-part.ts";

export interface D0Setup {
  readonly mode: "A" | "B" | "C";
  /** Without the slash: three letters, the speed's character, a text. */
  readonly ident: string;
  readonly lines: readonly string[];
  readonly fault?: "bcc" | "cut" | "silent" | "garbage";
  readonly address?: string;
  readonly echo?: boolean;
  readonly parity?: boolean;
  readonly wake?: number;
  readonly baud?: number;
}

export interface D0Meter {
  readonly tty: string;
  /** What the meter has said of its readouts so far. */
  readonly log: readonly unknown[];
}

export async function startD0Meter(t: TestContext, setup: D0Setup): Promise<D0Meter> {
  const script = path.join(projectRoot(), "test", "support", "d0-meter.py");
  const child = spawn(findProgram("python3") ?? "python3", [script], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  t.after(async () => {
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  });
  child.stdin.write(`${JSON.stringify(setup)}\n`);
  const lines = createInterface({ input: child.stdout });
  const [tty] = await once(lines, "line");
  const log: unknown[] = [];
  lines.on("line", (line) => log.push(JSON.parse(line)));
  return { tty: String(tty), log };
}
