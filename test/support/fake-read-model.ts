/**
 * Test only: a ReadModel in memory over a seeded village of meters and a small real chain. For page development
 * and the portal's tests; the gateway's own read model is over SQLite.
 */

import type {
  AlarmRow,
  BillDetail,
  CounterRow,
  DayDetail,
  DayTotal,
  MeterSummary,
  MonthSummary,
  ReadModel,
  Spread,
} from "../../gateway/projection/read-model-types.ts";
import { encodeBase64url, encodeUtf8 } from "../../shared/base/bytes.ts";
import { createSigningKey } from "../../shared/crypto/key.ts";
import { nodeSuite as suite } from "../../shared/crypto/node-suite.ts";
import { computePoint } from "../../shared/record/meter-id.ts";
import { FAKE_ORIGIN, FakeChain, seededBytes, ZERO_HASH } from "./fake-chain.ts";
import { countSlots, type HouseholdDay, midnight, simulateDay } from "./fake-household.ts";

export interface FakeOptions {
  readonly meters?: number;
  readonly days?: number;
  /** First civil day. */
  readonly start?: string;
  readonly zone?: string;
  /** Slots of the first meter are gaps on these dates. */
  readonly gapDates?: readonly string[];
  /** The first meter seals nothing on these dates. */
  readonly silentDates?: readonly string[];
  /** The first meter has an outage of some hours on these dates. */
  readonly partialDates?: readonly string[];
  /** The sealed part of the first meter's record of this date was altered in the store. */
  readonly brokenDate?: string;
  /** The first meter's record of this date opens to nonsense. */
  readonly unusableDate?: string;
  /** Free text beside meters, in order. */
  readonly labels?: readonly string[];
  /** The last meter seals whole days (`step` 0), as the paper's rows do. */
  readonly wholeDays?: boolean;
  /** The newest block is not final; the last meter's newest day is held. */
  readonly unsettled?: boolean;
  /** Expected tries for one block. */
  readonly bits?: number;
  readonly alarms?: readonly AlarmRow[];
}

const FLAT_NANO = 284_000_000;
const STANDING_NANO = 410_000_000;

/** About 2^11 tries a block: a hash that begins with zeros, found at once. */
const EASY_BITS = 0x1f1fffff;

