/** What leaves the portal as a file: readings of any period, bills as PDF, bundles. */
import { fail } from "../../shared/base/error.ts";
import { bundleName, makeBillSheet } from "../export/bill-sheet.ts";
import { safeFileName } from "../export/file-name.ts";
import { PERIOD_FORMATS, type PeriodFormat, periodName } from "../export/period-format.ts";
import { requirePeriod } from "../export/slots.ts";
import { type PageContext, requireFound } from "./page/context.ts";
import { readBillNo, readDate, readMeter } from "./parameters.ts";
import type { Answer, Asked, Route } from "./routes.ts";

/** Before the page of a bill, whose path would take their names for a number. */
export const EXPORT_ROUTES: readonly Route[] = [
  period("/meters/:meter/readings.csv", "csv"),
  period("/meters/:meter/readings.json", "json"),
  period("/meters/:meter/green-button.xml", "green-button"),
  { path: "/bills/:no{.+\\.pdf}", shows: "money", answer: pdfOfBill },
  // A bundle holds the opened readings of its days, which an auditor may not see.
  { path: "/bills/:no{.+\\.bundle\\.json}", shows: "readings", answer: bundleOfBill },
];

/** Of `from` to `to`, both included; of all days by default. */
function period(path: string, format: PeriodFormat): Route {
  return {
    path,
    shows: "readings",
    answer: ({ readModel }, asked) => {
      const id = readMeter(asked.param("meter"));
      const meter = requireFound(readModel.meter(id), `Meter ${id}`);
      const from = readDate(asked.query("from") ?? meter.firstDate ?? "1970-01-01", "from");
      const to = readDate(asked.query("to") ?? meter.lastDay?.date ?? from, "to");
      const asPeriod = requirePeriod({ meter: id, from, to });
      const { type, write } = PERIOD_FORMATS[format];
      const pieces = write(readModel, asPeriod);
      return { kind: "pieces", name: periodName(format, asPeriod), type, pieces };
    },
  };
}

async function pdfOfBill({ readModel, work }: PageContext, asked: Asked): Promise<Answer> {
  const no = billNo(asked, ".pdf");
  const sheet = requireFound(makeBillSheet(readModel, no), `Bill ${no}`);
  const bytes = await work.printSheet(sheet);
  return { kind: "file", name: `${safeFileName(no)}.pdf`, type: "application/pdf", content: bytes };
}

async function bundleOfBill(
  { readModel, exportBundle }: PageContext,
  asked: Asked,
): Promise<Answer> {
  const no = billNo(asked, ".bundle.json");
  requireFound(readModel.bill(no), `Bill ${no}`);
  if (exportBundle === undefined) fail("not-found", "this portal hands out no bundles");
  const content = await exportBundle(no);
  return { kind: "file", name: bundleName(no), type: "application/json", content };
}

function billNo(asked: Asked, ending: string): string {
  return readBillNo(asked.param("no").slice(0, -ending.length));
}
