/** `gateway correct`: a registrar's reading in the place of another, or where there is none. */
import { readFileSync } from "node:fs";
import { fail } from "../../shared/base/error.ts";
import { orderOffice } from "./office-order.ts";
import { readOptions, requireOption } from "./options.ts";

const HELP = `gateway correct: corrects a day that was measured wrongly, or fills one that never came

usage: gateway correct --data DIR --file FILE

  --data DIR    data folder of the gateway, running or not
  --file FILE   what is right, as JSON:
                  {"meter": "352522395", "date": "2024-01-17", "reason": "wrong-ratio",
                   "wh": [12, 8, …]}
                meter    nine digits
                date     local day; or "from" and "to", unix seconds, for a part of a day
                reason   a code of a-z, 0-9 and -
                wh       energy taken from the grid, Wh, one number a slot
                step     seconds a slot; default: as before, else 900, or 0 for one number a day
                quality  one letter a slot; default: S (substituted) for each
                out      energy fed into the grid, Wh, one a slot; default: as before
  --clock SPEC  as for \`gateway run\`

What is there stays in the chain; the correction is a record of its own, and the latest one counts.
Bills that had the old reading get a credit by themselves. Prints the record's leaf.
`;

export async function correct(args: readonly string[]): Promise<number> {
  const options = readOptions(args, {
    data: { type: "string" },
    file: { type: "string" },
    clock: { type: "string" },
    help: { type: "boolean", short: "h" },
  });
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const place = { data: requireOption(options.data, "data"), clock: options.clock ?? "real" };
  const order = readOrder(requireOption(options.file, "file"));
  const { leaf } = (await orderOffice(place, "correct", order)) as { leaf: string };
  process.stdout.write(`${leaf}\n`);
  return 0;
}

/** Throws `file` or `json`; what is in it is judged by the office. */
function readOrder(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    fail("file", `${path} cannot be read: ${(error as Error).message}`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    fail("json", `${path} is not JSON: ${(error as Error).message}`);
  }
}
