/** `meter run`: measures until it is told to stop (SIGINT, SIGTERM), then leaves everything durable. */
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { type Clock, parseClockSpec } from "../../shared/base/clock.ts";
import { fail, isCoded } from "../../shared/base/error.ts";
import { describeConfig, parseMeterConfig } from "../config.ts";
import { formatEvent, type LogFormat } from "../meter-event.ts";
import { dataFolder, readJoin } from "../run/data-folder.ts";
import { runMeter } from "../run/meter.ts";
import { readOptions, requireOption } from "./options.ts";

const help = (): string => `meter run: measure, close and seal days, and publish them

usage: meter run --data DIR [--config FILE] [--clock SPEC] [--log json|text]

  --data DIR     the meter's data folder: join.json, meter-key.json, meter.json, meter.db
  --config FILE  the configuration (default: meter.json in the data folder)
  --clock SPEC   \`real\` (default) or \`simulated:<realOriginMs>:<simOriginS>:<rate>\`
  --log FORMAT   one event a line, as text (default) or json

SIGINT and SIGTERM stop it cleanly. Keys of the configuration:

${describeConfig()}
`;

export async function run(args: readonly string[]): Promise<number> {
  const text = { type: "string" } as const;
  const spec = { data: text, config: text, clock: text, log: text };
  const options = readOptions(args, spec, help());
  if (options === undefined) return 0;
  const files = dataFolder(requireOption(options.data, "data"));
  const format = readFormat(options.log ?? "text");
  const clockSpec = readClock(options.clock ?? "real");
  const configFile = options.config ?? files.config;
  if (!existsSync(configFile)) fail("config", `there is no configuration ${configFile}`);
  const config = parseMeterConfig(readFileSync(configFile, "utf8"), configFile);
  const { meter } = readJoin(files.join);
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  try {
    await runMeter({
      files,
      config,
      configFolder: path.dirname(path.resolve(configFile)),
      clockSpec,
      system: systemClock,
      randomBytes: (length) => randomBytes(length),
      random: Math.random,
      report: (event) => {
        process.stdout.write(`${formatEvent(meter, event, format)}\n`);
      },
      signal: stop.signal,
    });
  } finally {
    process.off("SIGINT", onSignal);
    process.off("SIGTERM", onSignal);
  }
  return 0;
}

const systemClock: Clock = { wallMs: () => Date.now(), monotonicMs: () => performance.now() };

function readFormat(text: string): LogFormat {
  if (text !== "json" && text !== "text") fail("usage", "--log is json or text. See --help.");
  return text;
}

function readClock(text: string) {
  try {
    return parseClockSpec(text);
  } catch (error) {
    fail("usage", `--clock: ${isCoded(error) ? error.message : text}`);
  }
}
