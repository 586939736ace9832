/** `gateway tariff`: issues a tariff record. */
import { readFileSync } from "node:fs";
import { fail } from "../../shared/base/error.ts";
import { orderOffice } from "./office-order.ts";
import { readOptions, requireOption } from "./options.ts";

const HELP = `gateway tariff: issues a tariff, or the next version of one

usage: gateway tariff --data DIR --id ID --file tariff.json

  --data DIR    data folder of the gateway, running or not
  --id ID       name of the tariff: a-z, 0-9 and -
  --file FILE   its body as JSON: {"v":1,"name":…,"currency":…,"minor":…,"charges":[…]}
  --clock SPEC  as for \`gateway run\`
`;

export async function tariff(args: readonly string[]): Promise<number> {
  const options = readOptions(args, {
    data: { type: "string" },
    id: { type: "string" },
    file: { type: "string" },
    clock: { type: "string" },
    help: { type: "boolean", short: "h" },
  });
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const place = { data: requireOption(options.data, "data"), clock: options.clock ?? "real" };
  const id = requireOption(options.id, "id");
  const path = requireOption(options.file, "file");
  let body: unknown;
  try {
    body = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    fail("tariff-body", `${path} is not a JSON file: ${(error as Error).message}`);
  }
  const { leaf } = (await orderOffice(place, "tariff", { id, body })) as { leaf: string };
  process.stdout.write(`${leaf}\n`);
  return 0;
}
