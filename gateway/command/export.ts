/** `gateway export`: one meter's readings of any period, in a form that other programs read. */
import { createWriteStream, existsSync } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fail } from "../../shared/base/error.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import { isMeterId } from "../../shared/record/meter-id.ts";
import { parseDate } from "../../shared/time/calendar-date.ts";
import { locateDataFolder } from "../app/data-folder.ts";
import { PERIOD_FORMATS, type PeriodFormat } from "../export/period-format.ts";
import { type Period, requirePeriod } from "../export/slots.ts";
import { openReadOnly } from "../ledger/database.ts";
import { createReadModel } from "../projection/read-model.ts";
import { readOptions, requireOption } from "./options.ts";

const HELP = `gateway export: writes one meter's readings of a period

usage: gateway export --data DIR --meter ID --from DATE --to DATE [--format FORM] [--out FILE]

  --data DIR     the gateway's data folder, running or not
  --meter ID     nine digits
  --from DATE    first local day, YYYY-MM-DD
  --to DATE      last local day, included; at most eleven years
  --format FORM  csv (default), json, or green-button: the NAESB ESPI feed, with the bills of the period
  --out FILE     a file that is not there yet; default standard output

A slot without a reading is empty in CSV and absent in the other two, never zero.
`;

export async function exportReadings(args: readonly string[]): Promise<number> {
  const options = readOptions(args, {
    data: { type: "string" },
    meter: { type: "string" },
    from: { type: "string" },
    to: { type: "string" },
    format: { type: "string" },
    out: { type: "string" },
    help: { type: "boolean", short: "h" },
  });
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const folder = locateDataFolder(requireOption(options.data, "data"));
  const period: Period = {
    meter: requireOption(options.meter, "meter"),
    from: requireOption(options.from, "from"),
    to: requireOption(options.to, "to"),
  };
  if (!isMeterId(period.meter)) fail("usage", "--meter is nine digits");
  for (const date of [period.from, period.to]) parseDate(date);
  const { write } = PERIOD_FORMATS[readFormat(options.format ?? "csv")];
  const db = openReadOnly(folder.store);
  try {
    const model = createReadModel(db, { suite: nodeSuite });
    if (model.meter(period.meter) === undefined) fail("not-found", `no meter ${period.meter}`);
    await writePieces(write(model, requirePeriod(period)), options.out);
  } finally {
    db.close();
  }
  return 0;
}

function readFormat(text: string): PeriodFormat {
  if (!Object.hasOwn(PERIOD_FORMATS, text)) {
    fail("usage", `--format is one of ${Object.keys(PERIOD_FORMATS).join(", ")}`);
  }
  return text as PeriodFormat;
}

async function writePieces(pieces: Iterable<string>, out: string | undefined): Promise<void> {
  const source = Readable.from(pieces);
  if (out === undefined) {
    return pipeline(source, process.stdout, { end: false }).catch((error: Error) => {
      // Whoever reads has seen enough, as `head` does.
      if (!("code" in error) || error.code !== "EPIPE") throw error;
    });
  }
  if (existsSync(out)) fail("file", `${out} is there already`);
  return pipeline(source, createWriteStream(out, { flags: "wx" }));
}
