/**
 * The clock of a Linux machine: boot id and uptime from the kernel, and who set the civil time.
 *
 * Files are looked at each time, which costs a microsecond or two: systemd-timesyncd touches one at each
 * synchronisation. What only a program can tell (`chronyc`, `timedatectl`, which asks the kernel and so knows any
 * time service) is asked for in the background once a minute. A battery clock counts when the kernel has set the time
 * from it and the two still agree.
 */
import { execFile } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import type { MachineClock, SyncCode, SyncState } from "./machine-clock.ts";

export interface LinuxClockOptions {
  /** Where the file system begins; another folder in tests. */
  readonly root?: string;
  /** Runs a program and gives what it prints; rejects when it cannot be run. */
  readonly run?: (program: string, args: readonly string[]) => Promise<string>;
  readonly wallMs?: () => number;
  readonly monotonicMs?: () => number;
}

/** Where these are, there is a program that can tell. */
const PROGRAMS_OF = ["/run/chrony", "/run/systemd/system"];
const ASK_EVERY_MS = 60_000;
/** A battery clock has whole seconds. */
const RTC_AGREES_MS = 3000;

export function createLinuxClock(options: LinuxClockOptions = {}): MachineClock {
  const {
    root = "",
    run = runProgram,
    wallMs = Date.now,
    monotonicMs = () => Number(process.hrtime.bigint() / 1000n) / 1000,
  } = options;
  const file = (name: string): string => `${root}${name}`;
  const read = (name: string): string | undefined => readText(file(name));
  const rtc = hasBatteryClock(read, wallMs());
  /** mtime of timesyncd's file when it was last looked at, and when that was first seen. */
  let stamp: number | undefined;
  let stampSeenMs = 0;
  let asked: SyncState | undefined;
  const askable = PROGRAMS_OF.some((name) => existsSync(file(name)));
  let answered = false;
  let askedMs = Number.NEGATIVE_INFINITY;

  const ask = async (): Promise<void> => {
    const asOfMs = monotonicMs();
    const code = await askPrograms(run, (name) => existsSync(file(name)));
    asked = code === undefined ? undefined : { code, asOfMs };
    answered = true;
  };

  return {
    bootId: read("/proc/sys/kernel/random/boot_id"),
    wallMs,
    monotonicMs,
    sync(): SyncState {
      const now = monotonicMs();
      const touched = touchedMs(file("/run/systemd/timesync/synchronized"));
      if (touched !== undefined) {
        if (touched !== stamp) stampSeenMs = now;
        stamp = touched;
        return { code: "ntp", asOfMs: stampSeenMs };
      }
      if (now - askedMs >= ASK_EVERY_MS) {
        askedMs = now;
        void ask();
      }
      if (asked?.code === "ntp") return asked;
      // Who is to tell has not answered yet.
      if (asked === undefined && !answered && askable) return { code: "unset", asOfMs: now };
      if (rtc) return { code: "rtc", asOfMs: now };
      if (existsSync(file("/run/systemd/timesync"))) return { code: "unset", asOfMs: now };
      return asked ?? { code: "unchecked", asOfMs: now };
    },
  };
}

/** `ntp` or `unset` as a time service says; undefined where there is none. */
async function askPrograms(
  run: NonNullable<LinuxClockOptions["run"]>,
  exists: (name: string) => boolean,
): Promise<SyncCode | undefined> {
  if (exists("/run/chrony")) {
    const said = await run("chronyc", ["-c", "tracking"]).catch(() => "");
    // Its last column is the leap status.
    if (said !== "")
      return /,(Normal|Insert second|Delete second)\s*$/.test(said) ? "ntp" : "unset";
  }
  if (!exists("/run/systemd/system")) return undefined;
  const args = ["show", "--property=NTPSynchronized", "--property=NTP"];
  const said = await run("timedatectl", args).catch(() => "");
  if (/^NTPSynchronized=yes$/m.test(said)) return "ntp";
  return /^NTP=yes$/m.test(said) ? "unset" : undefined;
}

/** The kernel has taken the time from a battery clock, and it has not been set to another one since. */
function hasBatteryClock(read: (name: string) => string | undefined, wallMs: number): boolean {
  if (read("/sys/class/rtc/rtc0/hctosys") !== "1") return false;
  const seconds = Number(read("/sys/class/rtc/rtc0/since_epoch"));
  return Math.abs(seconds * 1000 - wallMs) <= RTC_AGREES_MS;
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    // Not on this machine.
    return undefined;
  }
}

function touchedMs(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs;
}

function runProgram(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, [...args], { timeout: 10_000 }, (error, stdout) =>
      error === null ? resolve(stdout) : reject(error),
    );
  });
}
