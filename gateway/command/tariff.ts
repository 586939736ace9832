/** `gateway tariff`: issues a tariff record, from a tariff file or a public rate database. */
import { readFileSync } from "node:fs";
import { canonicalize } from "../../shared/base/canonical-json.ts";
import { fail } from "../../shared/base/error.ts";
import { importRatebook } from "../../shared/money/import-ratebook.ts";
import { importUrdb } from "../../shared/money/import-urdb.ts";
import { readTariffFile, type TariffFile } from "../../shared/money/tariff-file.ts";
import { isZone } from "../../shared/time/civil-day.ts";
import { orderOffice } from "./office-order.ts";
import { readOptions, requireOption } from "./options.ts";

const HELP = `gateway tariff: issues a tariff, or the next version of one

usage: gateway tariff --data DIR [--id ID] --file tariff.json [--import FORMAT --zone ZONE]
       gateway tariff --check --file tariff.json [--import FORMAT --zone ZONE]

  --data DIR       data folder of the gateway, running or not
  --id ID          name of the tariff: a-z, 0-9 and -; default the one in the file
  --file FILE      a tariff file (docs/tariffs.md, docs/tariff.schema.json)
  --import FORMAT  the file is of another kind: ratebook, or urdb (OpenEI)
  --zone ZONE      IANA zone of the meters, for --import
  --currency CODE  for --import; default USD
  --minor N        decimals of the currency, for --import; default 2
  --check          issue nothing, print the body as the record would hold it
  --clock SPEC     as for \`gateway run\`
`;

const IMPORTERS = { ratebook: importRatebook, urdb: importUrdb } as const;

interface Format {
  readonly import: string | undefined;
  readonly zone: string | undefined;
  readonly currency: string | undefined;
  readonly minor: string | undefined;
}

export async function tariff(args: readonly string[]): Promise<number> {
  const options = readOptions(args, {
    data: { type: "string" },
    id: { type: "string" },
    file: { type: "string" },
    import: { type: "string" },
    zone: { type: "string" },
    currency: { type: "string" },
    minor: { type: "string" },
    check: { type: "boolean" },
    clock: { type: "string" },
    help: { type: "boolean", short: "h" },
  });
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const read = readFile(requireOption(options.file, "file"), options);
  if (options.check) {
    process.stdout.write(`${canonicalize(read.body)}\n`);
    return 0;
  }
  const place = { data: requireOption(options.data, "data"), clock: options.clock ?? "real" };
  const id = requireOption(options.id ?? read.id, "id");
  const { leaf } = (await orderOffice(place, "tariff", { id, body: read.body })) as {
    leaf: string;
  };
  process.stdout.write(`${leaf}\n`);
  return 0;
}

/** Throws `tariff-file`, `tariff-body`, `usage`. */
function readFile(path: string, format: Format): TariffFile {
  let file: unknown;
  try {
    file = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    fail("tariff-file", `${path} is not a JSON file: ${(error as Error).message}`);
  }
  if (format.import === undefined) return readTariffFile(file);
  if (!Object.hasOwn(IMPORTERS, format.import)) {
    fail("usage", `--import is one of ${Object.keys(IMPORTERS).join(", ")}`);
  }
  const zone = requireOption(format.zone, "zone");
  if (!isZone(zone)) fail("usage", `there is no zone ${zone}`);
  const importer = IMPORTERS[format.import as keyof typeof IMPORTERS];
  const { currency = "USD", minor = "2" } = format;
  return { body: importer(file, { zone, currency, minor: Number(minor) }) };
}
