/**
 * Test only: a ReadModel in memory over a seeded village of meters and its small real chain. For page development
 * and the portal's tests; the gateway's own read model is over SQLite.
 */
import type { AccountEntry } from "../../gateway/projection/account-types.ts";
import type {
  BlockDetail,
  BlockSummary,
  ChainTip,
} from "../../gateway/projection/chain-view-types.ts";
import type { Spent } from "../../gateway/projection/cost-types.ts";
import type {
  BillDetail,
  BillSummary,
  DayDetail,
  DaySummary,
  DayTotal,
  MeterSummary,
  MonthSummary,
  ReadModel,
  Spread,
} from "../../gateway/projection/read-model-types.ts";
import { makePeriodStatement, makeStatements } from "./fake-bill.ts";
import { FAKE_ORIGIN } from "./fake-chain.ts";
import { countSlots, sum } from "./fake-household.ts";
import { buildVillage, EASY_BITS, type FakeOptions, type Village } from "./fake-village.ts";

/** Of every kind that a page puts into words. */
const FAKE_TARIFF = {
  v: 1,
  name: "Home",
  currency: "EUR",
  minor: 2,
  holidays: ["2024-01-01"],
  charges: [
    {
      kind: "energy",
      code: "energy",
      label: "Energy",
      bands: [
        {
          code: "peak",
          label: "evening",
          nano: 412_000_000,
          when: [{ weekdays: [1, 2, 3, 4, 5], hours: [[960, 1260]], months: [11, 12] }],
        },
        {
          code: "base",
          label: "other hours",
          steps: [{ upto: 200_000, nano: 250_000_000 }, { nano: 290_000_000 }],
          per: "month",
        },
      ],
    },
    { kind: "export", code: "export", label: "Delivered", series: "spot", add: -10_000_000 },
    { kind: "standing", code: "standing", label: "Standing charge", nano: 330_000_000, per: "day" },
    { kind: "demand", code: "demand", label: "Peak", nano: 1_250_000_000, when: [{ months: [1] }] },
    { kind: "minimum", code: "minimum", label: "Minimum", nano: 10_000_000_000, per: "month" },
    { kind: "tax", code: "vat", label: "VAT", nano: 190_000_000, on: ["standing"] },
  ],
};

