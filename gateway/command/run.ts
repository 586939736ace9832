/** `gateway run`: the gateway process, until SIGINT or SIGTERM. */
import { mkdirSync } from "node:fs";
import { createClock, parseClockSpec } from "../../shared/base/clock.ts";
import { fail } from "../../shared/base/error.ts";
import { locateDataFolder } from "../app/data-folder.ts";
import { createEventLog } from "../app/event-log.ts";
import { readConfig } from "../app/founding.ts";
import { runGateway } from "../app/run-gateway.ts";
import { systemClock } from "../app/system-clock.ts";
import { describeConfig } from "../config.ts";
import { readOptions, requireOption } from "./options.ts";

const HELP = `gateway run: takes in sealed days, mines and bills them, serves the portal

usage: gateway run --data DIR [options]

  --data DIR      data folder: keys, chain, control socket; made at the first start
  --config FILE   configuration; default DIR/gateway.json
  --clock SPEC    real (default), or simulated:<realOriginMs>:<simOriginS>:<rate>
  --log FORMAT    text (default) or json, one event a line on standard output

The first start makes the gateway's keys and a new chain. SIGINT or SIGTERM ends it cleanly.

Configuration: a JSON object of these keys (defaults in parentheses)

`;

/** Resolves at the first SIGINT or SIGTERM. */
function waitForSignal(): Promise<undefined> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const)
      process.once(signal, () => resolve(undefined));
  });
}

export async function run(args: readonly string[]): Promise<number> {
  const options = readOptions(args, {
    data: { type: "string" },
    config: { type: "string" },
    clock: { type: "string" },
    log: { type: "string" },
    help: { type: "boolean", short: "h" },
  });
  if (options.help) {
    process.stdout.write(`${HELP}${describeConfig()}\n`);
    return 0;
  }
  const folder = locateDataFolder(requireOption(options.data, "data"));
  const format = options.log ?? "text";
  if (format !== "text" && format !== "json") fail("usage", "--log is text or json");
  const clockText = options.clock ?? "real";
  const clock = createClock(parseClockSpec(clockText), systemClock);
  const config = readConfig(folder, options.config);
  mkdirSync(folder.root, { recursive: true, mode: 0o700 });
  const log = createEventLog(format, clock, (line) => process.stdout.write(`${line}\n`));
  const signal = waitForSignal();
  const gateway = await runGateway({ folder, config, clock: clockText, log });
  const failure = await Promise.race([signal, gateway.failed]);
  if (failure === undefined) log.write({ event: "stopping" });
  try {
    await gateway.stop();
  } catch (error) {
    // What made it stop explains more than what then went wrong.
    throw failure ?? error;
  }
  if (failure !== undefined) throw failure;
  log.write({ event: "stopped" });
  return 0;
}
