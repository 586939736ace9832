/**
 * The table of pages: path, what it shows, how it is made. What a page shows decides who may read it, so access
 * can be granted by row. Parameters are checked here and nowhere later.
 */
import { fail } from "../../shared/base/error.ts";
import type { Shows } from "./access/role.ts";
import { EXPORT_ROUTES } from "./export-routes.ts";
import { alarmsPage } from "./page/alarms.ts";
import { billPage } from "./page/bill.ts";
import { billsPage } from "./page/bills.ts";
import { blockPage } from "./page/block.ts";
import { chainPage } from "./page/chain.ts";
import { comparePage } from "./page/compare.ts";
import { type PageContext, requireFound } from "./page/context.ts";
import { dayPage } from "./page/day.ts";
import { meterPage } from "./page/meter.ts";
import { overviewPage } from "./page/overview.ts";
import { performancePage } from "./page/performance.ts";
import { recordPage } from "./page/record.ts";
import { tariffsPage } from "./page/tariffs.ts";
import {
  isHash,
  readAlarmState,
  readBillNo,
  readChoice,
  readDate,
  readInteger,
  readMeter,
  readMonth,
  readPeriod,
  readSearch,
  readSlots,
  readYear,
} from "./parameters.ts";
import { STATEMENT_ROUTES } from "./statement-routes.ts";
import { daysCsv, statementsCsv } from "./view/csv.ts";
import type { Page } from "./view/layout.ts";

/** The parts of a request that a page may use. */
export interface Asked {
  /** A named part of the path. */
  param(name: string): string;
  /** A query parameter, if it is there. */
  query(name: string): string | undefined;
}

export type Answer =
  | { readonly kind: "page"; readonly page: Page }
  | {
      readonly kind: "file";
      readonly name: string;
      readonly type: string;
      readonly content: string | Uint8Array<ArrayBuffer>;
    }
  | {
      /** A file that is made while it is sent. */
      readonly kind: "pieces";
      readonly name: string;
      readonly type: string;
      readonly pieces: Iterable<string>;
    }
  | { readonly kind: "redirect"; readonly to: string };

export interface Route {
  readonly path: string;
  readonly shows: Shows;
  readonly answer: (context: PageContext, asked: Asked) => Answer | Promise<Answer>;
}

const MAX_HEIGHT = 0xffffffff;
const MAX_PAGE = 1_000_000;

export const ROUTES: readonly Route[] = [
  page("/", "readings", (context, asked) =>
    overviewPage(context, { search: readSearch(asked.query("q")), page: pageOf(asked) }),
  ),
  page("/meters/:meter", "readings", (context, asked) => {
    const month = asked.query("month");
    const year = asked.query("year");
    return meterPage(context, readMeter(asked.param("meter")), {
      month: month === undefined ? undefined : readMonth(month),
      year: year === undefined ? undefined : readYear(year),
      days: readPeriod(asked.query("from"), asked.query("to")),
    });
  }),
  { path: "/meters/:meter/days.csv", shows: "readings", answer: csvOfDays },
  { path: "/meters/:meter/statements.csv", shows: "readings", answer: csvOfStatements },
  page("/meters/:meter/days/:date", "readings", (context, asked) =>
    dayPage(
      context,
      readMeter(asked.param("meter")),
      readDate(asked.param("date")),
      readSlots(asked.query("slots")),
    ),
  ),
  {
    path: "/compare",
    shows: "readings",
    answer: async (context, asked) => ({ kind: "page", page: await compare(context, asked) }),
  },
  page("/bills", "money", (context, asked) => {
    const meter = asked.query("meter");
    return billsPage(context, {
      meter: meter === undefined ? undefined : readMeter(meter),
      page: pageOf(asked),
    });
  }),
  ...EXPORT_ROUTES,
  ...STATEMENT_ROUTES,
  page("/bills/:no", "money", (context, asked) => billPage(context, readBillNo(asked.param("no")))),
  page("/tariffs", "money", (context, asked) => tariffsPage(context, pageOf(asked))),
  page("/chain", "chain", (context, asked) => {
    const before = asked.query("before");
    return chainPage(
      context,
      before === undefined ? undefined : readInteger(before, "before", 1, MAX_HEIGHT),
    );
  }),
  page("/blocks/:height", "chain", (context, asked) =>
    blockPage(context, readInteger(asked.param("height"), "height", 0, MAX_HEIGHT), pageOf(asked)),
  ),
  page("/records/:position", "chain", (context, asked) =>
    recordPage(context, readInteger(asked.param("position"), "position")),
  ),
  page("/performance", "operations", (context, asked) =>
    performancePage(context, readChoice(asked.query("by"), "by", ["block", "day"])),
  ),
  { path: "/find", shows: "chain", answer: find },
  page("/alarms", "alarms", (context, asked) => {
    const before = asked.query("before");
    return alarmsPage(context, {
      closed: readAlarmState(asked.query("state")) === "closed",
      before: before === undefined ? undefined : readInteger(before, "before", 1),
    });
  }),
];

