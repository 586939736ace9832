/** `gateway rebuild`: drops the read model and makes it again from the chain. */
import { createClock, parseClockSpec } from "../../shared/base/clock.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import { locateDataFolder } from "../app/data-folder.ts";
import { readConfig } from "../app/founding.ts";
import { openExisting } from "../app/open-store.ts";
import { lockStore } from "../app/store-lock.ts";
import { systemClock, systemRandomBytes } from "../app/system-clock.ts";
import { createProjector } from "../projection/projector.ts";
import { rebuildProjection } from "../projection/rebuild.ts";
import { readOptions, requireOption } from "./options.ts";

const HELP = `gateway rebuild: makes the read model again from the chain and the vault

usage: gateway rebuild --data DIR

  --data DIR    data folder of a gateway that is not running
  --clock SPEC  as for \`gateway run\`

All in one transaction: interrupted, it changes nothing.
`;

export async function rebuild(args: readonly string[]): Promise<number> {
  const options = readOptions(args, {
    data: { type: "string" },
    clock: { type: "string" },
    help: { type: "boolean", short: "h" },
  });
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const folder = locateDataFolder(requireOption(options.data, "data"));
  const config = readConfig(folder);
  const clock = createClock(parseClockSpec(options.clock ?? "real"), systemClock);
  const store = { suite: nodeSuite, clock, randomBytes: systemRandomBytes };
  const lock = lockStore(folder.root);
  try {
    const { ledger, keys } = openExisting(folder, config, store);
    try {
      const projector = createProjector({ suite: nodeSuite, utility: keys.utility });
      const onTerminal = process.stderr.isTTY === true;
      const records = rebuildProjection(ledger.db, {
        suite: nodeSuite,
        projector,
        onProgress: ({ height, tip }) => {
          if (onTerminal) process.stderr.write(`\rblock ${height} of ${tip}`);
        },
      });
      ledger.followAlarms();
      if (onTerminal) process.stderr.write("\n");
      process.stdout.write(`${records} records\n`);
    } finally {
      ledger.close();
    }
  } finally {
    lock.release();
  }
  return 0;
}
