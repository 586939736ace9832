/** What a process has used, as Linux counts it: processor time and resident memory of another process by its id. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

export interface ProcessUsage {
  /** User and system time of all its threads, seconds. */
  readonly cpuS: number;
  readonly residentBytes: number;
}

/** Clock ticks a second of `/proc`. */
function ticksPerSecond(): number {
  return Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));
}

/** Throws where there is no `/proc` or no such process. */
export function readUsage(pid: number): ProcessUsage {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // Fields after the name in parentheses; user time is field 14 and system time field 15 of proc(5).
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[11]) + Number(fields[12]);
  const resident = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return { cpuS: ticks / ticksPerSecond(), residentBytes: Number(resident?.[1]) * 1024 };
}
