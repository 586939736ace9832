/** `gateway price`: publishes prices of a series as a record. */
import { readFileSync } from "node:fs";
import { fail } from "../../shared/base/error.ts";
import { readPriceFile } from "../../shared/money/price-file.ts";
import { orderOffice } from "./office-order.ts";
import { readOptions, requireOption } from "./options.ts";

const HELP = `gateway price: publishes prices of a series, which dynamic tariffs name

usage: gateway price --data DIR --id SERIES --file prices.csv

  --data DIR    data folder of the gateway, running or not
  --id SERIES   name of the series: a-z, 0-9 and -
  --file FILE   CSV: a head line, then instant,price per kWh; instants in ISO 8601 with Z or an offset, in
                one step without a hole. Or JSON: {"from":unix seconds,"step":seconds,"rate":["0.0812",…]}
  --clock SPEC  as for \`gateway run\`

A series only grows: what is published is never changed.
`;

export async function price(args: readonly string[]): Promise<number> {
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
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    fail("price-file", (error as Error).message);
  }
  const order = { id, ...readPriceFile(text) };
  const { leaf } = (await orderOffice(place, "price", order)) as { leaf: string };
  process.stdout.write(`${leaf}\n`);
  return 0;
}
