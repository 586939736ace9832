/** `gateway bill`: issues the bills that are due, by explicit order. */
import type { IssuedBillSummary } from "../billing/billing-source.ts";
import type { HeldBack } from "../billing/close-months.ts";
import { exportBill } from "./bill-export.ts";
import { printBill } from "./bill-pdf.ts";
import { printStatement } from "./bill-statement.ts";
import { orderOffice } from "./office-order.ts";
import { readOptions, requireOption } from "./options.ts";

const HELP = `gateway bill: issues the bills of ended months that are not issued yet

usage: gateway bill --data DIR [--month YYYY-MM] [--meter ID] [--incomplete]
       gateway bill --data DIR --meter ID --from DATE --to DATE [--incomplete]
       gateway bill export --data DIR --no NUMBER    (see its own --help)
       gateway bill pdf --data DIR --no NUMBER       (see its own --help)
       gateway bill statement --data DIR --meter ID --from DATE --to DATE    (see its own --help)

  --data DIR       data folder of the gateway, running or not
  --month YYYY-MM  only this month
  --meter ID       only this meter
  --from DATE      with --to and --meter: a bill for these local days, both included, of which none is billed yet; what
  --to DATE        they leave of their months is billed at the months' ends
  --incomplete     issue the bill although days are missing; it lists what is missing
  --clock SPEC     as for \`gateway run\`

A running gateway issues complete bills by itself after each month.
`;

interface Outcome {
  readonly issued: readonly IssuedBillSummary[];
  readonly held_back: readonly HeldBack[];
}

export async function bill(args: readonly string[]): Promise<number> {
  if (args[0] === "export") return exportBill(args.slice(1));
  if (args[0] === "pdf") return printBill(args.slice(1));
  if (args[0] === "statement") return printStatement(args.slice(1));
  const options = readOptions(args, {
    data: { type: "string" },
    month: { type: "string" },
    meter: { type: "string" },
    from: { type: "string" },
    to: { type: "string" },
    incomplete: { type: "boolean" },
    clock: { type: "string" },
    help: { type: "boolean", short: "h" },
  });
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const { month, meter, from, to, incomplete } = options;
  const place = { data: requireOption(options.data, "data"), clock: options.clock ?? "real" };
  const { issued, held_back } = (await orderOffice(place, "bill", {
    ...(month === undefined ? {} : { month }),
    ...(meter === undefined ? {} : { meter }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(incomplete === undefined ? {} : { incomplete }),
  })) as Outcome;
  for (const { no, leaf } of issued) process.stdout.write(`${no} ${leaf}\n`);
  for (const { meter: id, month: of, code, message } of held_back) {
    process.stderr.write(`gateway: ${code}: ${id} ${of}: ${message}\n`);
  }
  if (issued.length === 0 && held_back.length === 0) {
    process.stderr.write(
      "gateway: nothing is due: no ended month that has readings is without its bill\n",
    );
  }
  // A period was ordered for one bill; months may well have none due.
  return from !== undefined && issued.length === 0 ? 1 : 0;
}
