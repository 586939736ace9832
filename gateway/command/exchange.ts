/** `gateway exchange`: another device in the place of a meter. */
import { readFileSync } from "node:fs";
import { fail } from "../../shared/base/error.ts";
import { orderOffice } from "./office-order.ts";
import { readCount, readInstant, readOptions, requireOption } from "./options.ts";

const HELP = `gateway exchange: puts another device in the place of a meter

usage: gateway exchange --data DIR --meter ID --request FILE --final WH --first WH
                        [--unmetered WH] [--at TIME] [--last N] [--reason CODE]
       gateway exchange --data DIR --meter ID --final WH --first WH …

  --data DIR       data folder of the gateway, running or not
  --meter ID       nine digits
  --request FILE   what \`meter keygen\` made on the new device, of a join file that
                   \`gateway enrol --meter ID\` wrote; without it the exchange of the last two devices
                   is logged, which were revoked and enrolled one by one
  --final WH       register of the old device when it was taken out
  --first WH       register of the new one when it was put in
  --unmetered WH   what was used between the two, as far as known; default 0
  --at TIME        when, unix seconds or YYYY-MM-DD (midnight UTC); default: now
  --last N         number of the old device's last record that counts; default: all of them
  --reason CODE    a code of a-z, 0-9 and -; default exchange
  --clock SPEC     as for \`gateway run\`

The old key is revoked, the new one enrolled at the same point, and the registers logged: all or
nothing. Tariff and bills go on. Prints the leaf of the exchange.
`;

export async function exchange(args: readonly string[]): Promise<number> {
  const options = readOptions(args, {
    data: { type: "string" },
    meter: { type: "string" },
    request: { type: "string" },
    final: { type: "string" },
    first: { type: "string" },
    unmetered: { type: "string" },
    at: { type: "string" },
    last: { type: "string" },
    reason: { type: "string" },
    clock: { type: "string" },
    help: { type: "boolean", short: "h" },
  });
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const place = { data: requireOption(options.data, "data"), clock: options.clock ?? "real" };
  const { request, unmetered, at, last, reason } = options;
  const { leaf } = (await orderOffice(place, "exchange", {
    meter: requireOption(options.meter, "meter"),
    final: readCount(requireOption(options.final, "final"), "final"),
    first: readCount(requireOption(options.first, "first"), "first"),
    ...(request === undefined ? {} : { request: readFile(request) }),
    ...(unmetered === undefined ? {} : { unmetered: readCount(unmetered, "unmetered") }),
    ...(at === undefined ? {} : { at: readInstant(at, "at") }),
    ...(last === undefined ? {} : { last: readCount(last, "last") }),
    ...(reason === undefined ? {} : { reason }),
  })) as { leaf: string };
  process.stdout.write(`${leaf}\n`);
  return 0;
}

function readFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    fail("enrolment", `${path} cannot be read: ${(error as Error).message}`);
  }
}