export function createFakeReadModel(options: FakeOptions = {}): ReadModel {
  const {
    meters: meterCount = 6,
    days: dayCount = 60,
    start = "2024-01-01",
    zone = "Europe/Berlin",
    labels = [],
  } = options;
  const chain = new FakeChain("village", options.bits ?? EASY_BITS);
  const random = seededBytes("village/meters");
  const dates = datesFrom(start, dayCount);
  const ids = meterIds(meterCount);
  const days = new Map<string, DayDetail[]>(ids.map((id) => [id, []]));
  const bills: BillDetail[] = [];

  const startSeconds = midnight(zone, start) - 7_200;
  const gatewayDraft = { key: chain.gateway, signer: "gateway-1" };
  chain.append(startSeconds, [
    {
      ...gatewayDraft,
      typ: "genesis",
      payload: {
        origin: FAKE_ORIGIN,
        zone: "352",
        time: startSeconds,
        salt: encodeBase64url(random(32)),
        quorum: 1,
        members: [
          {
            key: chain.gateway.jwk,
            name: "gateway-1",
            note: encodeBase64url(chain.noteKey),
            roles: ["authority", "biller", "gateway", "registrar"],
          },
        ],
        params: {
          bits: options.bits ?? EASY_BITS,
          max_records: 16_384,
          max_bytes: 16_777_216,
          formats: [1],
        },
      },
    },
  ]);
  const genesis = chain.records(0, 1)[0];
  const recipient = { crv: "X25519", kty: "OKP", x: encodeBase64url(random(32)) };
  const keys = ids.map(() => createSigningKey(suite, random));
  const points = ids.map((id) => computePoint(suite, id, random(32)));
  const enrolled = chain.append(startSeconds + 600, [
    ...ids.map((id, i) => ({
      ...gatewayDraft,
      typ: "enrol" as const,
      meter: id,
      subject: id,
      payload: {
        key: keys[i]?.jwk,
        point: points[i],
        to: [{ key: recipient, use: "utility" }],
      },
    })),
    {
      ...gatewayDraft,
      typ: "tariff",
      subject: "home-flat v1",
      payload: { id: "home-flat", ver: 1, body: { currency: "EUR", minor: 2 } },
    },
  ]);
  ids.forEach((_, i) => {
    chain.admit(keys[i]?.kid ?? "", enrolled[i]?.leaf ?? ZERO_HASH);
  });
  const tariff = enrolled.at(-1);

  dates.forEach((date, dayIndex) => {
    const from = midnight(zone, date);
    const to = midnight(zone, datesFrom(date, 2)[1] ?? date);
    const drafts: { meter: string; detail: DayDetail; line2: string }[] = [];
    ids.forEach((meter, i) => {
      const first = i === 0;
      if (first && options.silentDates?.includes(date)) return;
      const whole = options.wholeDays === true && i === ids.length - 1;
      const step = whole ? 0 : 900;
      const slots = whole ? 1 : (to - from) / 900;
      const scale = 0.6 + ((i * 37) % 11) / 10;
      const lived = simulateDay(i * 10_007 + dayIndex * 31 + 5, dayIndex, slots, scale);
      const shaped = first ? shape(lived, date, options) : lived;
      const unusable = first && options.unusableDate === date;
      const register = days.get(meter)?.at(-1)?.registerLastWh ?? 184_220 + i * 90_000;
      const wh = unusable ? 0 : sum(shaped.slotWh);
      drafts.push({
        meter,
        line2: fakeLine2(`${meter}/${date}`),
        detail: {
          meter,
          date,
          zone,
          fromSeconds: from,
          toSeconds: to,
          stepSeconds: step,
          wh,
          slots: countSlots(unusable ? "" : shaped.quality),
          state: "final",
          leaf: ZERO_HASH,
          slotWh: unusable ? [] : shaped.slotWh,
          quality: unusable ? "" : shaped.quality,
          registerFirstWh: register,
          registerLastWh: register + wh,
          seq: 1,
          kid: keys[i]?.kid ?? "",
          tzdata: "2024a",
          firmware: encodeBase64url(suite.sha256(encodeUtf8("firmware"))),
          events: [],
          corrections: [],
          ...placeOf(i),
          ...(!unusable && shaped.conditions),
          ...(unusable && { unusable: "schema", state: "broken" as const }),
        },
      });
    });
    const last = dayIndex === dates.length - 1;
    const heldMeter = options.unsettled === true && last ? ids.at(-1) : undefined;
    const billing = billsDue(date, drafts);
    const placed = chain.append(to + 40 + dayIndex, [
      ...drafts
        .filter((draft) => draft.meter !== heldMeter)
        .map(({ meter, line2 }) => ({
          typ: "day" as const,
          key: keys[ids.indexOf(meter)] ?? chain.gateway,
          signer: meter,
          meter,
          subject: date,
          line2,
          payload: { ct: hashOf(line2), pt: hashOf(`${line2}/plain`), from, to },
        })),
      ...billing.map((bill) => ({
        ...gatewayDraft,
        typ: "bill" as const,
        meter: bill.meter,
        subject: bill.no,
        line2: fakeLine2(bill.no),
        payload: {
          ct: hashOf(fakeLine2(bill.no)),
          pt: hashOf(bill.no),
          point: points[ids.indexOf(bill.meter)],
          from: bill.fromSeconds,
          to: bill.toSeconds,
          tariffs: [tariff?.leaf],
          days: hashOf(`${bill.no}/days`),
          n: bill.used.length,
        },
      })),
    ]);
    for (const { meter, detail } of drafts) {
      const record = placed.find((p) => p.typ === "day" && p.meter === meter);
      const broken = meter === ids[0] && date === options.brokenDate;
      const at = record && { leaf: record.leaf, position: record.position, height: record.height };
      days.get(meter)?.push({
        ...detail,
        ...(at ?? { state: "held" as const }),
        ...(record && { seq: record.seq }),
        ...(broken && { state: "broken" as const }),
      });
    }
    for (const bill of billing) {
      const record = placed.find((p) => p.subject === bill.no);
      if (record) {
        const { leaf, position, height } = record;
        bills.push({ ...bill, leaf, position, height, issuedAtSeconds: to + 40 + dayIndex });
      }
    }
  });
  if (options.unsettled === true) chain.finalHeight = chain.height - 1;
  const brokenPosition = days
    .get(ids[0] ?? "")
    ?.find((d) => d.date === options.brokenDate)?.position;

  function billsDue(
    date: string,
    today: readonly { meter: string; detail: DayDetail }[],
  ): BillDetail[] {
    const month = date.slice(0, 7);
    if (datesFrom(date, 2)[1]?.startsWith(month)) return [];
    return ids.flatMap((meter) => {
      const own = today.filter((draft) => draft.meter === meter).map((draft) => draft.detail);
      const used = [...(days.get(meter) ?? []), ...own].filter((d) => d.date.startsWith(month));
      const first = used[0];
      if (!first || used.length < 20) return [];
      return [makeBill(meter, month, used, midnight(zone, datesFrom(date, 2)[1] ?? date))];
    });
  }

  function makeBill(meter: string, month: string, used: DayDetail[], to: number): BillDetail {
    const wh = sum(used.map((d) => d.wh));
    const energy = Math.round((wh * FLAT_NANO) / 1e10);
    const standing = Math.round((used.length * STANDING_NANO) / 1e7);
    const slots = countSlots(used.map((d) => d.quality).join(""));
    const gaps = used.filter((d) => d.quality.startsWith("GGGG"));
    return {
      no: `352-${month}-${meter}`,
      meter,
      kind: "bill",
      zone,
      fromSeconds: used[0]?.fromSeconds ?? 0,
      toSeconds: to,
      month,
      currency: "EUR",
      minorDigits: 2,
      totalMinor: energy + standing,
      wh,
      issuedAtSeconds: to,
      complete: slots.gap === 0 && slots.missing === 0,
      state: "final",
      leaf: ZERO_HASH,
      lines: [
        {
          code: "energy",
          label: "Energy, all hours",
          qty: wh,
          unit: "wh",
          nano: FLAT_NANO,
          amountMinor: energy,
        },
        {
          code: "standing",
          label: "Standing charge",
          qty: used.length,
          unit: "day",
          nano: STANDING_NANO,
          amountMinor: standing,
        },
      ],
      slots,
      missing: gaps.map((d) => ({ fromSeconds: d.fromSeconds, toSeconds: d.toSeconds })),
      used: used.map((d) => ({ leaf: d.leaf, wh: d.wh, date: d.date, position: d.position ?? 0 })),
      tariffs: [
        { id: "home-flat", version: 1, leaf: tariff?.leaf ?? "", position: tariff?.position ?? 0 },
      ],
    };
  }

  function placeOf(i: number): { latitudeE7: number; longitudeE7: number } {
    return { latitudeE7: 524_217_636 + i * 3_117, longitudeE7: 130_846_140 - i * 7_213 };
  }

  const settled = (day: DayDetail): DayDetail => {
    const final = day.height === undefined || day.height <= chain.finalHeight;
    return final || day.state !== "final" ? day : { ...day, state: "block" };
  };
  const daysOf = (meter: string): DayDetail[] => (days.get(meter) ?? []).map(settled);
  const alarms = options.alarms ?? [];

  function meterAt(i: number): MeterSummary {
    const meter = ids[i] ?? "";
    const own = daysOf(meter);
    const label = labels[i];
    const firstDate = own[0]?.date;
    const lastDay = own.at(-1);
    return {
      meter,
      state: lastDay ? "active" : "waiting",
      zone,
      ...placeOf(i),
      ...(label !== undefined && { label }),
      online: i % 5 !== 4,
      kid: keys[i]?.kid ?? "",
      point: points[i] ?? "",
      enrolPosition: enrolled[i]?.position ?? 0,
      enrolledAtSeconds: startSeconds + 600,
      days: own.length,
      ...(firstDate !== undefined && { firstDate }),
      ...(lastDay && { lastDay }),
      tariff: "home-flat",
      openAlarms: alarms.filter((a) => a.meter === meter && a.open).length,
    };
  }

  function tip() {
    const block = chain.block(chain.height);
    return {
      chainId: genesis?.leaf ?? "",
      origin: FAKE_ORIGIN,
      zone: "352",
      height: chain.height,
      hash: block?.hash ?? "",
      timeSeconds: block?.timeSeconds ?? 0,
      finalHeight: Math.min(chain.height, chain.finalHeight),
      logSize: chain.size,
      logRoot: block?.logRoot ?? "",
      bits: options.bits ?? EASY_BITS,
      work: String(BigInt(block?.work ?? 0) * BigInt(chain.height + 1)),
    };
  }

  return {
    overview: () => ({
      tip: tip(),
      meters: ids.length,
      online: ids.filter((_, i) => i % 5 !== 4).length,
      recentDays: dates.slice(-31).map((date): DayTotal => {
        const all = ids.flatMap((id) => daysOf(id).filter((d) => d.date === date && !d.unusable));
        return { date, wh: sum(all.map((d) => d.wh)), meters: all.length };
      }),
      openAlarms: alarms.filter((alarm) => alarm.open).length,
      held: options.unsettled === true ? 1 : 0,
      bills: bills.length,
    }),
    meters: ({ search = "", offset = 0, limit = ids.length } = {}) => {
      const found = ids
        .map((id, i) => ({ id, i }))
        .filter(({ id, i }) => id.startsWith(search) || labels[i]?.includes(search));
      const rows = found.slice(offset, offset + limit).map(({ i }) => meterAt(i));
      return { rows, total: found.length };
    },
    meter: (id) => (ids.includes(id) ? meterAt(ids.indexOf(id)) : undefined),
    days: (meter, from, to) => daysOf(meter).filter((d) => d.date >= from && d.date <= to),
    day: (meter, date) => daysOf(meter).filter((d) => d.date === date),
    months: (meter) => monthsOf(daysOf(meter)),
    bills: ({ meter, offset = 0, limit = bills.length } = {}) => {
      const found = bills
        .filter((bill) => meter === undefined || bill.meter === meter)
        .sort((a, b) => b.fromSeconds - a.fromSeconds || a.meter.localeCompare(b.meter));
      return { rows: found.slice(offset, offset + limit), total: found.length };
    },
    bill: (no) => bills.find((bill) => bill.no === no),
    blocks: (before, limit) => chain.blocks(before ?? Number.MAX_SAFE_INTEGER, limit),
    block: (height) => chain.block(height),
    records: (from, limit) => chain.records(from, limit),
    record: (position) => {
      const record = chain.record(position);
      if (record?.line2 === undefined || position !== brokenPosition) return record;
      return { ...record, state: "broken", line2: record.line2.replace("0", "1") };
    },
    positionOf: (leaf) => chain.positionOf(leaf),
    alarms: (limit) => alarms.slice(0, limit),
    counters: (): CounterRow[] => [
      { code: "held", count: chain.size },
      { code: "duplicate", count: 14 },
      { code: "refused-seq", count: 2 },
    ],
  };
}

