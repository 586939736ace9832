/**
 * The edges of a pin from `gpiomon`, a program of libgpiod that runs as a child process: the kernel stamps each edge
 * with its time and keeps it until it is read, so that a busy program misses none.
 *
 * A child that ends is started again. It is told to end with this process, however that ends (`setpriv`): an orphan
 * would hold the pin.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { fail, WattproofError } from "../../shared/base/error.ts";
import type { EdgeListener, EdgeSource } from "./edge-source.ts";
import {
  findChip,
  type GpiodVersion,
  monitorArguments,
  parseEdge,
  parseVersion,
} from "./gpiomon-output.ts";

const execute = promisify(execFile);

const RESTART_MS = 1_000;
const TOOL_MS = 5_000;
/** What is kept of a child's complaints. */
const COMPLAINT = 500;

export interface GpiomonOptions {
  readonly pin: number;
  readonly pull: "up" | "down" | "none";
  /** The folder of the tools; the search path without it. */
  readonly tools?: string;
  readonly restartMs?: number;
}

/** Throws `hardware-module` (libgpiod's tools are not there), `gpio-chip`. A pin that is in use shows at `failure`. */
export async function watchByGpiomon(
  options: GpiomonOptions,
  listener: EdgeListener,
): Promise<EdgeSource> {
  const tool = (name: string): string =>
    options.tools === undefined ? name : `${options.tools}/${name}`;
  const version = parseVersion(await run(tool("gpiomon"), ["--version"]));
  if (version === undefined) fail("hardware-module", "gpiomon does not state a version");
  const chip = findChip(await run(tool("gpiodetect"), []));
  if (chip === undefined) {
    fail("gpio-chip", "gpiodetect shows no GPIO chip of a Raspberry Pi", { pin: options.pin });
  }
  return new Gpiomon(tool("gpiomon"), version, chip, options, listener);
}

async function run(program: string, args: readonly string[]): Promise<string> {
  try {
    return (await execute(program, args, { timeout: TOOL_MS })).stdout;
  } catch (error) {
    const cause = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    fail("hardware-module", `${program} does not run (${cause}); try: apt install gpiod`);
  }
}

class Gpiomon implements EdgeSource {
  readonly #command: readonly [program: string, ...args: string[]];
  readonly #what: string;
  readonly #restartMs: number;
  readonly #listener: EdgeListener;
  #child: ChildProcess | undefined;
  #failure: WattproofError | undefined;
  #restart: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(
    program: string,
    version: GpiodVersion,
    chip: string,
    options: GpiomonOptions,
    listener: EdgeListener,
  ) {
    const args = [program, ...monitorArguments(version, { chip, ...options })];
    const bound = ["/usr/bin/setpriv", "/bin/setpriv"].find((file) => existsSync(file));
    this.#command =
      bound === undefined ? [program, ...args.slice(1)] : [bound, "--pdeathsig", "KILL", ...args];
    this.#what = `GPIO${options.pin}`;
    this.#restartMs = options.restartMs ?? RESTART_MS;
    this.#listener = listener;
    this.#start();
  }

  failure(): WattproofError | undefined {
    return this.#closed ? new WattproofError("sensor-gone", "closed") : this.#failure;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#restart);
    const child = this.#child;
    if (child === undefined) return;
    const ended = once(child, "close");
    child.kill("SIGKILL");
    await ended;
  }

  #start(): void {
    const [program, ...args] = this.#command;
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    this.#failure = undefined;
    this.#listener.onGap();
    let complaint = "";
    child.stderr.on("data", (bytes: Buffer) => {
      complaint = (complaint + bytes.toString("latin1")).slice(-COMPLAINT);
    });
    createInterface({ input: child.stdout }).on("line", (line) => {
      const edge = parseEdge(line);
      if (edge !== undefined) this.#listener.onEdge(edge);
    });
    child.once("error", (error) => {
      complaint = error.message;
    });
    child.once("close", () => this.#ended(complaint.trim()));
  }

  #ended(complaint: string): void {
    this.#child = undefined;
    if (this.#closed) return;
    const code = /busy/i.test(complaint) ? "sensor-busy" : "sensor-gone";
    this.#failure = new WattproofError(code, `${this.#what}: gpiomon ended: ${complaint}`);
    this.#restart = setTimeout(() => this.#start(), this.#restartMs);
  }
}
