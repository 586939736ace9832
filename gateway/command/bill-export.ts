/** `gateway bill export`: writes an issued bill or credit with everything that it rests on. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { decodeBase64url } from "../../shared/base/bytes.ts";
import type { Json } from "../../shared/base/canonical-json.ts";
import { hash, object } from "../../shared/base/decoder.ts";
import { fail, isCoded } from "../../shared/base/error.ts";
import { encodeOkpKey, type RecipientKey, thumbprint } from "../../shared/crypto/key.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import { type DataFolder, locateDataFolder } from "../app/data-folder.ts";
import { readConfig } from "../app/founding.ts";
import { readKeys } from "../app/key-file.ts";
import { exportBundle } from "../bundle/export-bundle.ts";
import { openReadOnly } from "../ledger/database.ts";
import { readOptions, requireOption } from "./options.ts";

const HELP = `gateway bill export: writes the bundle of a bill or a credit, which anyone can verify without a network

usage: gateway bill export --data DIR --no NUMBER [--out FILE] [--key FILE]

  --data DIR   the gateway's data folder
  --no NUMBER  number of the bill, such as 352522395-2024-01, or of a credit, such as
               352522395-2024-01-c1
  --out FILE   default <number>.bundle.json in the current folder
  --key FILE   the customer's key instead of the utility's: {"secret": base64url of 32 bytes}

\`verify-bill FILE\` checks the bundle; so does the page dist/browser/verify-bill.html in any browser.
`;

export async function exportBill(args: readonly string[]): Promise<number> {
  const options = readOptions(args, {
    data: { type: "string" },
    no: { type: "string" },
    out: { type: "string" },
    key: { type: "string" },
    help: { type: "boolean", short: "h" },
  });
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const folder = locateDataFolder(requireOption(options.data, "data"));
  const no = requireOption(options.no, "no");
  const out = options.out ?? `${no}.bundle.json`;
  const recipient = options.key === undefined ? readUtility(folder) : readRecipient(options.key);
  const db = openReadOnly(folder.store);
  let text: string;
  try {
    text = exportBundle(db, no, { suite: nodeSuite, recipient });
  } finally {
    db.close();
  }
  if (existsSync(out)) fail("file", `${out} is there already`);
  writeFileSync(out, text);
  process.stdout.write(`${out}\n`);
  return 0;
}

function readUtility(folder: DataFolder): RecipientKey {
  return readKeys(nodeSuite, folder.keys, readConfig(folder).name).utility;
}

function readRecipient(path: string): Pick<RecipientKey, "kid" | "secret"> {
  try {
    const { secret } = object({ secret: hash })(
      JSON.parse(readFileSync(path, "utf8")) as Json,
      path,
    );
    const bytes = decodeBase64url(secret);
    const jwk = encodeOkpKey(nodeSuite.x25519Public(bytes));
    return { kid: thumbprint(nodeSuite, jwk), secret: bytes };
  } catch (error) {
    if (isCoded(error)) throw error;
    fail("file", `${path} is not a JSON file: ${(error as Error).message}`);
  }
}