function shape(day: HouseholdDay, date: string, options: FakeOptions): HouseholdDay {
  if (options.gapDates?.includes(date)) {
    return {
      slotWh: day.slotWh.map(() => 0),
      quality: "G".repeat(day.quality.length),
      conditions: {},
    };
  }
  if (!options.partialDates?.includes(date)) return day;
  const slotWh = day.slotWh.map((wh, i) => (i > 37 && i < 52 ? 0 : i === 37 ? wh >> 1 : wh));
  const quality = [...day.quality].map((q, i) =>
    i > 37 && i < 52 ? "G" : i === 37 || i === 52 ? "m" : i === 53 ? "R" : q,
  );
  return { ...day, slotWh, quality: quality.join("") };
}

function monthsOf(days: readonly DayDetail[]): MonthSummary[] {
  const months = new Map<string, DayDetail[]>();
  for (const day of days) {
    const month = day.date.slice(0, 7);
    months.set(month, [...(months.get(month) ?? []), day]);
  }
  return [...months].map(([month, own]) => {
    const merge = (pick: (d: DayDetail) => Spread | undefined): Spread | undefined => {
      const all = own.flatMap((d) => pick(d) ?? []);
      if (all.length === 0) return undefined;
      return {
        mean: Math.round(sum(all.map((s) => s.mean)) / all.length),
        min: Math.min(...all.map((s) => s.min)),
        max: Math.max(...all.map((s) => s.max)),
      };
    };
    const volts = merge((d) => d.voltageMilliVolt?.[0]);
    const amps = merge((d) => d.currentMilliAmp?.[0]);
    const warm = merge((d) => d.temperatureMilliCelsius);
    const damp = merge((d) => d.humidityCentiPercent);
    return {
      meter: own[0]?.meter ?? "",
      month,
      wh: sum(own.map((d) => d.wh)),
      days: own.filter((d) => d.unusable === undefined).length,
      slots: countSlots(own.map((d) => d.quality).join("")),
      ...(volts && { voltageMilliVolt: [volts] }),
      ...(amps && { currentMilliAmp: [amps] }),
      ...(warm && { temperatureMilliCelsius: warm }),
      ...(damp && { humidityCentiPercent: damp }),
    };
  });
}

function datesFrom(start: string, n: number): string[] {
  const first = Date.parse(`${start}T12:00:00Z`);
  return Array.from({ length: n }, (_, i) =>
    new Date(first + i * 86_400_000).toISOString().slice(0, 10),
  );
}

function meterIds(n: number): string[] {
  const ids = new Set(n > 0 ? ["352522395"] : []);
  for (let i = 1; ids.size < n; i++) ids.add(`352${String(522_395 + i * 317).padStart(6, "0")}`);
  return [...ids].sort();
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function hashOf(text: string): string {
  return encodeBase64url(suite.sha256(encodeUtf8(text)));
}

/** Stands for a sealed line 2: right in size and fingerprint, opens for nobody. */
function fakeLine2(name: string): string {
  const ciphertext = encodeBase64url(seededBytes(name)(1_200));
  return `{"ciphertext":"${ciphertext}","iv":"0"}`;
}
