/**
 * The JSON interface under /api/v1: the rows of the read model as they are (units in the names), read-only.
 * Bytes are base64url; what is not there is 404, a malformed parameter 400, both with a code.
 */
import type { ReadModel } from "../../projection/read-model-types.ts";
import type { Shows } from "../access/role.ts";
import { requireFound } from "../page/context.ts";
import {
  readBillNo,
  readDate,
  readInteger,
  readMeter,
  readMonth,
  readSearch,
} from "../parameters.ts";
import type { Asked } from "../routes.ts";

export interface ApiRoute {
  /** Below /api/v1. */
  readonly path: string;
  readonly shows: Shows;
  readonly read: (readModel: ReadModel, asked: Asked) => unknown;
}

/** Rows of one answer at most; `offset`, `before` or `from` lead on. */
const MAX_ROWS = 1_000;

export const API_ROUTES: readonly ApiRoute[] = [
  { path: "/overview", shows: "readings", read: (readModel) => readModel.overview() },
  {
    path: "/meters",
    shows: "readings",
    read: (readModel, asked) => {
      const search = readSearch(asked.query("q"));
      return readModel.meters({ ...window(asked), ...(search !== undefined && { search }) });
    },
  },
  {
    path: "/meters/:meter",
    shows: "readings",
    read: (readModel, asked) => meterOf(readModel, asked),
  },
  {
    path: "/meters/:meter/days",
    shows: "readings",
    read: (readModel, asked) => {
      const meter = meterOf(readModel, asked);
      const from = readDate(asked.query("from") ?? meter.firstDate ?? "1970-01-01", "from");
      const to = readDate(asked.query("to") ?? meter.lastDay?.date ?? "1970-01-01", "to");
      return { rows: readModel.days(meter.meter, from, to) };
    },
  },
  {
    path: "/meters/:meter/days/:date",
    shows: "readings",
    read: (readModel, asked) => ({
      rows: readModel.day(meterOf(readModel, asked).meter, readDate(asked.param("date"))),
    }),
  },
  {
    path: "/meters/:meter/months",
    shows: "readings",
    read: (readModel, asked) => ({ rows: readModel.months(meterOf(readModel, asked).meter) }),
  },
  {
    path: "/meters/:meter/statements",
    shows: "readings",
    read: (readModel, asked) => {
      const { meter, lastDay } = meterOf(readModel, asked);
      const month = readMonth(asked.query("month") ?? lastDay?.date.slice(0, 7) ?? "1970-01");
      return { month, rows: readModel.statements(meter, month) };
    },
  },
  {
    path: "/meters/:meter/account",
    shows: "readings",
    read: (readModel, asked) => readModel.account(meterOf(readModel, asked).meter),
  },
  {
    path: "/bills",
    shows: "money",
    read: (readModel, asked) => {
      const meter = asked.query("meter");
      return readModel.bills({
        ...window(asked),
        ...(meter !== undefined && { meter: readMeter(meter) }),
      });
    },
  },
  {
    path: "/bills/:no",
    shows: "money",
    read: (readModel, asked) => {
      const no = readBillNo(asked.param("no"));
      return requireFound(readModel.bill(no), `Bill ${no}`);
    },
  },
  {
    path: "/blocks",
    shows: "chain",
    read: (readModel, asked) => {
      const before = asked.query("before");
      const height = before === undefined ? undefined : readInteger(before, "before");
      return { rows: readModel.blocks(height, limitOf(asked)) };
    },
  },
  {
    path: "/blocks/:height",
    shows: "chain",
    read: (readModel, asked) => {
      const height = readInteger(asked.param("height"), "height");
      return requireFound(readModel.block(height), `Block ${height}`);
    },
  },
  {
    path: "/records",
    shows: "chain",
    read: (readModel, asked) => ({
      rows: readModel.records(readInteger(asked.query("from") ?? "0", "from"), limitOf(asked)),
    }),
  },
  {
    path: "/records/:position",
    shows: "chain",
    read: (readModel, asked) => {
      const position = readInteger(asked.param("position"), "position");
      return requireFound(readModel.record(position), `Record ${position}`);
    },
  },
  {
    path: "/alarms",
    shows: "operations",
    read: (readModel, asked) => ({ rows: readModel.alarms(limitOf(asked)) }),
  },
  {
    path: "/counters",
    shows: "operations",
    read: (readModel) => ({ rows: readModel.counters() }),
  },
];

function meterOf(readModel: ReadModel, asked: Asked) {
  const id = readMeter(asked.param("meter"));
  return requireFound(readModel.meter(id), `Meter ${id}`);
}

function limitOf(asked: Asked): number {
  return readInteger(asked.query("limit") ?? "100", "limit", 1, MAX_ROWS);
}

function window(asked: Asked): { offset: number; limit: number } {
  return { offset: readInteger(asked.query("offset") ?? "0", "offset"), limit: limitOf(asked) };
}
