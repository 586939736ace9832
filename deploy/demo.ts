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
import { openTimeline } from "./demo/timeline.ts";
import { findProjectRoot } from "./project-root.ts";

/** Zone of the midnight with which a new demo begins; that of the simulated households. */
const CLOCK_ZONE = "Europe/Berlin";

interface End {
  /** What ended that should have gone on. */
  readonly failed?: string;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Aborted by the first signal to stop. */
function heedSignals(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => stop.abort());
  }
  return stop.signal;
}

/** Resolves when the signal is aborted. */
function told(signal: AbortSignal): Promise<End> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve({});
    else signal.addEventListener("abort", () => resolve({}), { once: true });
  });
}

/** The wanted port or a free one, with a note when it is another one. */
async function choosePort(wanted: number): Promise<{ port: number; notes: string[] }> {
  const port = await findFreePort(wanted);
  return { port, notes: port === wanted ? [] : [`port ${wanted} is taken, ${port} is used`] };
}

/** Runs the house until the end that is asked for; 0 when that was a signal or the number of days. */
async function run(options: DemoOptions, signal: AbortSignal, palette: Palette): Promise<number> {
  mkdirSync(options.folder, { recursive: true });
  const { plans, firstDate } = planFleet(options, findProjectRoot());
  const firstInstant = dayBounds(CLOCK_ZONE, firstDate)?.from;
  if (firstInstant === undefined) throw new OptionError(`${firstDate} is not a day`);
  const { folder, secondsPerDay } = options;
  const timeline = openTimeline({ folder, firstInstant, secondsPerDay, nowMs: Date.now });
  const broker = await choosePort(options.brokerPort);
  const portal = await choosePort(options.portalPort);
  const house: House = await openHouse({
    folder,
    plans,
    timeline,
    brokerPort: broker.port,
    portalPort: portal.port,
    signal,
    onFact: (fact) => say(formatFact(fact, palette)),
    onTrouble: (name, line) => say(`${palette.red(name)}: ${line}`),
    onStep: (line) => say(palette.dim(line)),
  });
  const lines = formatBanner(
    {
      portal: house.portal,
      broker: { host: "127.0.0.1", port: broker.port },
      topic: house.topic,
      folder,
      secondsPerDay,
      continued: timeline.continued,
      meters: plans,
      notes: [...broker.notes, ...portal.notes],
    },
    palette,
  );
  for (const line of lines) say(line);
  const abort = new AbortController();
  const enough =
    options.days === undefined
      ? []
      : [sleep<End>(timeline.msOfDays(options.days), {}, { signal: abort.signal })];
  const end = await Promise.race([
    told(signal),
    house.failed.then((failed): End => ({ failed })),
    ...enough,
  ]);
  abort.abort();
  if (end.failed !== undefined) say(`${palette.red("Failed")}: ${end.failed}`);
  say(palette.dim("Stopping …"));
  await house.close();
  timeline.stop();
  say(palette.dim(`Stopped. Everything is in ${folder}; npm start goes on there.`));
  return end.failed === undefined ? 0 : 1;
}

async function main(): Promise<number> {
  const palette = createPalette(process.stdout.isTTY === true, process.env["NO_COLOR"]);
  const signal = heedSignals();
  try {
    const options = readOptions(process.argv.slice(2), findProjectRoot());
    if (options === undefined) {
      say(DEMO_HELP);
      return 0;
    }
    return await run(options, signal, palette);
  } catch (error) {
    if (signal.aborted && error === signal.reason) {
      say(palette.dim("Stopped before it began; npm start goes on there."));
      return 0;
    }
    process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`);
    return error instanceof OptionError ? 2 : 1;
  }
}

process.exitCode = await main();
