/** `gateway bill statement`: what a meter's energy of any period costs, computed and not issued. */
import { existsSync, writeFileSync } from "node:fs";
import { fail } from "../../shared/base/error.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import { isMeterId } from "../../shared/record/meter-id.ts";
import { parseDate } from "../../shared/time/calendar-date.ts";
import { locateDataFolder } from "../app/data-folder.ts";
import { renderBillPdf } from "../export/bill-pdf.ts";
import { formatSheet } from "../export/sheet-text.ts";
import { makeStatementSheet, statementName } from "../export/statement-sheet.ts";
import { openReadOnly } from "../ledger/database.ts";
import { createReadModel } from "../projection/read-model.ts";
import { readOptions, requireOption } from "./options.ts";

const HELP = `gateway bill statement: what a meter's energy of any period costs

usage: gateway bill statement --data DIR --meter ID --from DATE --to DATE [--json | --pdf] [--out FILE]

  --data DIR   the gateway's data folder, running or not
  --meter ID   nine digits
  --from DATE  first local day, YYYY-MM-DD
  --to DATE    last local day, included; at most ten years
  --json       everything, for programs
  --pdf        on paper
  --out FILE   a file that is not there yet; default standard output, of a PDF <meter>-<from>-<to>-statement.pdf

It is computed by the program that computes bills, from the sealed days as they are now, and says what is missing. It is no record
and nothing is due by it: \`gateway bill --from DATE --to DATE\` issues a bill.
`;

export async function printStatement(args: readonly string[]): Promise<number> {
  const options = readOptions(args, {
    data: { type: "string" },
    meter: { type: "string" },
    from: { type: "string" },
    to: { type: "string" },
    json: { type: "boolean" },
    pdf: { type: "boolean" },
    out: { type: "string" },
    help: { type: "boolean", short: "h" },
  });
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const folder = locateDataFolder(requireOption(options.data, "data"));
  const query = {
    meter: requireOption(options.meter, "meter"),
    from: requireOption(options.from, "from"),
    to: requireOption(options.to, "to"),
  };
  if (!isMeterId(query.meter)) fail("usage", "--meter is nine digits");
  for (const date of [query.from, query.to]) parseDate(date);
  if (options.json && options.pdf) fail("usage", "--json or --pdf, not both");
  const out = options.out ?? (options.pdf ? `${statementName(query)}.pdf` : undefined);
  if (out !== undefined && existsSync(out)) fail("file", `${out} is there already`);
  const db = openReadOnly(folder.store);
  try {
    const model = createReadModel(db, { suite: nodeSuite });
    const statement = model.periodStatement(query);
    if (statement === undefined) fail("not-found", `no meter ${query.meter}`);
    const sheet = makeStatementSheet(statement, model.overview().tip);
    const content = options.pdf
      ? await renderBillPdf(sheet)
      : options.json
        ? `${JSON.stringify(statement, null, 2)}\n`
        : formatSheet(sheet);
    if (out === undefined) process.stdout.write(content);
    else {
      writeFileSync(out, content, { flag: "wx" });
      process.stdout.write(`${out}\n`);
    }
  } finally {
    db.close();
  }
  return 0;
}
