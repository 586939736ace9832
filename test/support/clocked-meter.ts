/**
 * Test only, a program: a whole meter whose machine has a clock of its own. True time runs from an instant on at a
 * rate; what the machine's clock is off by and who vouches for it is read from a file, as it is at each moment.
 *
 * usage: clocked-meter.js FOLDER ORIGIN_MS START_MS RATE   (true time START_MS at uptime ORIGIN_MS)
 */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { parseMeterConfig } from "../../device/config.ts";
import { dataFolder } from "../../device/run/data-folder.ts";
import { LiveState } from "../../device/run/live-state.ts";
import { runMeter } from "../../device/run/meter.ts";
import type { SyncCode } from "../../device/time/machine-clock.ts";
import type { PartReading, Sample } from "../../hardware/source.ts";

const [folder = "", originMs, startMs, rate] = process.argv.slice(2);
const files = dataFolder(folder);
const uptimeMs = (): number => Number(process.hrtime.bigint() / 1000n) / 1000;
const monotonicMs = (): number => (uptimeMs() - Number(originMs)) * Number(rate);
const trueMs = (): number => Number(startMs) + monotonicMs();

interface World {
  readonly boot: string;
  readonly errorMs: number;
  readonly code: SyncCode;
}
const world = (): World => JSON.parse(readFileSync(path.join(folder, "world.json"), "utf8"));

/** 3.6 kW: one Wh a second. */
async function read(at: number): Promise<Sample> {
  const register = Math.floor(trueMs() / 1000) % 1_000_000_000;
  const part: PartReading = {
    part: "pzem-004t",
    sensor: "pzem-004t",
    counter: "pzem-004t 1",
    counts: true,
    energy: "register",
    register,
  };
  return { at, energy: "register", register, parts: [part], evidence: [], faults: [] };
}

await runMeter({
  files,
  config: parseMeterConfig(readFileSync(files.config, "utf8")),
  configFolder: folder,
  clockSpec: { kind: "real" },
  system: {
    bootId: world().boot,
    wallMs: () => Math.round(trueMs() + world().errorMs),
    monotonicMs,
    sync: () => ({ code: world().code, asOfMs: monotonicMs() }),
  },
  randomBytes: (length) => randomBytes(length),
  random: Math.random,
  openSensors: async () => ({ read, close: async () => undefined }),
  openPin: () => Promise.reject(new Error("no pins")),
  live: new LiveState(uptimeMs),
  report: (event) => process.stdout.write(`${JSON.stringify(event)}\n`),
  signal: new AbortController().signal,
});