export function createFakeReadModel(options: FakeOptions = {}): ReadModel {
  const village = buildVillage(options);
  const { chain, meters, bills, dates } = village;
  const { alarms = [], labels = [] } = options;
  const brokenPosition = meters[0]?.days.find((day) => day.date === options.brokenDate)?.position;
  const isOnline = (i: number): boolean => i % 5 !== 4;

  const settled = (day: DayDetail): DayDetail => {
    const final = day.height === undefined || day.height <= chain.finalHeight;
    return final || day.state !== "final" ? day : { ...day, state: "block" };
  };
  const daysOf = (meter: string): DayDetail[] =>
    (meters.find((one) => one.id === meter)?.days ?? []).map(settled);

  const summarize = (i: number): MeterSummary | undefined => {
    const meter = meters[i];
    if (meter === undefined) return undefined;
    const own = meter.days.map(settled);
    const last = own.at(-1);
    const lastDay = last && dayRow(last);
    const [label, firstDate] = [labels[i], own[0]?.date];
    return {
      meter: meter.id,
      state: lastDay ? "active" : "waiting",
      zone: village.zone,
      latitudeE7: meter.latitudeE7,
      longitudeE7: meter.longitudeE7,
      ...(label !== undefined && { label }),
      online: isOnline(i),
      kid: meter.key.kid,
      point: meter.point,
      enrolPosition: meter.enrolPosition,
      enrolledAtSeconds: village.enrolledAtSeconds,
      days: own.length,
      ...(firstDate !== undefined && { firstDate }),
      ...(lastDay && { lastDay }),
      tariff: "home-flat",
      openAlarms: alarms.filter(({ meter: of, state }) => of === meter.id && state !== "closed")
        .length,
    };
  };

  const totalOf = (date: string): DayTotal => {
    const all = meters.flatMap((meter) => meter.days.filter((day) => day.date === date));
    const usable = all.filter((day) => day.unusable === undefined);
    return { date, wh: sum(usable.map((day) => day.wh)), meters: usable.length };
  };

  return {
    overview: () => ({
      tip: tipOf(village),
      meters: meters.length,
      online: meters.filter((_, i) => isOnline(i)).length,
      recentDays: dates.slice(-31).map(totalOf),
      openAlarms: alarms.filter(({ state }) => state === "open").length,
      acknowledgedAlarms: alarms.filter(({ state }) => state === "acknowledged").length,
      held: options.unsettled === true ? 1 : 0,
      bills: bills.length,
    }),
    meters: ({ search = "", offset = 0, limit = meters.length } = {}) => {
      const found = meters
        .map((meter, i) => ({ id: meter.id, i }))
        .filter(({ id, i }) => id.startsWith(search) || labels[i]?.includes(search));
      const rows = found.slice(offset, offset + limit).flatMap(({ i }) => summarize(i) ?? []);
      return { rows, total: found.length };
    },
    meter: (id) => summarize(meters.findIndex((meter) => meter.id === id)),
    days: (meter, from, to) =>
      daysOf(meter)
        .filter((day) => day.date >= from && day.date <= to)
        .map(dayRow),
    day: (meter, date) => daysOf(meter).filter((day) => day.date === date),
    months: (meter) => monthsOf(daysOf(meter)),
    bills: ({ meter, offset = 0, limit = bills.length } = {}) => {
      const found = bills
        .filter((bill) => meter === undefined || bill.meter === meter)
        .sort((a, b) => b.fromSeconds - a.fromSeconds || a.meter.localeCompare(b.meter));
      return { rows: found.slice(offset, offset + limit).map(billRow), total: found.length };
    },
    account: (meter) => ({ entries: accountOf(bills.filter((bill) => bill.meter === meter)) }),
    tariffs: () => [
      {
        id: "home-flat",
        version: 1,
        ...(bills[0]?.tariffs[0] ?? { leaf: "A".repeat(43), position: 0 }),
        body: FAKE_TARIFF,
      },
    ],
    bill: (no) => bills.find((bill) => bill.no === no),
    statements: (meter, month) => {
      const own = daysOf(meter).filter((day) => day.date.startsWith(month));
      return makeStatements(
        own.filter((day) => day.position !== undefined),
        bills.find((bill) => bill.meter === meter && bill.month === month),
      );
    },
    periodStatement: (query) => {
      const own = daysOf(query.meter);
      const of = bills.filter(({ meter }) => meter === query.meter);
      return own.length === 0 ? undefined : makePeriodStatement(query, own, of);
    },
    blocks: (before, limit) => chain.blocks(before ?? Number.MAX_SAFE_INTEGER, limit).map(blockRow),
    block: (height) => chain.block(height),
    headers: (from, limit) => {
      const heights = Array.from({ length: limit }, (_, i) => from + i);
      return heights
        .flatMap((at) => chain.block(at) ?? [])
        .map(({ height, header, nonce }) => ({ height, header, nonce }));
    },
    lines: (from, limit) => chain.lines(from, limit),
    records: (from, limit) => chain.records(from, limit),
    record: (position) => {
      const record = chain.record(position);
      if (record?.line2 === undefined || position !== brokenPosition) return record;
      return { ...record, state: "broken", line2: record.line2.replace("0", "1") };
    },
    positionOf: (leaf) => chain.positionOf(leaf),
    exchanges: (meter) => (meter === meters[0]?.id ? (options.exchanges ?? []) : []),
    events: (meter, limit) =>
      meter === meters[0]?.id ? (options.events ?? []).slice(0, limit) : [],
    alarms: ({ state, meter, before = Number.MAX_SAFE_INTEGER, limit }) =>
      alarms
        .filter((alarm) => state === undefined || alarm.state === state)
        .filter((alarm) => meter === undefined || alarm.meter === meter)
        .filter(({ id }) => id < before)
        .slice(0, limit),
    blockCosts: (before = Number.MAX_SAFE_INTEGER, limit) =>
      chain.blocks(before, limit).map(({ height, timeSeconds, records }) => ({
        height,
        timeSeconds,
        ...fakeSpent(height, records),
      })),
    dayCosts: (before = "9999", limit) =>
      dates
        .filter((date) => date < before)
        .reverse()
        .slice(0, limit)
        .map((date, i) => ({ date, blocks: 1, ...fakeSpent(dates.length - i, meters.length) })),
    counters: () => [
      { code: "held", count: chain.size },
      { code: "duplicate", count: 14 },
      { code: "refused-seq", count: 2 },
    ],
  };
}

