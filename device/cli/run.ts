/** `meter run`: measures until it is told to stop (SIGINT, SIGTERM), then leaves everything durable. */
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { SensorHost } from "../../hardware/host/sensor-host.ts";
import { openLinuxPin } from "../../hardware/linux/digital-pin.ts";
import { realTiming } from "../../hardware/port/timing.ts";
import { type ClockSpec, parseClockSpec } from "../../shared/base/clock.ts";
import { fail, isCoded } from "../../shared/base/error.ts";
import { describeConfig, parseMeterConfig } from "../config.ts";
import { formatEvent, type LogFormat } from "../meter-event.ts";
import { dataFolder, readJoin } from "../run/data-folder.ts";
import { LiveState } from "../run/live-state.ts";
import { runMeter } from "../run/meter.ts";
import type { MeterOptions } from "../run/meter-options.ts";
import { runMeters } from "../run/run-meters.ts";
import { createServiceManager } from "../run/service-manager.ts";
import { createLinuxClock } from "../time/linux-clock.ts";
import type { MachineClock } from "../time/machine-clock.ts";
import { readOptions, requireOption } from "./options.ts";

const help = (): string => `meter run: measure, close and seal days, and publish them

usage: meter run --data DIR [--data DIR …] [--config FILE] [--clock SPEC] [--log json|text]

  --data DIR     the meter's data folder: join.json, meter-key.json, meter.json, meter.db.
                 Given several times, several meters run in one process, each with its own
                 key and journal; their sensors may share serial lines and buses.
  --config FILE  the configuration (default: meter.json in the data folder); for one meter only
  --clock SPEC   \`real\` (default) or \`simulated:<realOriginMs>:<simOriginS>:<rate>\`
  --log FORMAT   one event a line, as text (default) or json

SIGINT and SIGTERM stop it cleanly. Under systemd it says when it is ready, how it is, and that it is
alive (Type=notify, NotifyAccess=all, WatchdogSec=). Keys of the configuration:

${describeConfig()}
`;

export async function run(args: readonly string[]): Promise<number> {
  const text = { type: "string" } as const;
  const data = { type: "string", multiple: true } as const;
  const spec = { data, config: text, clock: text, log: text };
  const options = readOptions(args, spec, help());
  if (options === undefined) return 0;
  const folders = options.data ?? [requireOption(undefined, "data")];
  if (folders.length > 1 && options.config !== undefined) {
    fail("usage", "--config is for one meter; several have their own meter.json. See --help.");
  }
  if (new Set(folders.map((folder) => path.resolve(folder))).size < folders.length) {
    fail("usage", "--data: each meter has a folder of its own. See --help.");
  }
  const format = readFormat(options.log ?? "text");
  const clockSpec = readClock(options.clock ?? "real");
  // Monotonic time is that of the sensors' process too.
  const system = createLinuxClock({ monotonicMs: realTiming.monotonicMs });
  const stop = new AbortController();
  const { RUNTIME_DIRECTORY: memory } = process.env;
  const state = path.resolve(folders[0] ?? ".");
  const host = new SensorHost({
    monotonicMs: () => system.monotonicMs(),
    folders: { state, ...(memory === undefined ? {} : { memory }) },
  });
  const common = { clockSpec, system, format, host, signal: stop.signal };
  const meters = folders.map((folder) => prepareMeter(folder, options.config, common));
  const onSignal = (): void => stop.abort();
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  const manager = createServiceManager({
    env: process.env,
    pid: process.pid,
    isAlive: () => meters.every(({ live }) => live.isAlive),
    describe: () => describeMeters(meters),
    onFailure: (reason) => meters[0]?.report({ event: "not-notified", reason }),
  });
  try {
    const running = runMeters(meters, runMeter);
    void Promise.all(meters.map(({ live }) => live.begun)).then(() => manager.ready());
    await untilStopping(running, stop.signal);
    await manager.stopping();
    await running;
  } finally {
    process.off("SIGINT", onSignal);
    process.off("SIGTERM", onSignal);
    await host.close();
  }
  return 0;
}

interface Common {
  readonly clockSpec: ClockSpec;
  readonly system: MachineClock;
  readonly format: LogFormat;
  readonly host: Pick<SensorHost, "open">;
  readonly signal: AbortSignal;
}

/** Throws `usage`, `config`, `no-meter`, `join`. */
export function prepareMeter(
  folder: string,
  config: string | undefined,
  common: Common,
): MeterOptions {
  const { clockSpec, system, format, host, signal } = common;
  const files = dataFolder(requireOption(folder, "data"));
  const configFile = config ?? files.config;
  if (!existsSync(configFile)) fail("config", `there is no configuration ${configFile}`);
  const { meter } = readJoin(files.join);
  return {
    files,
    config: parseMeterConfig(readFileSync(configFile, "utf8"), configFile),
    configFolder: path.dirname(path.resolve(configFile)),
    clockSpec,
    system,
    randomBytes: (length) => randomBytes(length),
    random: Math.random,
    openSensors: (configs, onRestart) => host.open(configs, onRestart),
    openPin: (settings) => openLinuxPin(settings),
    live: new LiveState(() => system.monotonicMs()),
    report: (event) => {
      process.stdout.write(`${formatEvent(meter, event, format)}\n`);
    },
    signal,
  };
}

/** One line for `systemctl status`. */
function describeMeters(meters: readonly MeterOptions[]): string {
  const states = meters.map(({ live }) => {
    const failing = live.snapshot().parts.filter(({ code }) => code !== undefined);
    const sensors = failing.map(({ part, code }) => `${part} fails (${code})`);
    return [live.online ? "connected" : "not connected", ...sensors].join(", ");
  });
  return states.join("; ");
}

/** Resolves when the meters have been told to stop, or have ended by themselves, in whatever way. */
async function untilStopping(running: Promise<void>, signal: AbortSignal): Promise<void> {
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
  await Promise.race([running, aborted]);
}

function readFormat(text: string): LogFormat {
  if (text !== "json" && text !== "text") fail("usage", "--log is json or text. See --help.");
  return text;
}

export function readClock(text: string) {
  try {
    return parseClockSpec(text);
  } catch (error) {
    fail("usage", `--clock: ${isCoded(error) ? error.message : text}`);
  }
}
