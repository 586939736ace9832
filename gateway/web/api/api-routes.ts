/**
 * The JSON interface under /api/v1: the rows of the read model as they are (units in the names), read-only.
 * Bytes are base64url; what is not there is 404, a malformed parameter 400, both with a code. `openapi.ts` describes it from
 * this table.
 */
import type { LiveValue } from "../../live/live-values.ts";
import type {
  DayStatement,
  DaySummary,
  MeterSummary,
  ReadModel,
} from "../../projection/read-model-types.ts";
import { requireFound } from "../page/context.ts";
import { defaultPeriod } from "../page/statement.ts";
import { addDays } from "../view/time.ts";
import {
  DATE,
  DAY,
  DAY_DETAIL,
  EVENT,
  EXCHANGE,
  METER_PAGE,
  METER_SUMMARY,
  MONTH,
  MONTH_SUMMARY,
} from "./answers.ts";
import { ALARM_ACTIONS } from "./api-actions.ts";
import {
  DATE_LIMIT,
  FROM_DATE,
  LIMIT,
  OF_METER,
  OF_MONTH,
  OFFSET,
  PERIOD_FROM,
  PERIOD_TO,
  SEARCH,
  TO_DATE,
} from "./api-parameters.ts";
import { type ApiRoute, apiRoute } from "./api-route.ts";
import { ACCOUNT, BILL_DETAIL, BILL_PAGE, STATEMENT, TARIFF } from "./bill-answers.ts";
import { OVERVIEW } from "./chain-answers.ts";
import { CHAIN_ROUTES } from "./chain-routes.ts";
import { LIVE_VALUE } from "./live-answer.ts";
import { describeApi } from "./openapi.ts";
import { arrayOf, objectOf, optional, type Rows, rowsOf, type Schema } from "./schema.ts";
import { PERIOD_STATEMENT } from "./statement-answer.ts";
import { UPKEEP_ROUTES } from "./upkeep-routes.ts";

interface DayPage extends Rows<DaySummary> {
  readonly next?: string;
}

interface LiveAnswer {
  readonly live?: LiveValue;
}

interface MonthStatements extends Rows<DayStatement> {
  readonly month: string;
}

const DOCUMENT: Schema<object> = {
  json: { type: "object", properties: { openapi: { type: "string" } }, required: ["openapi"] },
  parts: {},
};

