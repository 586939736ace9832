/**
 * The bench's Mosquitto: a process of its own on a free loopback port, configured as for production except that it
 * asks for no certificates: persistent sessions, nothing dropped, a bound on what is in flight.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findFreePort } from "../../deploy/demo/port.ts";
import { waitForPort } from "../support/process.ts";
import { findProgram } from "../support/system-part.ts";

export interface BenchBroker {
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

const CONFIG = [
  "allow_anonymous true",
  "persistence true",
  "autosave_interval 1800",
  "max_inflight_messages 4096",
  "max_queued_messages 0",
  "set_tcp_nodelay true",
  "log_type error",
];

/** Throws where Mosquitto is not installed. */
export async function startBroker(folder: string): Promise<BenchBroker> {
  const program = findProgram("mosquitto");
  if (program === undefined)
    throw new Error("the intake bench needs mosquitto: apt-get install mosquitto");
  const port = await findFreePort(0);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "mosquitto.conf");
  const own = [`listener ${port} 127.0.0.1`, `persistence_location ${folder}/`];
  // As root it would change to a user who may not write here.
  if (process.getuid?.() === 0) own.push("user root");
  writeFileSync(file, `${[...own, ...CONFIG].join("\n")}\n`);
  const child: ChildProcess = spawn(program, ["-c", file], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  await waitForPort(port);
  return {
    port,
    pid: child.pid ?? 0,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    },
  };
}
