/** `gateway bill pdf`: an issued bill on paper. */
import { existsSync, writeFileSync } from "node:fs";
import { fail } from "../../shared/base/error.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import { locateDataFolder } from "../app/data-folder.ts";
import { renderBillPdf } from "../export/bill-pdf.ts";
import { makeBillSheet } from "../export/bill-sheet.ts";
import { safeFileName } from "../export/file-name.ts";
import { openReadOnly } from "../ledger/database.ts";
import { createReadModel } from "../projection/read-model.ts";
import { readOptions, requireOption } from "./options.ts";

const HELP = `gateway bill pdf: writes an issued bill as a PDF

usage: gateway bill pdf --data DIR --no NUMBER [--out FILE]

  --data DIR   the gateway's data folder, running or not
  --no NUMBER  number of the bill, such as 352522395-2024-01
  --out FILE   default <number>.pdf in the current folder
`;

export async function printBill(args: readonly string[]): Promise<number> {
  const options = readOptions(args, {
    data: { type: "string" },
    no: { type: "string" },
    out: { type: "string" },
    help: { type: "boolean", short: "h" },
  });
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const folder = locateDataFolder(requireOption(options.data, "data"));
  const no = requireOption(options.no, "no");
  const out = options.out ?? `${safeFileName(no)}.pdf`;
  const db = openReadOnly(folder.store);
  try {
    const sheet = makeBillSheet(createReadModel(db, { suite: nodeSuite }), no);
    if (sheet === undefined) fail("bill-none", `no bill ${no} is in the chain`, { no });
    if (existsSync(out)) fail("file", `${out} is there already`);
    writeFileSync(out, await renderBillPdf(sheet));
  } finally {
    db.close();
  }
  process.stdout.write(`${out}\n`);
  return 0;
}
