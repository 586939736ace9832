/**
 * Test only: a village of seeded meters whose days and bills are logged in a small real chain, one block a day.
 * in: options → out: the chain and the rows that the fake read model answers from.
 */
import type { AlarmRow } from "../../gateway/projection/alarm-types.ts";
import type { MeterEventRow } from "../../gateway/projection/chain-view-types.ts";
import type {
  BillDetail,
  DayDetail,
  MeterExchange,
} from "../../gateway/projection/read-model-types.ts";
import { encodeBase64url, encodeUtf8 } from "../../shared/base/bytes.ts";
import { createSigningKey, type SigningKey } from "../../shared/crypto/key.ts";
import { nodeSuite as suite } from "../../shared/crypto/node-suite.ts";
import { computePoint } from "../../shared/record/meter-id.ts";
import { listUsed, makeBill, makeStatements, type TariffPlace } from "./fake-bill.ts";
import { type Draft, FAKE_ORIGIN, FakeChain, seededBytes, ZERO_HASH } from "./fake-chain.ts";
import { countSlots, type HouseholdDay, midnight, simulateDay, sum } from "./fake-household.ts";

export interface FakeOptions {
  readonly meters?: number;
  readonly days?: number;
  /** First civil day. */
  readonly start?: string;
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
  /** Hours without readings of the first meter that a correction has filled on these dates. */
  readonly correctedDates?: readonly string[];
  /** The last meter seals whole days (`step` 0), as the paper's rows do. */
  readonly wholeDays?: boolean;
  /** The newest block is not final; the last meter's newest day is held. */
  readonly unsettled?: boolean;
  readonly alarms?: readonly AlarmRow[];
  /** Of the first meter. */
  readonly events?: readonly MeterEventRow[];
  /** Of the first meter. */
  readonly exchanges?: readonly MeterExchange[];
}

interface VillageMeter {
  readonly id: string;
  readonly key: SigningKey;
  readonly point: string;
  readonly enrolPosition: number;
  readonly latitudeE7: number;
  readonly longitudeE7: number;
  /** Ascending. */
  readonly days: DayDetail[];
}

export interface Village {
  readonly chain: FakeChain;
  readonly zone: string;
  readonly dates: readonly string[];
  readonly enrolledAtSeconds: number;
  readonly meters: readonly VillageMeter[];
  readonly bills: readonly BillDetail[];
}

/** About 2^11 tries a block: a hash that begins with zeros, found at once. */
export const EASY_BITS = 0x1f1fffff;
const ZONE = "Europe/Berlin";

interface Sealed {
  readonly meter: VillageMeter;
  readonly detail: DayDetail;
}

export function buildVillage(options: FakeOptions): Village {
  const { meters: meterCount = 6, days: dayCount = 60, start = "2024-01-01" } = options;
  const chain = new FakeChain("village", EASY_BITS);
  const dates = datesFrom(start, dayCount);
  const foundedAt = midnight(ZONE, start) - 7_200;
  const { meters, tariff } = foundVillage(chain, meterIds(meterCount), foundedAt);
  const bills: BillDetail[] = [];
  dates.forEach((date, index) => {
    const sealed = meters.flatMap((meter, i) => {
      if (i === 0 && options.silentDates?.includes(date)) return [];
      const last = i === meters.length - 1;
      const step = last && options.wholeDays === true ? 0 : 900;
      return [{ meter, detail: liveDay(meter, i, date, index, step, options) }];
    });
    const to = midnight(ZONE, addDay(date));
    const held =
      options.unsettled === true && index === dates.length - 1 ? meters.at(-1) : undefined;
    const due = billsDue(sealed, date, tariff);
    const placed = chain.append(to + 40 + index, [
      ...sealed.filter(({ meter }) => meter !== held).map(draftDay),
      ...due.map((bill) => draftBill(chain, bill, meters, tariff.leaf)),
    ]);
    for (const { meter, detail } of sealed) {
      const record = placed.find((one) => one.typ === "day" && one.meter === meter.id);
      const broken = meter === meters[0] && date === options.brokenDate;
      meter.days.push({
        ...detail,
        ...(record
          ? { leaf: record.leaf, position: record.position, height: record.height, seq: record.seq }
          : { state: "held" as const }),
        ...(broken && { state: "broken" as const }),
      });
    }
    for (const bill of due) {
      const record = placed.find((one) => one.subject === bill.no);
      if (record === undefined) continue;
      const { leaf, position, height } = record;
      const own = meters.find(({ id }) => id === bill.meter)?.days ?? [];
      const days = own.filter((day) => day.date.startsWith(bill.month));
      bills.push({
        ...{ ...bill, leaf, position, height, issuedAtSeconds: to + 40 + index },
        used: listUsed(days),
        daily: makeStatements(days, { no: bill.no, position }),
      });
    }
  });
  if (options.unsettled === true) chain.finalHeight = chain.height - 1;
  return { chain, zone: ZONE, dates, enrolledAtSeconds: foundedAt + 600, meters, bills };
}

