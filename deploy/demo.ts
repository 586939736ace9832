/**
 * `npm start`: the whole house on one machine. A gateway with its embedded broker, five simulated meters and one
 * that replays a recording run as separate processes, driven only through their command lines; simulated days
 * pass every few seconds. All data stays in one folder, and a second start goes on there.
 *
 * in: options (demo/options.ts) → out: lines for a person to read; exit 0 after Ctrl-C or `--days`.
 */
import { mkdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { dayBounds } from "../shared/time/civil-day.ts";
import { planFleet } from "./demo/fleet.ts";
import { type House, openHouse } from "./demo/house.ts";
import { DEMO_HELP, type DemoOptions, OptionError, readOptions } from "./demo/options.ts";
import { findFreePort } from "./demo/port.ts";
import { createPalette, formatBanner, formatFact, type Palette } from "./demo/printer.ts";
import { openTimeline, type Timeline } from "./demo/timeline.ts";
import { findProjectRoot } from "./project-root.ts";

const CLOCK_ZONE = "Europe/Berlin";
const DAY_S = 86_400;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Resolves with what ended the demo: a signal, the number of days, or a process that should run and does not. */
async function waitForEnd(
  options: DemoOptions,
  timeline: Timeline,
  house: House,
): Promise<{ readonly failed?: string }> {
  const abort = new AbortController();
  const told = new Promise<{ failed?: string }>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.once(signal, () => resolve({}));
    }
  });
  const lastInstant = timeline.spec.simOriginS + (options.days ?? 0) * DAY_S;
  const realMs = Math.max(0, ((lastInstant - timeline.now()) * 1000) / timeline.spec.rate);
  const enough = options.days === undefined ? [] : [sleep(realMs, {}, { signal: abort.signal })];
  try {
    return await Promise.race([told, house.failed.then((failed) => ({ failed })), ...enough]);
  } finally {
    abort.abort();
  }
}

async function run(options: DemoOptions, palette: Palette): Promise<number> {
  const root = findProjectRoot();
  mkdirSync(options.folder, { recursive: true });
  const { plans, firstDate } = planFleet(options, root);
  const brokerPort = await findFreePort(options.brokerPort);
  const portalPort = await findFreePort(options.portalPort);
  const notes = [
    ...(brokerPort === options.brokerPort ? [] : [`port ${options.brokerPort} is taken`]),
    ...(portalPort === options.portalPort ? [] : [`port ${options.portalPort} is taken`]),
  ];
  const firstInstant = dayBounds(CLOCK_ZONE, firstDate)?.from;
  if (firstInstant === undefined) throw new OptionError(`${firstDate} is not a day`);
  const timeline = openTimeline({
    folder: options.folder,
    firstInstant,
    secondsPerDay: options.secondsPerDay,
    nowMs: Date.now,
  });
  const house = await openHouse({
    folder: options.folder,
    plans,
    clock: timeline.text,
    brokerPort,
    portalPort,
    onFact: (fact) => say(formatFact(fact, palette)),
    onTrouble: (name, line) => say(`${palette.red(name)}: ${line}`),
    onStep: (line) => say(palette.dim(line)),
  });
  timeline.start();
  try {
    for (const line of formatBanner(
      {
        portal: house.portal,
        broker: { host: "127.0.0.1", port: brokerPort },
        topic: house.topic,
        folder: options.folder,
        secondsPerDay: options.secondsPerDay,
        continued: timeline.continued,
        meters: plans,
        notes,
      },
      palette,
    )) {
      say(line);
    }
    const { failed } = await waitForEnd(options, timeline, house);
    if (failed === undefined) return 0;
    say(`${palette.red("stopped")}: ${failed}`);
    return 1;
  } finally {
    say(palette.dim("Stopping …"));
    await house.close();
    timeline.stop();
    say(palette.dim(`Stopped. All data is in ${options.folder}; npm start goes on there.`));
  }
}

async function main(): Promise<number> {
  const palette = createPalette(process.stdout.isTTY === true, process.env["NO_COLOR"]);
  try {
    const options = readOptions(process.argv.slice(2), findProjectRoot());
    if (options === undefined) {
      say(DEMO_HELP);
      return 0;
    }
    return await run(options, palette);
  } catch (error) {
    process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`);
    return error instanceof OptionError ? 2 : 1;
  }
}

process.exitCode = await main();