function page(
  path: string,
  shows: Shows,
  make: (context: PageContext, asked: Asked) => Page,
): Route {
  return {
    path,
    shows,
    answer: (context, asked) => ({ kind: "page", page: make(context, asked) }),
  };
}

function compare(context: PageContext, asked: Asked): Promise<Page> {
  const meterOf = (name: string): string | undefined => {
    const meter = asked.query(name);
    return meter === undefined ? undefined : readMeter(meter);
  };
  return comparePage(context, {
    meter: meterOf("meter"),
    days: readPeriod(asked.query("from"), asked.query("to")),
    otherMeter: meterOf("with"),
    otherDays: readPeriod(asked.query("with_from"), asked.query("with_to")),
  });
}

function pageOf(asked: Asked): number {
  return readInteger(asked.query("page") ?? "1", "page", 1, MAX_PAGE);
}

function csvOfDays({ readModel }: PageContext, asked: Asked): Answer {
  const id = readMeter(asked.param("meter"));
  const meter = requireFound(readModel.meter(id), `Meter ${id}`);
  const from = readDate(asked.query("from") ?? meter.firstDate ?? "1970-01-01", "from");
  const to = readDate(asked.query("to") ?? meter.lastDay?.date ?? "1970-01-01", "to");
  const place =
    meter.latitudeE7 === undefined || meter.longitudeE7 === undefined
      ? undefined
      : `${meter.latitudeE7 / 1e7},${meter.longitudeE7 / 1e7}`;
  return {
    kind: "file",
    name: `wattproof-${id}-${from}-${to}.csv`,
    type: "text/csv; charset=utf-8",
    content: daysCsv(readModel.days(id, from, to), place),
  };
}

function csvOfStatements({ readModel }: PageContext, asked: Asked): Answer {
  const id = readMeter(asked.param("meter"));
  const meter = requireFound(readModel.meter(id), `Meter ${id}`);
  const month = readMonth(asked.query("month") ?? meter.lastDay?.date.slice(0, 7) ?? "1970-01");
  return {
    kind: "file",
    name: `wattproof-${id}-${month}-statements.csv`,
    type: "text/csv; charset=utf-8",
    content: statementsCsv(readModel.statements(id, month)),
  };
}

/** A block by its height, or a record by its leaf. */
function find({ readModel }: PageContext, asked: Asked): Answer {
  const text = readSearch(asked.query("q")) ?? "";
  if (isHash(text)) {
    const position = requireFound(readModel.positionOf(text), "A record with this hash");
    return { kind: "redirect", to: `/records/${position}` };
  }
  if (!/^\d+$/.test(text)) {
    fail("parameter", "q must be the height of a block or the 43 characters of a record's hash");
  }
  return { kind: "redirect", to: `/blocks/${readInteger(text, "q", 0, MAX_HEIGHT)}` };
}
