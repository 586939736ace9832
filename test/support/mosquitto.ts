/**
 * A Mosquitto of a test's own: loopback only, a free port, its state in the test's folder so that a restart
 * finds retained messages and sessions again. in: a test → out: a broker that can be killed and restarted.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { TestContext } from "node:test";

import { findFreePort } from "../../deploy/demo/port.ts";
import { waitForPort } from "./process.ts";
import { findProgram } from "./system-part.ts";

export interface Mosquitto {
  readonly port: number;
  readonly url: string;
  start(): Promise<void>;
  /** kill -9, then waits for the end of the process. */
  kill(): Promise<void>;
}

/** Starts the broker; it is killed after the test. */
export async function startMosquitto(t: TestContext, folder: string): Promise<Mosquitto> {
  const port = await findFreePort(0);
  mkdirSync(folder, { recursive: true });
  const config = path.join(folder, "mosquitto.conf");
  writeFileSync(
    config,
    [
      `listener ${port} 127.0.0.1`,
      "allow_anonymous true",
      "persistence true",
      `persistence_location ${folder}/`,
      "autosave_on_changes true",
      "autosave_interval 1",
      "max_queued_messages 0",
      "log_type none",
      "user root",
      "",
    ].join("\n"),
  );
  let child: ChildProcess | undefined;
  const start = async () => {
    child = spawn(findProgram("mosquitto") ?? "mosquitto", ["-c", config], { stdio: "ignore" });
    await waitForPort(port);
  };
  const kill = async () => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  t.after(kill);
  await start();
  return { port, url: `mqtt://127.0.0.1:${port}`, start, kill };
}
