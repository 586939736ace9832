/**
 * Tells systemd how the meter is: ready, a line of status, alive, stopping.
 *
 * In: NOTIFY_SOCKET and WATCHDOG_USEC of the environment, and functions that say whether the meter makes progress. Out:
 * messages by systemd's own `systemd-notify`, because Node has no datagram sockets of the file system (docs/decisions/
 * service-manager.md). Without NOTIFY_SOCKET nothing is done.
 */
import { spawn } from "node:child_process";

export interface ServiceManagerOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly pid: number;
  /** Whether every sampler has done its work lately; without that the watchdog is not told anything. */
  readonly isAlive: () => boolean;
  /** One line for `systemctl status`. */
  readonly describe: () => string;
  /** Called once if systemd cannot be told. */
  readonly onFailure: (reason: string) => void;
}

export interface ServiceManager {
  /** The meter measures. Idempotent. */
  ready(): void;
  /** Resolves when systemd has been told. */
  stopping(): Promise<void>;
}

/** How often the line of status is renewed where there is no watchdog. */
const STATUS_MS = 60_000;
const TELL_MS = 5_000;

export function createServiceManager(options: ServiceManagerOptions): ServiceManager {
  const { env, pid, isAlive, describe, onFailure } = options;
  if (env["NOTIFY_SOCKET"] === undefined) return { ready() {}, stopping: async () => {} };
  let failed = false;
  let telling: Promise<void> = Promise.resolve();
  const tell = (...messages: readonly string[]): Promise<void> => {
    telling = telling
      .then(() => run(env, [`--pid=${pid}`, ...messages]))
      .catch((error: Error) => {
        if (!failed) onFailure(error.message);
        failed = true;
      });
    return telling;
  };
  const watchdogMs = readWatchdog(env, pid);
  let timer: NodeJS.Timeout | undefined;
  return {
    ready() {
      if (timer !== undefined) return;
      void tell("READY=1", `STATUS=${describe()}`);
      const renew = (): void => {
        const alive = watchdogMs !== undefined && isAlive() ? ["WATCHDOG=1"] : [];
        void tell(`STATUS=${describe()}`, ...alive);
      };
      timer = setInterval(renew, watchdogMs === undefined ? STATUS_MS : watchdogMs / 2);
      timer.unref();
    },
    stopping() {
      clearInterval(timer);
      return tell("STOPPING=1", "STATUS=stopping");
    },
  };
}

/** The time in which systemd wants to hear of this process; undefined when it does not. */
function readWatchdog(env: NodeJS.ProcessEnv, pid: number): number | undefined {
  const { WATCHDOG_USEC: micros, WATCHDOG_PID: whose } = env;
  if (micros === undefined || !/^[1-9]\d{0,15}$/.test(micros)) return undefined;
  if (whose !== undefined && whose !== String(pid)) return undefined;
  return Number(micros) / 1000;
}

function run(env: NodeJS.ProcessEnv, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn("systemd-notify", args, { env, stdio: "ignore", timeout: TELL_MS });
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`systemd-notify ended with ${code ?? signal}`));
    });
  });
}
