#!/usr/bin/env node
/**
 * The command line `gateway`.
 *
 * Exit codes: 0 done, 1 failed, 2 a command line that cannot be understood. An error is one line on standard
 * error: `gateway: <code>: <sentence>`.
 */
import { isCoded } from "../shared/base/error.ts";

const HELP = `gateway: validates sealed days, mines them into blocks, and bills from the chain

usage: gateway <command> [options]

  run      run the gateway: intake, mining, billing, portal, embedded broker
  enrol    bring a meter into the chain, in two steps
  tariff   issue a tariff, or the next version of one
  price    publish prices that tariffs name
  assign   assign a tariff to a meter
  bill     issue the bills that are due, export or print one
  payment  record that a bill was paid
  correct  correct a day that was measured wrongly, or fill one that never came
  exchange put another device in the place of a meter
  revoke   take a device out
  user     people who may use the portal
  token    programs that may use its API
  export   write a meter's readings as CSV, JSON or Green Button
  status   show what a running gateway is doing
  rebuild  make the read model again from the chain
  dump     write the chain as JSON lines, or the days as CSV
  verify   check a chain from genesis

\`gateway <command> --help\` explains the options of a command.
`;

/** Runs with the words after its name; returns the exit code. */
type Command = (args: readonly string[]) => Promise<number>;

/** Each command is loaded when it is called for, so that \`verify\` does not load what \`run\` needs. */
const COMMANDS: { readonly [name: string]: () => Promise<Command> } = {
  run: async () => (await import("./command/run.ts")).run,
  enrol: async () => (await import("./command/enrol.ts")).enrol,
  tariff: async () => (await import("./command/tariff.ts")).tariff,
  price: async () => (await import("./command/price.ts")).price,
  assign: async () => (await import("./command/assign.ts")).assign,
  bill: async () => (await import("./command/bill.ts")).bill,
  payment: async () => (await import("./command/payment.ts")).payment,
  correct: async () => (await import("./command/correct.ts")).correct,
  exchange: async () => (await import("./command/exchange.ts")).exchange,
  revoke: async () => (await import("./command/revoke.ts")).revoke,
  user: async () => (await import("./command/user.ts")).user,
  token: async () => (await import("./command/user.ts")).token,
  export: async () => (await import("./command/export.ts")).exportReadings,
  status: async () => (await import("./command/status.ts")).status,
  rebuild: async () => (await import("./command/rebuild.ts")).rebuild,
  dump: async () => (await import("./command/dump.ts")).dump,
  verify: async () => (await import("./command/verify.ts")).verify,
};

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === "--help" || name === "-h" || name === "help") {
    process.stdout.write(HELP);
    return 0;
  }
  const load = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (load === undefined) {
    const given = name === undefined ? "no command" : `unknown command ${name}`;
    process.stderr.write(`gateway: usage: ${given}; \`gateway --help\` lists them\n`);
    return 2;
  }
  try {
    return await (await load())(rest);
  } catch (error) {
    const code = isCoded(error) ? error.code : "failed";
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`gateway: ${code}: ${message.split("\n").join(" ")}\n`);
    return code === "usage" ? 2 : 1;
  }
}

process.exitCode = await main(process.argv.slice(2));
