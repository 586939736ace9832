/** `gateway assign`: assigns a tariff to a meter. */
import { orderOffice } from "./office-order.ts";
import { readInstant, readOptions, requireOption } from "./options.ts";

const HELP = `gateway assign: assigns a tariff to a meter from a time on

usage: gateway assign --data DIR --meter ID --tariff ID --from TIME [--to TIME]

  --data DIR    data folder of the gateway, running or not
  --meter ID    nine digits
  --tariff ID   a tariff that was issued
  --from TIME   unix seconds, or YYYY-MM-DD (midnight UTC); not before the end of the last bill
  --to TIME     end of the assignment; default: none
  --clock SPEC  as for \`gateway run\`
`;

export async function assign(args: readonly string[]): Promise<number> {
  const options = readOptions(args, {
    data: { type: "string" },
    meter: { type: "string" },
    tariff: { type: "string" },
    from: { type: "string" },
    to: { type: "string" },
    clock: { type: "string" },
    help: { type: "boolean", short: "h" },
  });
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const place = { data: requireOption(options.data, "data"), clock: options.clock ?? "real" };
  const order = {
    meter: requireOption(options.meter, "meter"),
    tariff: requireOption(options.tariff, "tariff"),
    from: readInstant(requireOption(options.from, "from"), "from"),
    ...(options.to === undefined ? {} : { to: readInstant(options.to, "to") }),
  };
  const { leaf } = (await orderOffice(place, "assign", order)) as { leaf: string };
  process.stdout.write(`${leaf}\n`);
  return 0;
}
