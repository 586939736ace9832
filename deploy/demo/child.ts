/**
 * One child process that runs a command line of ours: its JSON log lines come back as objects, everything
 * else as text, and it is stopped by its own pid only.
 *
 * in: a built script, arguments → out: events while it runs, one exit; never a process left behind.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** One line of a child's JSON log. */
export type ChildEvent = Readonly<Record<string, unknown>>;

interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ChildOptions {
  /** Shown to people in front of what the child complains about. */
  readonly name: string;
  /** Absolute path of a built JavaScript file. */
  readonly script: string;
  readonly args: readonly string[];
  onEvent?(event: ChildEvent): void;
  /** A line that is not JSON, from either stream. */
  onText?(line: string): void;
}

export interface Child {
  readonly name: string;
  readonly pid: number;
  /** Resolves once, when the process has ended and its output is read. */
  readonly exited: Promise<Exit>;
  /** Asks with SIGTERM; SIGKILL after `graceMs`. Resolves when it has ended. */
  stop(graceMs?: number): Promise<Exit>;
  /** SIGKILL at once, as a power cut would. Resolves when it has ended. */
  kill(): Promise<Exit>;
}

const DEFAULT_GRACE_MS = 10_000;

function parseEvent(line: string): ChildEvent | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    return JSON.parse(line) as ChildEvent;
  } catch {
    return undefined;
  }
}

function readLines(child: ChildProcess, options: ChildOptions): Promise<void>[] {
  return [child.stdout, child.stderr].map(async (stream) => {
    if (stream === null) return;
    for await (const line of createInterface({ input: stream })) {
      const event = parseEvent(line);
      if (event === undefined) options.onText?.(line);
      else options.onEvent?.(event);
    }
  });
}

/**
 * Starts the child in a process group of its own, so that Ctrl-C in a terminal reaches only the launcher,
 * which then stops its children in order. Throws when the process cannot be started.
 */
export function startChild(options: ChildOptions): Child {
  const child = spawn(process.execPath, ["--enable-source-maps", options.script, ...options.args], {
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${options.name} could not be started`);
  const lines = readLines(child, options);
  const exited = new Promise<Exit>((resolve) => {
    child.once("exit", (code, signal) => {
      void Promise.allSettled(lines).then(() => resolve({ code, signal }));
    });
  });
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  return {
    name: options.name,
    pid,
    exited,
    stop: async (graceMs = DEFAULT_GRACE_MS) => {
      if (!hasEnded()) child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
      const exit = await exited;
      clearTimeout(timer);
      return exit;
    },
    kill: async () => {
      if (!hasEnded()) child.kill("SIGKILL");
      return await exited;
    },
  };
}

/** Runs a command to its end; resolves to its text output. Throws with that output when it fails. */
export async function runToEnd(options: Omit<ChildOptions, "onEvent" | "onText">): Promise<string> {
  const output: string[] = [];
  const child = startChild({
    ...options,
    onText: (line) => output.push(line),
    onEvent: (event) => output.push(JSON.stringify(event)),
  });
  const { code, signal } = await child.exited;
  const text = output.join("\n");
  if (code !== 0) throw new Error(`${options.name} failed (${signal ?? `exit ${code}`}): ${text}`);
  return text;
}
