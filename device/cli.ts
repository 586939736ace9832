#!/usr/bin/env node
/**
 * The command line `meter`: run, keygen, status, retire, probe, selftest.
 *
 * Exit codes: 0 done, 1 failed, 2 a command line that cannot be understood. An error is one line on standard
 * error: `meter: <code>: <sentence>`.
 */
import { setFlagsFromString } from "node:v8";
import { isCoded } from "../shared/base/error.ts";

const HELP = `meter: reads, seals and publishes electricity days

usage: meter <command> [options]

  run      measure, close and seal days, and publish them until they are in the log
  keygen   make this meter's key and the request to be enrolled
  status   show how the meter is: readings, what is wrong, what waits to be sent
  retire   take the meter out: seal its last day, print its final register
  probe    find the sensors that are wired to this machine and print their configuration
  selftest check everything that a meter needs, one line each

\`meter <command> --help\` explains the options of a command.
`;

type Command = (args: readonly string[]) => Promise<number>;

/** Each command is loaded when it is called for, so that \`status\` does not load what \`run\` needs. */
const COMMANDS: { readonly [name: string]: () => Promise<Command> } = {
  run: async () => {
    saveMemory();
    return (await import("./cli/run.ts")).run;
  },
  keygen: async () => (await import("./cli/keygen.ts")).keygen,
  status: async () => (await import("./cli/status.ts")).status,
  retire: async () => (await import("./cli/retire.ts")).retire,
  probe: async () => (await import("./cli/probe.ts")).probe,
  selftest: async () => (await import("./cli/selftest.ts")).selftest,
};

/**
 * Verifying signatures makes much garbage at once; left alone, V8 keeps room for all of it for good. A meter
 * has time, so its young generation stays at its first size (40 MB less resident). It is said before anything is loaded.
 */
function saveMemory(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString("--optimize-for-size");
}

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === "--help" || name === "-h" || name === "help") {
    process.stdout.write(HELP);
    return 0;
  }
  const load = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (load === undefined) {
    const given = name === undefined ? "no command" : `unknown command ${name}`;
    process.stderr.write(`meter: usage: ${given}; \`meter --help\` lists them\n`);
    return 2;
  }
  try {
    return await (await load())(rest);
  } catch (error) {
    const code = isCoded(error) ? error.code : "failed";
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`meter: ${code}: ${message.split("\n").join(" ")}\n`);
    return code === "usage" ? 2 : 1;
  }
}

process.exitCode = await main(process.argv.slice(2));
