/**
 * The checks of `meter selftest` that reach outside of the process: storage, clock, sensors, broker.
 *
 * In: a meter's files and configuration, and what the running meter says, if one runs: its ports and its broker session
 * are its own, so it is asked instead. Out: one check each.
 */
import { accessSync, constants, existsSync, rmSync } from "node:fs";
import path from "node:path";
import type { SensorHost } from "../hardware/host/sensor-host.ts";
import { SourceSilent } from "../hardware/source.ts";
import { sensorsOf } from "../hardware/source-config.ts";
import { isCoded } from "../shared/base/error.ts";
import type { Join } from "../shared/message/join.ts";
import type { MeterConfig } from "./config.ts";
import { Journal } from "./journal/journal.ts";
import { freeBytes } from "./journal/reserve.ts";
import { readTlsFiles } from "./run/create-uplink.ts";
import { type DataFolder, writeDurably } from "./run/data-folder.ts";
import type { LiveStatus } from "./run/live-state.ts";
import type { MachineClock } from "./time/machine-clock.ts";
import { tryBroker } from "./uplink/try-broker.ts";

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  /** Why it fails. */
  readonly code?: string;
  readonly detail: string;
}

export interface TestedMeter {
  readonly config: MeterConfig;
  readonly configFolder: string;
  readonly join: Join;
  /** What the meter that runs on this folder says. */
  readonly running: LiveStatus | undefined;
}

/** A year of days that nobody fetches takes a few megabytes. */
const ENOUGH_BYTES = 50_000_000;

export function checkStorage(files: DataFolder, folder: string, running: boolean): Check[] {
  return [checkDurable(folder), checkJournal(files, running), checkSpace(folder)];
}

function checkDurable(folder: string): Check {
  const name = "durable";
  const file = path.join(folder, "selftest.tmp");
  const begun = performance.now();
  try {
    writeDurably(file, "wattproof\n", 0o600);
    rmSync(file);
  } catch (error) {
    return { name, ok: false, code: "storage", detail: (error as Error).message };
  }
  const ms = Math.round(performance.now() - begun);
  return { name, ok: true, detail: `a file is on the card after ${ms} ms` };
}

/** A journal that another process writes is only read. */
function checkJournal({ journal: file }: DataFolder, running: boolean): Check {
  const name = "journal";
  if (!existsSync(file)) return { name, ok: true, detail: "none yet; the first run makes one" };
  try {
    const journal = new Journal(file, { readOnly: true });
    try {
      const [row] = journal.all<{ quick_check: string }>("PRAGMA quick_check(1)");
      const found = row?.quick_check ?? "no answer";
      if (found !== "ok") return { name, ok: false, code: "journal", detail: found };
    } finally {
      journal.close();
    }
    accessSync(file, constants.R_OK | constants.W_OK);
  } catch (error) {
    const code = isCoded(error) ? error.code : "journal";
    return { name, ok: false, code, detail: (error as Error).message };
  }
  return {
    name,
    ok: true,
    detail: running ? "sound; a meter is running on it" : "sound and writable",
  };
}

function checkSpace(folder: string): Check {
  const bytes = freeBytes(folder);
  const detail = `${Math.floor(bytes / 1_000_000)} MB free`;
  if (bytes >= ENOUGH_BYTES) return { name: "space", ok: true, detail };
  return { name: "space", ok: false, code: "storage", detail };
}

/** `since`: when the chain began; a clock from before it is not set. */
export function checkClock(machine: MachineClock, since: number | undefined): Check {
  const name = "clock";
  const now = machine.wallMs();
  const sync = machine.sync?.().code ?? "unchecked";
  const detail = `${new Date(now).toISOString()}, ${sync}`;
  if (since !== undefined && now < (since - 86_400) * 1000) {
    return { name, ok: false, code: "clock", detail: `${detail}: before the chain began` };
  }
  return sync === "unset" ? { name, ok: false, code: "clock", detail } : { name, ok: true, detail };
}

/** One check a sensor. What is simulated or recorded needs none. */
export async function checkSensors(meter: TestedMeter, host: SensorHost): Promise<Check[]> {
  const { config, running } = meter;
  const sensors = sensorsOf(config.sources);
  if (sensors.length === 0) {
    return [{ name: "sensors", ok: true, detail: "none: a recording or a simulated household" }];
  }
  if (running !== undefined) {
    return running.parts.map(({ part, code, ageS }) =>
      code === undefined
        ? { name: part, ok: true, detail: `read ${ageS ?? 0} s ago by the running meter` }
        : { name: part, ok: false, code, detail: "says the running meter" },
    );
  }
  const source = await host.open(sensors, () => {});
  const checks = new Map<string, Check>();
  // Parts that speak by themselves are waited for.
  for (let tries = 0; tries < MOST_READS && checks.size < sensors.length; tries++) {
    try {
      const { parts, faults } = await source.read(Date.now());
      for (const { part, sensor } of parts) {
        checks.set(part, { name: part, ok: true, detail: `${sensor} answers` });
      }
      for (const fault of faults) checks.set(fault.part, failed(fault));
    } catch (error) {
      if (!(error instanceof SourceSilent)) throw error;
      for (const fault of error.faults) checks.set(fault.part, failed(fault));
    }
  }
  return [...checks.values()];
}

/** At two and a half seconds each, longer than any part is silent. */
const MOST_READS = 15;

function failed({ part, sensor, code }: { part: string; sensor: string; code: string }): Check {
  return { name: part, ok: false, code, detail: `the ${sensor} does not answer` };
}

export async function checkBroker(meter: TestedMeter): Promise<Check> {
  const { config, configFolder, join, running } = meter;
  const broker = config.broker ?? join.broker;
  const name = "broker";
  if (running?.broker.state === "online") {
    return { name, ok: true, detail: `the running meter is connected to ${broker}` };
  }
  const { username, password } = config;
  try {
    await tryBroker({
      broker,
      timeoutMs: config.connect_timeout_ms,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...readTlsFiles(config, configFolder),
    });
  } catch (error) {
    if (!isCoded(error)) throw error;
    return { name, ok: false, code: error.code, detail: `${broker}: ${error.message}` };
  }
  return { name, ok: true, detail: `${broker} takes this meter` };
}
