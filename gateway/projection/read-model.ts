/**
 * The read model over a gateway's store: the only way in which the portal, the API and the CLI read it
 * (read-model-types.ts). Over a connection of its own beside the writer's; each call sees one state of the store.
 *
 * Every statement goes by a key or an index; what grows with the chain is never scanned, except for a search in labels and
 * once after a start by the first `positionOf` (leaf-index.ts).
 */
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import type { Db } from "../ledger/database.ts";
import { AlarmReader } from "./alarm-reader.ts";
import { BillReader } from "./bill-reader.ts";
import { BlockReader } from "./block-reader.ts";
import { ChainReader } from "./chain-reader.ts";
import type { MeterEventRow } from "./chain-view-types.ts";
import { CostReader } from "./cost-reader.ts";
import { DayReader } from "./day-reader.ts";
import { dateText } from "./day-table.ts";
import { ExchangeReader } from "./exchange-reader.ts";
import { MeterReader } from "./meter-reader.ts";
import { PeriodReader } from "./period-reader.ts";
import type { CounterRow, DayTotal, Overview, ReadModel } from "./read-model-types.ts";
import { StatementReader } from "./statement-reader.ts";
import { TariffReader } from "./tariff-reader.ts";

/** Dates in an overview. */
const RECENT_DATES = 31;

interface EventTableRow {
  readonly pos: number;
  readonly at: number;
  readonly code: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** The read model of an open store (`openReadOnly` of ledger/database.ts). */
export function createReadModel(db: Db, options: { readonly suite: CryptoSuite }): ReadModel {
  const chain = new ChainReader(db, options.suite);
  const days = new DayReader(db, chain);
  const meters = new MeterReader(db, chain, days);
  const blocks = new BlockReader(db, chain, days);
  const statements = new StatementReader(db, options.suite);
  const periods = new PeriodReader(db, chain);
  const exchanges = new ExchangeReader(db);
  const tariffs = new TariffReader(db, options.suite);
  const bills = new BillReader(db, chain, days, statements);
  const recent = db.prepare<[number], { date: number; wh: number; days: number }>(
    "SELECT date, wh, days FROM day_total ORDER BY date DESC LIMIT ?",
  );
  const held = db.prepare<[], { n: number }>("SELECT coalesce(sum(records), 0) AS n FROM held");
  const alarms = new AlarmReader(db);
  const costs = new CostReader(db);
  const events = db.prepare<[number, number], EventTableRow>(
    "SELECT pos, at, code, before, after FROM event WHERE meter = ? ORDER BY pos DESC LIMIT ?",
  );
  const counters = db.prepare<[], CounterRow>(
    "SELECT code, count FROM vault_counter ORDER BY count DESC, code",
  );
  /** One state of the store for all statements of a call. */
  const read = <T>(work: () => T): T => db.transaction(work)();
  const final = (): number => chain.finalHeight(chain.tip());

  return {
    overview: () =>
      read((): Overview => {
        const recentDays = recent
          .all(RECENT_DATES)
          .map(({ date, wh, days: n }): DayTotal => ({ date: dateText(date), wh, meters: n }))
          .reverse();
        return {
          tip: blocks.tip(),
          meters: meters.count(),
          online: meters.countOnline(),
          recentDays,
          openAlarms: alarms.count("open"),
          acknowledgedAlarms: alarms.count("acknowledged"),
          held: held.get()?.n ?? 0,
          bills: bills.count() + bills.countCredits(),
        };
      }),
    meters: (query = {}) => read(() => meters.meters(query)),
    meter: (id) => read(() => meters.meter(id)),
    days: (meter, fromDate, toDate) =>
      read(() => days.days(Number(meter), fromDate, toDate, final())),
    day: (meter, date) => read(() => days.day(Number(meter), date, final())),
    months: (meter) => read(() => days.months(Number(meter))),
    bills: (query = {}) => read(() => bills.bills(query)),
    account: (meter) => read(() => bills.account(Number(meter))),
    bill: (no) => read(() => bills.bill(no)),
    tariffs: () => read(() => tariffs.tariffs()),
    statements: (meter, month) => read(() => statements.ofMonth(Number(meter), month)),
    periodStatement: (query) =>
      read(() => {
        const meter = meters.meter(query.meter);
        return meter && periods.statement(meter, query);
      }),
    blocks: (beforeHeight, limit) => read(() => blocks.blocks(beforeHeight, limit)),
    block: (height) => read(() => blocks.block(height)),
    headers: (fromHeight, limit) => read(() => blocks.headers(fromHeight, limit)),
    lines: (fromPosition, limit) => read(() => blocks.lines(fromPosition, limit)),
    records: (fromPosition, limit) => read(() => blocks.records(fromPosition, limit)),
    record: (position) => read(() => blocks.record(position)),
    positionOf: (leaf) => read(() => blocks.positionOf(leaf)),
    exchanges: (meter) => read(() => exchanges.exchanges(Number(meter))),
    events: (meter, limit) =>
      read(() =>
        events.all(Number(meter), limit).map(
          ({ pos, at, code, before, after }): MeterEventRow => ({
            position: pos,
            atSeconds: at,
            code,
            ...(before === null ? {} : { before }),
            ...(after === null ? {} : { after }),
          }),
        ),
      ),
    blockCosts: (before, limit) => read(() => costs.blocks(before, limit)),
    dayCosts: (before, limit) => read(() => costs.days(before, limit)),
    alarms: (query) => read(() => alarms.alarms(query)),
    counters: () => read(() => counters.all()),
  };
}
