/**
 * What the tools of libgpiod print: `gpiomon` its edges, in the formats asked for here and in those of its own,
 * `gpiodetect` the chips, both their version.
 *
 *                 1.x                                                       2.x
 *   own format    event: RISING EDGE offset: 17 timestamp: [ 8.000000001]   8.000000001  rising  gpiochip0 17
 *   asked for     1 8 1   (%e %s %n: 1 rising, 0 falling)                   rising 8.000000001   (%E %S)
 */
import { chipLabels } from "./gpio-base.ts";
import type { Edge } from "./pulse-filter.ts";

export type GpiodVersion = 1 | 2;

const FORMATS: readonly RegExp[] = [
  /^(?<event>[01]) (?<seconds>\d+) (?<nanoseconds>\d{1,9})$/,
  /^(?<event>rising|falling) (?<seconds>\d+)\.(?<nanoseconds>\d{9})$/,
  /^event:\s+(?<event>RISING|FALLING) EDGE\s+offset:\s+\d+\s+timestamp:\s+\[\s*(?<seconds>\d+)\.(?<nanoseconds>\d{9})\]$/,
  /^(?<seconds>\d+)\.(?<nanoseconds>\d{9})\s+(?<event>rising|falling)\s.*$/,
];

/** Undefined for a line that is no edge. */
export function parseEdge(line: string): Edge | undefined {
  for (const format of FORMATS) {
    const { event, seconds, nanoseconds } = format.exec(line)?.groups ?? {};
    if (event === undefined) continue;
    // Below a microsecond nothing matters here, and a float has no room for it.
    const atMs = Number(seconds) * 1000 + Math.floor(Number(nanoseconds) / 1000) / 1000;
    return { level: /^(?:1|rising)$/i.test(event) ? 1 : 0, atMs };
  }
  return undefined;
}

/** Undefined for something else than a tool of libgpiod. */
export function parseVersion(output: string): GpiodVersion | undefined {
  const major = /\bv(\d+)\.\d/.exec(output)?.[1];
  if (major === "1") return 1;
  return major === undefined ? undefined : 2;
}

/** The name of the chip whose lines are the header's BCM pins. */
export function findChip(output: string): string | undefined {
  for (const line of output.split("\n")) {
    const [, name, label = ""] = /^(gpiochip\d+) \[(.*)\] \(\d+ lines\)$/.exec(line) ?? [];
    if (chipLabels.includes(label)) return name;
  }
  return undefined;
}

export interface MonitorRequest {
  readonly chip: string;
  readonly pin: number;
  readonly pull: "up" | "down" | "none";
}

/** The arguments of `gpiomon` for both edges of one line. */
export function monitorArguments(version: GpiodVersion, request: MonitorRequest): string[] {
  const { chip, pin, pull } = request;
  const bias = pull === "none" ? [] : [`--bias=pull-${pull}`];
  return version === 1
    ? ["--line-buffered", ...bias, "--format=%e %s %n", chip, String(pin)]
    : ["--edges=both", ...bias, "--format=%E %S", `--chip=${chip}`, String(pin)];
}