/** Figures as a small machine has them: mining is luck, the rest is not. */
function fakeSpent(i: number, records: number): Spent {
  const dice = Math.abs(Math.sin(i * 12.9898) * 43_758.5453) % 1;
  const luck = -Math.log(1 - dice);
  return {
    records,
    templateMicros: 400 + 3 * records,
    miningMicros: Math.round(60_000 * luck),
    hashes: Math.round(1_048_576 * luck),
    checkMicros: 700 + 40 * records,
    writeMicros: 6_000 + 90 * records + ((i * 131) % 2_000),
    storeBytes: 450_000 + i * 21_000,
  };
}

/** A row of a list: what the details add to it is left out, as the real one does. */
function dayRow(day: DayDetail): DaySummary {
  const { slotWh, slotExportWh, quality, registerFirstWh, registerLastWh, ...rest } = day;
  const {
    seq,
    kid,
    tzdata,
    firmware,
    latitudeE7,
    longitudeE7,
    events,
    signedBy,
    replaced,
    ...row
  } = rest;
  return row;
}

/** Each bill, and a payment of it a fortnight later, of the first one only in part. */
function accountOf(bills: readonly BillDetail[]): AccountEntry[] {
  let balanceMinor = 0;
  return bills.flatMap(({ no, totalMinor, currency, minorDigits, toSeconds, position = 0 }, i) => {
    const money = { currency, minorDigits, position };
    const paid = i === 0 ? totalMinor - 100 : totalMinor;
    balanceMinor += totalMinor;
    const bill = { kind: "bill", text: no, amountMinor: totalMinor, balanceMinor } as const;
    balanceMinor -= paid;
    const payment = { kind: "payment", text: `transfer ${i + 1}`, billNo: no } as const;
    const atSeconds = toSeconds + 14 * 86_400;
    return [
      { ...money, ...bill, atSeconds: toSeconds },
      { ...money, ...payment, atSeconds, amountMinor: -paid, balanceMinor },
    ];
  });
}

function billRow(bill: BillDetail): BillSummary {
  const { lines, slots, missing, used, daily, tariffs, takenBack, ...row } = bill;
  return row;
}

function blockRow(block: BlockSummary): BlockSummary {
  const detail = block as BlockDetail;
  const { header, nonce, seal, headerHash, recordsRoot, logRoot, gatewayKey, nextHash, ...row } =
    detail;
  return row;
}

function tipOf({ chain }: Village): ChainTip {
  const block = chain.block(chain.height);
  return {
    chainId: chain.records(0, 1)[0]?.leaf ?? "",
    origin: FAKE_ORIGIN,
    zone: "352",
    height: chain.height,
    hash: block?.hash ?? "",
    timeSeconds: block?.timeSeconds ?? 0,
    finalHeight: Math.min(chain.height, chain.finalHeight),
    logSize: chain.size,
    logRoot: block?.logRoot ?? "",
    bits: EASY_BITS,
    work: String(BigInt(block?.work ?? 0) * BigInt(chain.height + 1)),
  };
}

function monthsOf(days: readonly DayDetail[]): MonthSummary[] {
  const months = new Map<string, DayDetail[]>();
  for (const day of days) {
    const month = day.date.slice(0, 7);
    months.set(month, [...(months.get(month) ?? []), day]);
  }
  return [...months].map(([month, own]) => {
    const volts = merge(own.flatMap((day) => day.voltageMilliVolt?.[0] ?? []));
    const amps = merge(own.flatMap((day) => day.currentMilliAmp?.[0] ?? []));
    const warm = merge(own.flatMap((day) => day.temperatureMilliCelsius ?? []));
    const damp = merge(own.flatMap((day) => day.humidityCentiPercent ?? []));
    return {
      meter: own[0]?.meter ?? "",
      month,
      wh: sum(own.map((day) => day.wh)),
      days: own.filter((day) => day.unusable === undefined).length,
      slots: countSlots(own.map((day) => day.quality).join("")),
      ...(volts && { voltageMilliVolt: [volts] }),
      ...(amps && { currentMilliAmp: [amps] }),
      ...(warm && { temperatureMilliCelsius: warm }),
      ...(damp && { humidityCentiPercent: damp }),
    };
  });
}

function merge(spreads: readonly Spread[]): Spread | undefined {
  if (spreads.length === 0) return undefined;
  return {
    mean: Math.round(sum(spreads.map((spread) => spread.mean)) / spreads.length),
    min: Math.min(...spreads.map((spread) => spread.min)),
    max: Math.max(...spreads.map((spread) => spread.max)),
  };
}
