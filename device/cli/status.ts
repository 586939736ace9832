/** `meter status`: how the meter is, for somebody who stands in front of it: readings, troubles, what waits. */
import { existsSync } from "node:fs";
import { fail } from "../../shared/base/error.ts";
import { Journal } from "../journal/journal.ts";
import { freeBytes } from "../journal/reserve.ts";
import { dataFolder, readJoin } from "../run/data-folder.ts";
import { hashProgram } from "../run/program-hash.ts";
import { askStatus } from "../run/status-server.ts";
import { readStatus } from "../status.ts";
import { describeStatus, findTroubles, type WholeStatus } from "./describe-status.ts";
import { readOptions, requireOption } from "./options.ts";

const HELP = `meter status: show how the meter is

usage: meter status --data DIR [--json]

  --data DIR  the meter's data folder
  --json      print one JSON object

Shows the last reading of each part with its age, register and today so far, the clock, what waits to be sent, the last
receipt, the broker, the space left, and for each trouble what to do. Letters of slots: M counted by the part, I
integrated by the meter, E estimated, lower case partly measured, R recovered over a gap, G gap.
Exits with 1 when something is wrong.
`;

export async function status(args: readonly string[]): Promise<number> {
  const spec = { data: { type: "string" }, json: { type: "boolean" } } as const;
  const options = readOptions(args, spec, HELP);
  if (options === undefined) return 0;
  const folder = requireOption(options.data, "data");
  const files = dataFolder(folder);
  if (!existsSync(files.journal)) fail("no-meter", "nothing has been measured in this folder yet");
  const live = await askStatus(files.socket);
  const journal = new Journal(files.journal, { readOnly: true });
  try {
    const whole: WholeStatus = {
      ...readStatus(journal, readJoin(files.join).time_zone),
      now: live?.clock.at ?? Math.floor(Date.now() / 1000),
      freeBytes: freeBytes(folder),
      fw: hashProgram(),
      ...(live === undefined ? {} : { live }),
    };
    const troubles = findTroubles(whole);
    const text =
      options.json === true
        ? `${JSON.stringify({ ...whole, troubles })}\n`
        : describeStatus(whole, troubles);
    process.stdout.write(text);
    return troubles.length === 0 ? 0 : 1;
  } finally {
    journal.close();
  }
}
