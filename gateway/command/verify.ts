/** `gateway verify`: checks a dump or a live store from genesis. */
import { existsSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import path from "node:path";
import { fail, isCoded, WattproofError } from "../../shared/base/error.ts";
import { type SourcePlace, type VerifyReport, verifyAt } from "../verify/verify.ts";
import { readArguments } from "./options.ts";
import { createProgress } from "./progress.ts";

const HELP = `gateway verify: checks a chain from its first record to its tip

usage: gateway verify FILE | --data DIR [--chain ID] [--without-blobs] [--json]

  FILE             a dump, as \`gateway dump\` writes it
  --data DIR       a gateway's data folder, also while the gateway runs
  --chain ID       the chain id that must be found (you got it with your join file or receipt)
  --without-blobs  the dump has no lines 2; check everything else
  --json           the result, or what is wrong, as one line of JSON on standard output

Every signature, rule, root, proof of work and checkpoint is checked again, and in a dump made
with --opened every reading and bill. Needs no key and believes nobody. Exit code 1 and one line
with height, record and code for the first thing that is wrong.
`;

export async function verify(args: readonly string[]): Promise<number> {
  const { values: options, words } = readArguments(args, {
    data: { type: "string" },
    chain: { type: "string" },
    "without-blobs": { type: "boolean" },
    json: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  });
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const progress = createProgress("verify");
  try {
    const place = findSource(options.data, words);
    const report = await verifyAt(place, {
      workers: availableParallelism(),
      withoutBlobs: options["without-blobs"] === true,
      ...(options.chain === undefined ? {} : { chain: options.chain }),
      onProgress: progress.show,
    });
    progress.end();
    process.stdout.write(options.json ? formatJson({ ok: 1, ...report }) : describe(report));
    return 0;
  } catch (error) {
    progress.end();
    if (!isCoded(error)) throw error;
    if (!options.json) throw withPlace(error);
    const { code, detail, message } = error;
    process.stdout.write(formatJson({ ok: 0, ...detail, code, message }));
    return 1;
  }
}

/** Only what is asked for is loaded. */
function findSource(data: string | undefined, words: readonly string[]): SourcePlace {
  const [file, ...more] = words;
  if ((data === undefined) === (file === undefined) || more.length > 0) {
    fail("usage", "name one dump, or one data folder with --data");
  }
  if (data !== undefined) {
    const store = path.join(data, "gateway.db");
    return {
      bytes: sizeOf(store) + sizeOf(`${store}-wal`),
      usesStore: true,
      open: async () => (await import("../verify/store-source.ts")).openStoreSource(store),
    };
  }
  const dump = file as string;
  if (existsSync(dump) && statSync(dump).isDirectory()) {
    fail("usage", `${dump} is a folder; a gateway's data folder goes with --data`);
  }
  return {
    bytes: sizeOf(dump),
    usesStore: false,
    open: async () => (await import("../verify/dump-source.ts")).openDumpSource(dump),
  };
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** One line. Plain JSON: the name of a file in a message may hold what canonical JSON refuses. */
function formatJson(value: { readonly [name: string]: unknown }): string {
  return `${JSON.stringify(value)}\n`;
}

function withPlace(error: WattproofError): WattproofError {
  const { height, record, leaf } = error.detail;
  const place = Object.entries({ height, record, leaf })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");
  const message = place === "" ? error.message : `${error.message} (${place})`;
  return new WattproofError(error.code, message, error.detail);
}

function describe(report: VerifyReport): string {
  const rows: [string, string][] = [
    ["chain", report.chain],
    ["origin", report.origin],
    ["blocks", `${report.blocks}, the last of ${new Date(report.time * 1000).toISOString()}`],
    ["records", `${report.records}, ${report.blobs} with a sealed line 2`],
    ["tip", report.tip],
    ["work", `${report.work} tries expected`],
    ["checkpoint", report.checkpoint === undefined ? "none" : `of size ${report.checkpoint}`],
  ];
  if (report.opened > 0) {
    const { days, corrections, events, unusable, exchanges, mismatched } = report;
    rows.push([
      "opened",
      `${days} days, ${corrections} corrections and ${events} events that count, ${unusable} that do not`,
    ]);
    rows.push(["", `${report.bills} bills and ${report.credits} credits computed again`]);
    if (exchanges > 0) {
      const said = mismatched === 0 ? "as their days show" : `${mismatched} not as their days show`;
      rows.push(["", `${exchanges} exchanges of meters, registers ${said}`]);
    }
  }
  const lines = rows.map(([name, value]) => `${name.padEnd(12)}${value}`);
  return `${lines.join("\n")}\nThe chain is valid.\n`;
}
