/** `gateway dump`: the chain as JSON lines, or the days as CSV. */
import { createWriteStream } from "node:fs";
import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { fail } from "../../shared/base/error.ts";
import type { RecipientKey } from "../../shared/crypto/key.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import { type DataFolder, locateDataFolder } from "../app/data-folder.ts";
import { readConfig } from "../app/founding.ts";
import { readKeys } from "../app/key-file.ts";
import { dumpChain } from "../dump/chain-dump.ts";
import { dumpDayRows } from "../dump/day-rows.ts";
import { openReadOnly } from "../ledger/database.ts";
import { readOptions, requireOption } from "./options.ts";
import { createProgress } from "./progress.ts";

const HELP = `gateway dump: writes the chain of a store, also while its gateway runs

usage: gateway dump --data DIR [--opened | --csv] [--out FILE]

  --data DIR   the gateway's data folder
  --opened     end with the opened readings and bills (reads the gateway's keys)
  --csv        instead of the chain, the opened days as CSV, a row a day (reads the keys)
  --out FILE   write to a file instead of standard output

The lines are described in docs/formats.md, section 8. Without --opened the dump shows
nothing that is private. \`gateway verify FILE\` checks it.
`;

export async function dump(args: readonly string[]): Promise<number> {
  const options = readOptions(args, {
    data: { type: "string" },
    opened: { type: "boolean" },
    csv: { type: "boolean" },
    out: { type: "string" },
    help: { type: "boolean", short: "h" },
  });
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  if (options.opened && options.csv) fail("usage", "--opened or --csv, not both");
  const folder = locateDataFolder(requireOption(options.data, "data"));
  const progress = createProgress("dump");
  const db = openReadOnly(folder.store);
  const target = options.out === undefined ? process.stdout : createWriteStream(options.out);
  try {
    const common = { suite: nodeSuite, onProgress: progress.show };
    const lines = options.csv
      ? dumpDayRows(db, { ...common, utility: readUtilityKey(folder) })
      : dumpChain(db, options.opened ? { ...common, utility: readUtilityKey(folder) } : common);
    await writeLines(lines, target);
  } finally {
    progress.end();
    db.close();
  }
  return 0;
}

function readUtilityKey(folder: DataFolder): RecipientKey {
  return readKeys(nodeSuite, folder.keys, readConfig(folder).name).utility;
}

/** Writes as fast as the reader takes it; a reader that stops reading (`| head`) ends the dump quietly. */
async function writeLines(lines: Iterable<string>, target: Writable): Promise<void> {
  let failure: NodeJS.ErrnoException | undefined;
  let wake = (): void => undefined;
  target.on("error", (error: NodeJS.ErrnoException) => {
    failure = error;
    wake();
  });
  target.on("drain", () => wake());
  for (const line of lines) {
    if (failure !== undefined) break;
    if (target.write(`${line}\n`)) continue;
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
  if (failure === undefined && target !== process.stdout) {
    target.end();
    try {
      await finished(target);
    } catch (error) {
      failure = error as NodeJS.ErrnoException;
    }
  }
  if (failure !== undefined && failure.code !== "EPIPE") fail("file", failure.message);
}
