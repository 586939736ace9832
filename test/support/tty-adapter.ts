/** Test only: a tty whose other end is a Python program (tty-adapter.py) that speaks, gets stuck and tells its speed. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { encodeHex } from "../../shared/base/bytes.ts";
import { projectRoot } from "./project-root.ts";
import { findProgram } from "./system-part.ts";

export interface TtyAdapter {
  readonly tty: string;
  /** Speaks `bytes` in chunks of that many bytes, with pauses in between. */
  say(bytes: Uint8Array, pace?: { readonly chunk: number; readonly gapMs: number }): Promise<void>;
  /** Resolves when the tty was closed and opened again; until then nothing is delivered. */
  stickUntilReopened(): Promise<void>;
  speed(): Promise<number>;
}

export async function startTtyAdapter(t: TestContext): Promise<TtyAdapter> {
  const script = path.join(projectRoot(), "test", "support", "tty-adapter.py");
  const child = spawn(findProgram("python3") ?? "python3", [script], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const folder = mkdtempSync(path.join(tmpdir(), "wattproof-adapter-"));
  t.after(async () => {
    // First the name: who still looks for it must not find another test's tty, whose number the kernel gives out again.
    rmSync(folder, { recursive: true });
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done) throw new Error("the adapter program has ended");
    return value;
  };
  const obey = async (order: object): Promise<string[]> => {
    child.stdin.write(`${JSON.stringify(order)}\n`);
    const said: string[] = [];
    for (let line = await nextLine(); line !== "done"; line = await nextLine()) said.push(line);
    return said;
  };
  const tty = path.join(folder, "tty");
  symlinkSync(await nextLine(), tty);
  return {
    tty,
    async say(bytes, pace) {
      const paced = pace === undefined ? {} : { chunk: pace.chunk, gap: pace.gapMs / 1000 };
      await obey({ say: encodeHex(bytes), ...paced });
    },
    async stickUntilReopened() {
      await obey({ stuck: true });
    },
    speed: async () => Number((await obey({ speed: true }))[0]),
  };
}
