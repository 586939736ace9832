/** `meter selftest`: everything that a meter needs, checked one after the other, one line each. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { SensorHost } from "../../hardware/host/sensor-host.ts";
import { realTiming } from "../../hardware/port/timing.ts";
import { fail, isCoded } from "../../shared/base/error.ts";
import { nobleSuite } from "../../shared/crypto/noble-suite.ts";
import { parseMeterConfig } from "../config.ts";
import { dataFolder, readJoin, readKey } from "../run/data-folder.ts";
import { askStatus } from "../run/status-server.ts";
import {
  type Check,
  checkBroker,
  checkClock,
  checkSensors,
  checkStorage,
  type TestedMeter,
} from "../self-test.ts";
import { createLinuxClock } from "../time/linux-clock.ts";
import { createTrust } from "../uplink/trust.ts";
import { adviceFor } from "./advice.ts";
import { readOptions, requireOption } from "./options.ts";

const HELP = `meter selftest: check everything that a meter needs

usage: meter selftest --data DIR [--config FILE] [--json]

  --data DIR     the meter's data folder
  --config FILE  the configuration (default: meter.json in the data folder)
  --json         print one JSON object

Checks the join file, the key, the configuration, the journal, the storage, the clock, every sensor and the broker. One
line each: ok, or FAIL with a code and what to do. May be run while the meter runs. Exits with 1 when a check fails.
`;

export async function selftest(args: readonly string[]): Promise<number> {
  const text = { type: "string" } as const;
  const spec = { data: text, config: text, json: { type: "boolean" } } as const;
  const options = readOptions(args, spec, HELP);
  if (options === undefined) return 0;
  const folder = requireOption(options.data, "data");
  const files = dataFolder(folder);
  const configFile = options.config ?? files.config;
  const checks: Check[] = [];
  const add = (check: Check): void => {
    checks.push(check);
    if (options.json !== true) process.stdout.write(showCheck(check));
  };
  /** Runs a check; what it throws is its failure. */
  const run = async <T>(name: string, work: () => T | Promise<T>, say: (value: T) => string) => {
    try {
      const value = await work();
      add({ name, ok: true, detail: say(value) });
      return value;
    } catch (error) {
      const code = isCoded(error) ? error.code : "failed";
      add({
        name,
        ok: false,
        code,
        detail: error instanceof Error ? error.message : String(error),
      });
      return undefined;
    }
  };
  const join = await run(
    "join",
    () => readJoin(files.join),
    (found) => `meter ${found.meter}`,
  );
  const trust =
    join &&
    (await run(
      "chain",
      () => createTrust(nobleSuite, join),
      () => join.chain,
    ));
  await run(
    "key",
    () => readKey(nobleSuite, files.key),
    (found) => found.kid,
  );
  const read = () => {
    if (!existsSync(configFile)) fail("config", `there is no configuration ${configFile}`);
    return parseMeterConfig(readFileSync(configFile, "utf8"), configFile);
  };
  const describe = ({ sources }: ReturnType<typeof read>) =>
    sources.map(({ kind }) => kind).join(", ");
  const config = await run("config", read, describe);
  const running = await askStatus(files.socket);
  for (const check of checkStorage(files, folder, running !== undefined)) add(check);
  add(checkClock(createLinuxClock(), trust?.since));
  if (config !== undefined && join !== undefined) {
    const configFolder = path.dirname(path.resolve(configFile));
    const meter: TestedMeter = { config, configFolder, join, running };
    const host = new SensorHost({ monotonicMs: realTiming.monotonicMs });
    try {
      for (const check of await checkSensors(meter, host)) add(check);
    } finally {
      await host.close();
    }
    add(await checkBroker(meter));
  }
  if (options.json === true) process.stdout.write(`${JSON.stringify({ checks })}\n`);
  return checks.every(({ ok }) => ok) ? 0 : 1;
}

function showCheck({ name, ok, code, detail }: Check): string {
  const verdict = ok ? "ok  " : "FAIL";
  const what = ok ? detail : `${code}: ${detail}`;
  const advice = code === undefined || ok ? undefined : adviceFor(code);
  return `${verdict} ${name.padEnd(10)} ${what}\n${advice === undefined ? "" : `     ${"".padEnd(10)} ${advice}\n`}`;
}
