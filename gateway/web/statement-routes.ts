/** Statements of any period: the page, and the same on paper. */
import { isCoded } from "../../shared/base/error.ts";
import { makeStatementSheet, statementName } from "../export/statement-sheet.ts";
import type { PeriodStatement, StatementQuery } from "../projection/period-statement-types.ts";
import { type PageContext, requireFound } from "./page/context.ts";
import { defaultPeriod, statementPage } from "./page/statement.ts";
import { readDate, readMeter } from "./parameters.ts";
import type { Answer, Asked, Route } from "./routes.ts";

export const STATEMENT_ROUTES: readonly Route[] = [
  {
    path: "/meters/:meter/statement",
    shows: "readings",
    answer: async (context, asked) => {
      const query = queryOf(context, asked);
      return { kind: "page", page: statementPage(query, await stateOrRefuse(context, query)) };
    },
  },
  { path: "/meters/:meter/statement.pdf", shows: "readings", answer: pdfOfStatement },
];

async function pdfOfStatement(context: PageContext, asked: Asked): Promise<Answer> {
  const query = queryOf(context, asked);
  const statement = await context.work.periodStatement(query);
  const { tip } = context.readModel.overview();
  const sheet = makeStatementSheet(requireFound(statement, `Meter ${query.meter}`), tip);
  const content = await context.work.printSheet(sheet);
  return { kind: "file", name: `${statementName(query)}.pdf`, type: "application/pdf", content };
}

/** The meter is looked up in the reader's own model, so that nobody gets at another's. Throws `parameter`, `not-found`. */
function queryOf({ readModel }: PageContext, asked: Asked): StatementQuery {
  const id = readMeter(asked.param("meter"));
  const usual = defaultPeriod(requireFound(readModel.meter(id), `Meter ${id}`));
  const from = readDate(asked.query("from") ?? usual.from, "from");
  return { meter: id, from, to: readDate(asked.query("to") ?? usual.to, "to") };
}

/** A period that cannot be computed is an answer for people, and the form stays there to ask for another. */
async function stateOrRefuse(
  { work }: PageContext,
  query: StatementQuery,
): Promise<PeriodStatement | { readonly refusal: string }> {
  try {
    return requireFound(await work.periodStatement(query), `Meter ${query.meter}`);
  } catch (error) {
    if (!isCoded(error) || !UNCOMPUTABLE.has(error.code)) throw error;
    return { refusal: `These days cannot be computed: ${error.message}.` };
  }
}

/** Codes that say why a period has no statement; nothing failed. */
export const UNCOMPUTABLE: ReadonlySet<string> = new Set([
  "bill-period",
  "tariff-none",
  "tariff-body",
  "tariff-currency",
  "price-none",
  "money-range",
  "overlap",
]);