/** Genesis, then one block that enrols all meters and logs the tariff. */
function foundVillage(
  chain: FakeChain,
  ids: readonly string[],
  time: number,
): { meters: VillageMeter[]; tariff: TariffPlace } {
  const random = seededBytes("village/meters");
  const byGateway = { key: chain.gateway, signer: "gateway-1" };
  const roles = ["authority", "biller", "gateway", "registrar"];
  const note = encodeBase64url(chain.noteKey);
  const payload = {
    origin: FAKE_ORIGIN,
    zone: "352",
    time,
    salt: encodeBase64url(random(32)),
    quorum: 1,
    members: [{ key: chain.gateway.jwk, name: "gateway-1", note, roles }],
    params: { bits: EASY_BITS, max_records: 16_384, max_bytes: 16_777_216, formats: [1] },
  };
  chain.append(time, [{ ...byGateway, typ: "genesis", payload }]);
  const recipient = { crv: "X25519", kty: "OKP", x: encodeBase64url(random(32)) };
  const to = [{ key: recipient, use: "utility" }];
  const keys = ids.map(() => createSigningKey(suite, random));
  const points = ids.map((id) => computePoint(suite, id, random(32)));
  const enrolled = chain.append(time + 600, [
    ...ids.map((id, i): Draft => {
      const enrol = { key: keys[i]?.jwk, point: points[i], to };
      return { ...byGateway, typ: "enrol", meter: id, subject: id, payload: enrol };
    }),
    {
      ...byGateway,
      typ: "tariff",
      subject: "home-flat v1",
      payload: { id: "home-flat", ver: 1, body: { currency: "EUR", minor: 2 } },
    },
  ]);
  const meters = ids.map((id, i): VillageMeter => {
    const key = keys[i] ?? chain.gateway;
    chain.admit(key.kid, enrolled[i]?.leaf ?? ZERO_HASH);
    return {
      id,
      key,
      point: points[i] ?? "",
      enrolPosition: enrolled[i]?.position ?? 0,
      latitudeE7: 524_217_636 + i * 3_117,
      longitudeE7: 130_846_140 - i * 7_213,
      days: [],
    };
  });
  const tariff = enrolled.at(-1);
  return { meters, tariff: { leaf: tariff?.leaf ?? "", position: tariff?.position ?? 0 } };
}

/** What one meter lived through and sealed on one date; not logged yet. */
function liveDay(
  meter: VillageMeter,
  i: number,
  date: string,
  dayIndex: number,
  step: number,
  options: FakeOptions,
): DayDetail {
  const from = midnight(ZONE, date);
  const to = midnight(ZONE, addDay(date));
  const slots = step === 0 ? 1 : (to - from) / step;
  const scale = 0.6 + ((i * 37) % 11) / 10;
  const lived = simulateDay(i * 10_007 + dayIndex * 31 + 5, dayIndex, slots, scale);
  const shaped = i === 0 ? shape(lived, date, options) : lived;
  const unusable = i === 0 && options.unusableDate === date;
  const register = meter.days.at(-1)?.registerLastWh ?? 184_220 + i * 90_000;
  const wh = unusable ? 0 : sum(shaped.slotWh);
  return {
    meter: meter.id,
    date,
    zone: ZONE,
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
    kid: meter.key.kid,
    tzdata: "2024a",
    firmware: hashOf("firmware"),
    events: [],
    signedBy: "meter",
    replaced: [],
    ...(i === 0 && options.correctedDates?.includes(date) && correct(shaped, { from, to, step })),
    latitudeE7: meter.latitudeE7,
    longitudeE7: meter.longitudeE7,
    ...(!unusable && shaped.conditions),
    ...(unusable && { unusable: "schema", state: "broken" as const }),
  };
}

