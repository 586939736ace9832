/** A real `gateway run` for a measurement: started, asked by its control socket, stopped. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { cliScript } from "../../deploy/project-root.ts";
import { askGateway } from "../../gateway/app/control-client.ts";
import { locateDataFolder } from "../../gateway/app/data-folder.ts";

export interface GatewayStatus {
  readonly height: number;
  readonly log_size: number;
  readonly held: number;
  readonly received: number;
  readonly cpu_user_us: number;
  readonly cpu_system_us: number;
  readonly rss_bytes: number;
  readonly loop_p99_us: number;
  readonly loop_max_us: number;
  readonly publishes_dropped: number;
  readonly hashes: number;
  readonly counts: readonly { readonly code: string; readonly count: number }[];
}

export interface BenchGateway {
  readonly pid: number;
  /** `fresh`: forget the event-loop delays so far. */
  status(fresh?: boolean): Promise<GatewayStatus>;
  /** Ends it and waits until its store is closed. */
  stop(): Promise<void>;
}

/** @param nodeOptions for profiling */
export async function startBenchGateway(
  data: string,
  nodeOptions: readonly string[] = [],
): Promise<BenchGateway> {
  const args = [...nodeOptions, cliScript("gateway"), "run", "--data", data, "--log", "json"];
  const child: ChildProcess = spawn(process.execPath, args, {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const ready = new Promise<void>((resolve, reject) => {
    if (child.stdout === null) return;
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line.includes('"event":"ready"')) resolve();
    });
    child.once("exit", (code) => reject(new Error(`the gateway ended with ${code}`)));
  });
  await ready;
  const { control } = locateDataFolder(data);
  return {
    pid: child.pid ?? 0,
    async status(fresh = false) {
      const answer = await askGateway(control, "status", fresh ? { fresh: 1 } : {});
      if (answer === undefined) throw new Error("the gateway does not answer");
      return answer.result as GatewayStatus;
    },
    async stop() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}
