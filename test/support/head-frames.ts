/** Test only: frames of a sensor head by a Python program (head-frames.py). */
import { spawnSync } from "node:child_process";
import path from "node:path";
import { projectRoot } from "./project-root.ts";
import { findProgram } from "./system-part.ts";

export interface HeadFrameSpec {
  readonly head?: string;
  /** 16 digits of hex. */
  readonly boot?: string;
  readonly seq: number;
  /** Default 10,000 a frame. */
  readonly ms?: number;
  readonly fields: string;
  /** Hex. */
  readonly key?: string;
}

export const BOOT = "00112233aabbccdd";

export function makeHeadFrames(...specs: readonly HeadFrameSpec[]): string[] {
  const script = path.join(projectRoot(), "test", "support", "head-frames.py");
  const input = specs.map((spec) => ({
    head: "pico-1",
    boot: BOOT,
    ms: spec.seq * 10_000,
    ...spec,
  }));
  const { stdout, stderr, status } = spawnSync(findProgram("python3") ?? "python3", [script], {
    input: JSON.stringify(input),
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  return stdout.trim().split("\n");
}
