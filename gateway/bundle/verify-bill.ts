#!/usr/bin/env node
/**
 * The command line `verify-bill`: is this bill right? It reads one file, uses no network and trusts nobody.
 *
 * Exit codes: 0 the bill is right, 1 it is not or the file cannot be read, 2 a command line that cannot be understood.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { fail, isCoded } from "../../shared/base/error.ts";
import type { BundleReport } from "../../shared/bundle/bundle-report.ts";
import { verifyBundle } from "../../shared/bundle/verify-bundle.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import { sumExactly } from "../../shared/money/amount.ts";
import type { BillLine } from "../../shared/money/bill-plaintext.ts";
import { formatMinor, formatQuantity, formatRate } from "../../shared/money/bill-text.ts";

const HELP = `verify-bill: checks a bill's bundle, from the meter's signatures to the last line of the sum

usage: verify-bill FILE [--chain ID] [--json]

  FILE        a bundle, as \`gateway bill export\` writes it
  --chain ID  the chain that you know; without it, compare the one that is printed
  --json      the report as JSON
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
  const output = values.json === true ? JSON.stringify(report, null, 2) : describe(report, chain);
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

function describe(report: BundleReport, chain: string | undefined): string {
  const { bill, days, records } = report;
  const wh = sumExactly(days.map(({ day }) => sumExactly(day.wh)));
  const amount = (value: number): string => formatMinor(value, bill.minor);
  const width = Math.max(...bill.lines.map(({ label }) => label.length), 5);
  const lines = bill.lines.map((line) => describeLine(line, bill.minor, width));
  const { slots } = bill;
  return [
    `The bill ${bill.no} is right.`,
    "",
    `  meter ${bill.meter}, ${formatDate(bill.from, bill.zone)} to ${formatDate(bill.to, bill.zone)} (${bill.zone})`,
    ...lines.map((line) => `  ${line}`),
    `  ${"Total".padEnd(width)}  ${amount(bill.total).padStart(46)} ${bill.currency}`,
    "",
    `  ${days.length} days opened, each signed by its meter, ${wh / 1000} kWh`,
    `  ${slots.total} slots: ${slots.measured} measured, ${slots.partial} partial, ${slots.recovered} recovered, ${slots.substituted} substituted, ${slots.gap} gaps, ${slots.missing} missing`,
    `  ${records.length} signatures and proofs of inclusion hold, under a checkpoint of ${report.size} records`,
    `  signed by ${report.gateways.join(", ")} for ${report.origin}`,
    `  chain ${report.chain}${chain === undefined ? "  (compare it with the one that you know)" : ", as expected"}`,
  ].join("\n");
}

function describeLine(line: BillLine, minor: number, width: number): string {
  const rate = `${formatQuantity(line, minor)} at ${formatRate(line)}`;
  return `${line.label.padEnd(width)}  ${rate.padStart(32)}  ${formatMinor(line.amount, minor).padStart(12)}`;
}

function formatDate(instant: number, zone: string): string {
  return new Intl.DateTimeFormat("en-CA", {
    timeZone: zone,
    dateStyle: "short",
    timeStyle: "short",
    hourCycle: "h23",
  })
    .format(new Date(instant * 1000))
    .replace(", ", " ");
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