export const API_ROUTES: readonly ApiRoute[] = [
  apiRoute({
    path: "/openapi.json",
    shows: "chain",
    summary: "This document",
    answer: DOCUMENT,
    read: () => describeApi(API_ROUTES, ALARM_ACTIONS),
  }),
  apiRoute({
    path: "/overview",
    shows: "readings",
    summary: "Where the gateway stands",
    answer: OVERVIEW,
    read: (readModel) => readModel.overview(),
  }),
  apiRoute({
    path: "/meters",
    shows: "readings",
    summary: "Meters by id",
    query: { q: SEARCH, offset: OFFSET, limit: LIMIT },
    answer: METER_PAGE,
    read: (readModel, { q, offset, limit }) =>
      readModel.meters({ offset, limit, ...(q !== undefined && { search: q }) }),
  }),
  apiRoute({
    path: "/meters/:meter",
    shows: "readings",
    summary: "One meter",
    answer: METER_SUMMARY,
    read: (readModel, { meter }) => meterOf(readModel, meter),
  }),
  apiRoute({
    path: "/meters/:meter/live",
    shows: "readings",
    summary:
      "The newest live value of a meter; `live` is absent where there is none of the last minutes",
    answer: objectOf<LiveAnswer>({ live: optional(LIVE_VALUE) }),
    read: (readModel, { meter: id }, { live }) => {
      const value = live.newest(meterOf(readModel, id).meter);
      return value === undefined ? {} : { live: value };
    },
  }),
  apiRoute({
    path: "/meters/:meter/days",
    shows: "readings",
    summary: "Days of a meter without their slots; `next` is the `from` of the page that follows",
    query: { from: FROM_DATE, to: TO_DATE, limit: DATE_LIMIT },
    answer: objectOf<DayPage>({ rows: arrayOf(DAY), next: optional(DATE) }),
    read: (readModel, { meter: id, from, to, limit }) => {
      const { firstDate, lastDay } = meterOf(readModel, id);
      if (firstDate === undefined || lastDay === undefined) return { rows: [] };
      const first = from !== undefined && from > firstDate ? from : firstDate;
      const last = to !== undefined && to < lastDay.date ? to : lastDay.date;
      if (first > last) return { rows: [] };
      const end = addDays(first, limit - 1);
      if (end >= last) return { rows: readModel.days(id, first, last) };
      return { rows: readModel.days(id, first, end), next: addDays(end, 1) };
    },
  }),
  apiRoute({
    path: "/meters/:meter/days/:date",
    shows: "readings",
    summary:
      "The readings of one day with their slots, and what they replaced: usually one, none when nothing was sealed",
    answer: rowsOf(DAY_DETAIL),
    read: (readModel, { meter, date }) => ({
      rows: readModel.day(meterOf(readModel, meter).meter, date),
    }),
  }),
  apiRoute({
    path: "/meters/:meter/months",
    shows: "readings",
    summary: "Months of a meter, ascending",
    answer: rowsOf(MONTH_SUMMARY),
    read: (readModel, { meter }) => ({ rows: readModel.months(meterOf(readModel, meter).meter) }),
  }),
  apiRoute({
    path: "/meters/:meter/statements",
    shows: "readings",
    summary: "What each day of a month costs",
    query: { month: OF_MONTH },
    answer: objectOf<MonthStatements>({ month: MONTH, rows: arrayOf(STATEMENT) }),
    read: (readModel, { meter: id, month: asked }) => {
      const { meter, lastDay } = meterOf(readModel, id);
      const month = asked ?? lastDay?.date.slice(0, 7) ?? "1970-01";
      return { month, rows: readModel.statements(meter, month) };
    },
  }),
  apiRoute({
    path: "/meters/:meter/statement",
    shows: "readings",
    summary: "What the energy of any civil days costs, line by line",
    query: { from: PERIOD_FROM, to: PERIOD_TO },
    refuses: "uncomputable",
    answer: PERIOD_STATEMENT,
    read: async (readModel, { meter: id, from, to }, { work }) => {
      const usual = defaultPeriod(meterOf(readModel, id));
      const query = { meter: id, from: from ?? usual.from, to: to ?? usual.to };
      return requireFound(await work.periodStatement(query), `Meter ${id}`);
    },
  }),
  apiRoute({
    path: "/meters/:meter/account",
    shows: "readings",
    summary: "Bills, credits and payments of a meter in the order in which they happened",
    answer: ACCOUNT,
    read: (readModel, { meter }) => readModel.account(meterOf(readModel, meter).meter),
  }),
  apiRoute({
    path: "/meters/:meter/exchanges",
    shows: "readings",
    summary: "Devices of a meter that took the place of others, in log order",
    answer: rowsOf(EXCHANGE),
    read: (readModel, { meter }) => ({
      rows: readModel.exchanges(meterOf(readModel, meter).meter),
    }),
  }),
  apiRoute({
    path: "/meters/:meter/events",
    shows: "readings",
    summary: "What happened to a meter, the newest first",
    query: { limit: LIMIT },
    answer: rowsOf(EVENT),
    read: (readModel, { meter, limit }) => ({
      rows: readModel.events(meterOf(readModel, meter).meter, limit),
    }),
  }),
  apiRoute({
    path: "/bills",
    shows: "money",
    summary: "Bills with their credits, the newest period first",
    query: { meter: OF_METER, offset: OFFSET, limit: LIMIT },
    answer: BILL_PAGE,
    read: (readModel, { meter, offset, limit }) =>
      readModel.bills({ offset, limit, ...(meter !== undefined && { meter }) }),
  }),
  apiRoute({
    path: "/bills/:no",
    shows: "money",
    summary: "One bill or credit with its lines and what it rests on",
    answer: BILL_DETAIL,
    read: (readModel, { no }) => requireFound(readModel.bill(no), `Bill ${no}`),
  }),
  apiRoute({
    path: "/tariffs",
    shows: "money",
    summary: "Tariffs by id, the newest version first",
    answer: rowsOf(TARIFF),
    read: (readModel) => ({ rows: readModel.tariffs() }),
  }),
  ...CHAIN_ROUTES,
  ...UPKEEP_ROUTES,
];

function meterOf(readModel: ReadModel, id: string): MeterSummary {
  return requireFound(readModel.meter(id), `Meter ${id}`);
}
