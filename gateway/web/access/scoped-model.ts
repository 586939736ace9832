/**
 * The read model as one customer sees it: the own meters and their bills; the chain as everybody sees it, without the names of
 * other people's meters. Every page works on it unchanged, so none can forget to ask.
 */
import type { AlarmRow, AlarmState } from "../../projection/alarm-types.ts";
import type { RecordSummary } from "../../projection/chain-view-types.ts";
import type {
  BillDetail,
  DayTotal,
  MeterPage,
  MeterQuery,
  ReadModel,
} from "../../projection/read-model-types.ts";

/** More meters than a customer has. */
const ALL = 100_000;

export function scopeReadModel(model: ReadModel, meters: readonly string[]): ReadModel {
  const own = new Set(meters);
  const isOwn = (meter: string): boolean => own.has(meter);
  const listOwn = (): MeterPage["rows"] =>
    [...own].sort().flatMap((meter) => {
      const found = model.meter(meter);
      return found === undefined ? [] : [found];
    });
  /** What the own meters sealed on the dates that the overview shows. */
  const ownDays = (dates: readonly DayTotal[]): DayTotal[] => {
    const [first, last] = [dates[0]?.date ?? "", dates.at(-1)?.date ?? ""];
    const days = meters.flatMap((meter) => model.days(meter, first, last));
    return dates.flatMap(({ date }) => {
      const own = days.filter((day) => day.date === date && day.unusable === undefined);
      if (own.length === 0) return [];
      return [{ date, wh: own.reduce((sum, { wh }) => sum + wh, 0), meters: own.length }];
    });
  };
  const hide = <R extends RecordSummary>(record: R): R => {
    if (record.meter === undefined || isOwn(record.meter)) return record;
    // The subject of a bill is its number, which names the meter too.
    const { meter: _, subject: __, ...rest } = record;
    // The signer of a meter's record is named by its meter id.
    return { ...rest, signer: record.signer === record.meter ? "a meter" : record.signer } as R;
  };
  const countOwn = (state: AlarmState): number =>
    [...own].reduce((sum, meter) => sum + model.alarms({ state, meter, limit: ALL }).length, 0);
  return {
    overview: () => {
      const rows = listOwn();
      const whole = model.overview();
      return {
        ...whole,
        meters: rows.length,
        online: rows.filter(({ online }) => online === true).length,
        recentDays: ownDays(whole.recentDays),
        openAlarms: countOwn("open"),
        acknowledgedAlarms: countOwn("acknowledged"),
        held: 0,
        bills: [...own].reduce((sum, meter) => sum + model.bills({ meter, limit: 1 }).total, 0),
      };
    },
    meters: ({ search, offset = 0, limit = ALL }: MeterQuery = {}) => {
      const found = listOwn().filter(({ meter }) => search === undefined || meter.includes(search));
      return { rows: found.slice(offset, offset + limit), total: found.length };
    },
    meter: (id) => (isOwn(id) ? model.meter(id) : undefined),
    days: (meter, from, to) => (isOwn(meter) ? model.days(meter, from, to) : []),
    day: (meter, date) => (isOwn(meter) ? model.day(meter, date) : []),
    months: (meter) => (isOwn(meter) ? model.months(meter) : []),
    bills: ({ meter, offset = 0, limit = ALL } = {}) => {
      if (meter !== undefined) {
        return isOwn(meter) ? model.bills({ meter, offset, limit }) : { rows: [], total: 0 };
      }
      const rows = [...own]
        .flatMap((id) => model.bills({ meter: id }).rows)
        .sort((a, b) => b.fromSeconds - a.fromSeconds || (a.meter < b.meter ? -1 : 1));
      return { rows: rows.slice(offset, offset + limit), total: rows.length };
    },
    account: (meter) => (isOwn(meter) ? model.account(meter) : { entries: [] }),
    bill: (no) => {
      const bill = model.bill(no);
      return bill !== undefined && isOwn(bill.meter) ? bill : undefined;
    },
    tariffs: () => model.tariffs(),
    statements: (meter, month) => (isOwn(meter) ? model.statements(meter, month) : []),
    periodStatement: (query) => (isOwn(query.meter) ? model.periodStatement(query) : undefined),
    blocks: (before, limit) => model.blocks(before, limit),
    block: (height) => model.block(height),
    headers: (from, limit) => model.headers(from, limit),
    lines: (from, limit) => model.lines(from, limit),
    records: (from, limit) => model.records(from, limit).map(hide),
    record: (position) => {
      const record = model.record(position);
      return record === undefined ? undefined : hide(record);
    },
    positionOf: (leaf) => model.positionOf(leaf),
    exchanges: (meter) => (isOwn(meter) ? model.exchanges(meter) : []),
    events: (meter, limit) => (isOwn(meter) ? model.events(meter, limit) : []),
    alarms: ({ meter, limit, ...query }) => {
      const of = meter === undefined ? [...own] : isOwn(meter) ? [meter] : [];
      return of
        .flatMap((id) => model.alarms({ ...query, meter: id, limit }))
        .sort((a, b) => b.id - a.id)
        .slice(0, limit)
        .map(withoutPeople);
    },
    blockCosts: () => [],
    dayCosts: () => [],
    counters: () => [],
  };
}

/** What happened, without who of the operator's people wrote what about it. */
function withoutPeople({ acknowledged, closed, ...alarm }: AlarmRow): AlarmRow {
  return {
    ...alarm,
    ...(acknowledged && {
      acknowledged: { atSeconds: acknowledged.atSeconds, by: "the operator" },
    }),
    ...(closed && {
      closed: {
        atSeconds: closed.atSeconds,
        ...(closed.by === undefined ? {} : { by: "the operator" }),
      },
    }),
  };
}

/** The read model without what a household measured: for auditors, who check that bills are sealed, not who was at home. */
export function withoutReadings(model: ReadModel): ReadModel {
  return {
    ...model,
    alarms: (query) => model.alarms(query).map(withoutContents),
    overview: () => ({ ...model.overview(), recentDays: [] }),
    bill: (no) => {
      const bill = model.bill(no);
      return bill && { ...bill, lines: bill.lines.map(withoutQuarter), daily: [], used: [] };
    },
  };
}

/** The label of a demand line names the quarter of an hour in which a household used most (shared/money/demand-line.ts). */
function withoutQuarter(line: BillDetail["lines"][number]): BillDetail["lines"][number] {
  return line.unit === "w"
    ? { ...line, label: line.label.replace(/, \d{4}-\d\d-\d\d \d\d:\d\d/, "") }
    : line;
}

/** What a sealed record says is told to those who may open it: an auditor sees that it alarmed, and of which kind. */
function withoutContents(alarm: AlarmRow): AlarmRow {
  if (alarm.kind === "no-data" || alarm.kind === "gateway" || alarm.code === "revoked")
    return alarm;
  const { detail: _, ...rest } = alarm;
  return rest;
}