/** What a registrar has put in the place of a day with an outage in it. */
function correct(
  now: HouseholdDay,
  { from, to, step }: { readonly from: number; readonly to: number; readonly step: number },
): Pick<DayDetail, "quality" | "slots" | "signedBy" | "reason" | "replaced"> {
  const isFilled = (i: number): boolean => i >= 40 && i < 52;
  const letters = (filled: string): string =>
    [...now.quality].map((letter, i) => (isFilled(i) ? filled : letter)).join("");
  const slotWh = now.slotWh.map((wh, i) => (isFilled(i) ? 0 : wh));
  const placed = { state: "final", leaf: ZERO_HASH, position: 1 } as const;
  const span = { fromSeconds: from, toSeconds: to, stepSeconds: step };
  const [quality, filled] = [letters("G"), letters("S")];
  const old = { wh: sum(slotWh), slots: countSlots(quality), slotWh, quality };
  return {
    quality: filled,
    slots: countSlots(filled),
    signedBy: "registrar",
    reason: "sensor-fault",
    replaced: [{ ...placed, ...span, ...old, signedBy: "meter" }],
  };
}

function shape(day: HouseholdDay, date: string, options: FakeOptions): HouseholdDay {
  if (options.gapDates?.includes(date)) {
    const quality = "G".repeat(day.quality.length);
    return { slotWh: day.slotWh.map(() => 0), quality, conditions: {} };
  }
  if (!options.partialDates?.includes(date)) return day;
  const slotWh = day.slotWh.map((wh, i) => (i > 37 && i < 52 ? 0 : i === 37 ? wh >> 1 : wh));
  const quality = [...day.quality].map((q, i) =>
    i > 37 && i < 52 ? "G" : i === 37 || i === 52 ? "m" : i === 53 ? "R" : q,
  );
  return { ...day, slotWh, quality: quality.join("") };
}

function draftDay({ meter, detail }: Sealed): Draft {
  const line2 = fakeLine2(`${meter.id}/${detail.date}`);
  const { fromSeconds: from, toSeconds: to } = detail;
  return {
    typ: "day",
    key: meter.key,
    signer: meter.id,
    meter: meter.id,
    subject: detail.date,
    line2,
    payload: { ct: hashOf(line2), pt: hashOf(`${line2}/plain`), from, to },
  };
}

/** On the last day of a month, a bill for each meter with at least twenty days in it. */
function billsDue(sealed: readonly Sealed[], date: string, tariff: TariffPlace): BillDetail[] {
  const month = date.slice(0, 7);
  if (addDay(date).startsWith(month)) return [];
  return sealed.flatMap(({ meter, detail }) => {
    const used = [...meter.days, detail].filter((day) => day.date.startsWith(month));
    return used.length < 20 ? [] : [makeBill(meter.id, month, used, tariff)];
  });
}

function draftBill(
  chain: FakeChain,
  bill: BillDetail,
  meters: readonly VillageMeter[],
  tariffLeaf: string,
): Draft {
  const line2 = fakeLine2(bill.no);
  return {
    typ: "bill",
    key: chain.gateway,
    signer: "gateway-1",
    meter: bill.meter,
    subject: bill.no,
    line2,
    payload: {
      ct: hashOf(line2),
      pt: hashOf(bill.no),
      point: meters.find((meter) => meter.id === bill.meter)?.point,
      from: bill.fromSeconds,
      to: bill.toSeconds,
      tariffs: [tariffLeaf],
      days: hashOf(`${bill.no}/days`),
      n: bill.used.length,
    },
  };
}

function datesFrom(start: string, n: number): string[] {
  const first = Date.parse(`${start}T12:00:00Z`);
  return Array.from({ length: n }, (_, i) =>
    new Date(first + i * 86_400_000).toISOString().slice(0, 10),
  );
}

function addDay(date: string): string {
  return datesFrom(date, 2)[1] ?? date;
}

function meterIds(n: number): string[] {
  const ids = new Set(n > 0 ? ["352522395"] : []);
  for (let i = 1; ids.size < n; i++) ids.add(`352${String(522_395 + i * 317).padStart(6, "0")}`);
  return [...ids].sort();
}

function hashOf(text: string): string {
  return encodeBase64url(suite.sha256(encodeUtf8(text)));
}

/** Stands for a sealed line 2: right in size and fingerprint, opens for nobody. */
function fakeLine2(name: string): string {
  const ciphertext = encodeBase64url(seededBytes(name)(1_200));
  return `{"ciphertext":"${ciphertext}","iv":"0"}`;
}
