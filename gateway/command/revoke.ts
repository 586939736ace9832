/** `gateway revoke`: a device's key signs nothing more. */
import { fail } from "../../shared/base/error.ts";
import { orderOffice } from "./office-order.ts";
import { readCount, readOptions, requireOption } from "./options.ts";

const HELP = `gateway revoke: takes a device out; nothing that its key signs is accepted any more

usage: gateway revoke --data DIR (--meter ID | --kid KID) --reason CODE [--last N]

  --data DIR     data folder of the gateway, running or not
  --meter ID     nine digits: the device that is there now
  --kid KID      or the key itself, also one that is frozen or was replaced
  --reason CODE  a code of a-z, 0-9 and -, such as stolen or defect
  --last N       number of its last record that counts; what it signed after that is void, and bills
                 that had it get a credit. Default: all of its records count
  --clock SPEC   as for \`gateway run\`

There is no way back: another device is enrolled with \`gateway enrol\` or \`gateway exchange\`. Prints
the record's leaf.
`;

export async function revoke(args: readonly string[]): Promise<number> {
  const options = readOptions(args, {
    data: { type: "string" },
    meter: { type: "string" },
    kid: { type: "string" },
    reason: { type: "string" },
    last: { type: "string" },
    clock: { type: "string" },
    help: { type: "boolean", short: "h" },
  });
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const { meter, kid, last } = options;
  if ((meter === undefined) === (kid === undefined)) {
    fail("usage", "--meter or --kid, one of them");
  }
  const place = { data: requireOption(options.data, "data"), clock: options.clock ?? "real" };
  const { leaf } = (await orderOffice(place, "revoke", {
    ...(meter === undefined ? {} : { meter }),
    ...(kid === undefined ? {} : { kid }),
    reason: requireOption(options.reason, "reason"),
    ...(last === undefined ? {} : { last: readCount(last, "last") }),
  })) as { leaf: string };
  process.stdout.write(`${leaf}\n`);
  return 0;
}
