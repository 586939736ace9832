/** `gateway payment`: records that a bill was paid. */
import { fail } from "../../shared/base/error.ts";
import { orderOffice } from "./office-order.ts";
import { readInstant, readOptions, requireOption } from "./options.ts";

const HELP = `gateway payment: records a payment, which marks its bill as paid

usage: gateway payment --data DIR (--no NUMBER | --meter ID) --amount DECIMAL --ref TEXT [--at TIME] [--again]

  --data DIR       data folder of the gateway, running or not
  --no NUMBER      the bill that was paid
  --meter ID       or the meter, for a payment on account
  --amount AMOUNT  in the currency of the bill, such as 9.36; negative for money given back
  --ref TEXT       the reference by which the bank or the till knows the payment
  --at TIME        unix seconds, or YYYY-MM-DD (midnight UTC); default: now
  --again          although a payment of this meter with this amount and reference is in the chain already
  --clock SPEC     as for \`gateway run\`
`;

export async function payment(args: readonly string[]): Promise<number> {
  const options = readOptions(args, {
    data: { type: "string" },
    no: { type: "string" },
    meter: { type: "string" },
    amount: { type: "string" },
    ref: { type: "string" },
    at: { type: "string" },
    again: { type: "boolean" },
    clock: { type: "string" },
    help: { type: "boolean", short: "h" },
  });
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const { no, meter, at } = options;
  if ((no === undefined) === (meter === undefined)) fail("usage", "--no or --meter, one of them");
  const place = { data: requireOption(options.data, "data"), clock: options.clock ?? "real" };
  const { leaf } = (await orderOffice(place, "payment", {
    ...(no === undefined ? {} : { no }),
    ...(meter === undefined ? {} : { meter }),
    amount: requireOption(options.amount, "amount"),
    ref: requireOption(options.ref, "ref"),
    ...(options.again === true ? { again: 1 } : {}),
    ...(at === undefined ? {} : { at: readInstant(at, "at") }),
  })) as { leaf: string };
  process.stdout.write(`${leaf}\n`);
  return 0;
}
