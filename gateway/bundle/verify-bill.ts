#!/usr/bin/env node
/**
 * The command line `verify-bill`: is this bill right? It reads one file, uses no network and trusts nobody.
 *
 * Exit codes: 0 the bill is right, 1 it is not or the file cannot be read, 2 a command line that cannot be understood.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { fail, isCoded } from "../../shared/base/error.ts";
import { verifyBundle } from "../../shared/bundle/verify-bundle.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import { describeReport } from "./describe-report.ts";

const HELP = `verify-bill: checks the bundle of a bill or a credit, from the meter's signatures to the last line of the sum

usage: verify-bill FILE [--chain ID] [--json]

  FILE        a bundle, as \`gateway bill export\` writes it
  --chain ID  the chain that you know; without it, compare the one that is printed
  --json      the report as JSON

A bundle shows that nothing in it was changed or made up. That nothing was left out of it, such as a
registrar's correction, only the whole chain shows: \`gateway verify\` on a dump.
`;

function main(args: string[]): number {
  const { values, positionals } = readArguments(args);
  if (values.help === true) {
    process.stdout.write(HELP);
    return 0;
  }
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0)
    fail("usage", "one file; `verify-bill --help` explains");
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    fail("file", (error as Error).message);
  }
  const chain = values.chain;
  const report = verifyBundle(nodeSuite, text, chain === undefined ? {} : { chain });
  const output =
    values.json === true ? JSON.stringify(report, null, 2) : describeReport(report, chain);
  process.stdout.write(`${output}\n`);
  return 0;
}

function readArguments(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        chain: { type: "string" },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    fail("usage", (error as Error).message);
  }
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  if (!isCoded(error)) throw error;
  const verdict =
    error.code === "usage" || error.code === "file" ? "verify-bill" : "The bill is not right";
  process.stderr.write(`${verdict}: ${error.code}: ${error.message}\n`);
  process.exitCode = error.code === "usage" ? 2 : 1;
}
