/**
 * Corrections as orders of a registrar: what a day should have said, or what stands for a day that never came → a record.
 *
 * In:  texts of unknown shape. Out: the record's leaf, and what it corrects. The only effect is one record held by the ledger.
 */

import { encodeBase64url } from "../../shared/base/bytes.ts";
import type { Json, JsonObject } from "../../shared/base/canonical-json.ts";
import { unixNow } from "../../shared/base/clock.ts";
import {
  arrayOf,
  code,
  type Decoded,
  date,
  instant,
  literal,
  natural,
  object,
  pattern,
} from "../../shared/base/decoder.ts";
import { fail } from "../../shared/base/error.ts";
import { checkCorrection, registersToRepeat } from "../../shared/day/check-correction.ts";
import { MAX_SLOTS, STEPS } from "../../shared/day/day-plaintext.ts";
import { listEffective } from "../../shared/day/effective-readings.ts";
import { padPlaintext, parsePlaintext } from "../../shared/record/plaintext.ts";
import { dayBounds, localDayOf, type Span } from "../../shared/time/civil-day.ts";
import type { BillingPoint } from "../billing/billing-source.ts";
import { sealPlaintext } from "../billing/seal-plaintext.ts";
import { dateText } from "../projection/day-table.ts";
import { readDayHead, type UnpackedDay, unpackDay } from "../projection/packed-day.ts";
import { type ReadingRow, ReadingRows } from "../projection/reading-rows.ts";
import { findPoint, type OfficeOptions } from "./office.ts";
import { meterId } from "./order-parts.ts";
import { StoreBillingSource } from "./store-billing-source.ts";

const energy = arrayOf(natural, 1, MAX_SLOTS);
const HASH_BYTES = 32;
/** Longest local day there is, with a clock change. */
const MAX_DAY_S = 100_800;
/** How long before all that is known of a meter time may be filled: a slip in the year would last for ever. */
const MAX_BEFORE_S = 31 * 86_400;

/** What a correction file says: energy in Wh, one a slot, taken from the grid and (`out`) fed into it. */
export const decodeCorrectionOrder = object(
  { meter: meterId, reason: code, wh: energy },
  {
    date,
    from: instant,
    to: instant,
    step: literal(...STEPS),
    quality: pattern(/^[A-Za-z]{1,1680}$/, "one letter a slot"),
    out: energy,
  },
);

export type CorrectionOrder = Decoded<typeof decodeCorrectionOrder>;

export interface IssuedCorrection {
  readonly leaf: string;
  /** Leaf of the reading that it corrects; absent where it fills time that has none. */
  readonly of?: string;
  readonly from: number;
  readonly to: number;
}

/**
 * Throws `schema`, `unknown-meter`, `calendar` or `usage` for a period that is none, `future` for one that is not over, `period`
 * for one long before the meter, a `day-…` code for what a correction may not say, or the chain rule broken.
 */
export function orderCorrection(office: OfficeOptions, given: Json): IssuedCorrection {
  const order = decodeCorrectionOrder(given, "correction");
  const { ledger, suite, randomBytes, keys, clock } = office;
  const id = findPoint(office, order.meter);
  const point = new StoreBillingSource(ledger, suite).point(id);
  const zone = ledger.vault.point(id)?.zone;
  if (point === undefined || zone === undefined) {
    fail("unknown-meter", `meter ${order.meter} is not in a block yet`);
  }
  const rows = new ReadingRows(ledger.db, suite);
  const asked = spanOf(order, zone);
  if (asked.to > unixNow(clock)) fail("future", "the time that it corrects is not over yet");
  const near = rows.overlapping(Number(order.meter), asked).filter((one) => one.point === id);
  const target = findTarget(near, asked, order.date !== undefined);
  if (target === undefined) requireNotLongBefore(office, id, order.meter, asked);
  const span: Span = target === undefined ? asked : { from: target.from, to: target.to };
  const { from, to } = span;
  const body = describe(order, span, zone, near, target);
  const check = {
    ...body,
    v: 1,
    salt: encodeBase64url(new Uint8Array(HASH_BYTES)),
  };
  const slots = order.wh.length;
  const plaintext = parsePlaintext("correction", padPlaintext(check, slots));
  const corrected = target === undefined ? ("fill" as const) : registersFor(near, target);
  checkCorrection(span, plaintext, { meter: order.meter, corrected });
  const sealing = { suite, randomBytes, signer: keys.signing.kid };
  const { line2, ...sealed } = seal(sealing, point, body, slots);
  const of = target === undefined ? {} : { of: target.leaf };
  const leaf = ledger.issue("correction", { ...sealed, point: id, from, to, ...of }, line2);
  return { leaf, ...of, from, to };
}

function seal(
  sealing: Parameters<typeof sealPlaintext>[0],
  point: BillingPoint,
  body: JsonObject,
  slots: number,
) {
  return sealPlaintext(sealing, "correction", point.recipients, body, slots);
}

/** The period that the order names: a whole local day, or two instants. */
function spanOf({ date: day, from, to }: CorrectionOrder, zone: string): Span {
  if (day !== undefined && from === undefined && to === undefined) {
    const bounds = dayBounds(zone, day);
    if (bounds === undefined) fail("calendar", `${day} does not occur in ${zone}`);
    return bounds;
  }
  if (day !== undefined || from === undefined || to === undefined || from >= to) {
    fail("usage", "a correction names a date, or from and to in unix seconds");
  }
  if (to - from > MAX_DAY_S) fail("usage", "a correction is for one local day or a part of it");
  return { from, to };
}

function requireNotLongBefore(
  { ledger }: OfficeOptions,
  point: string,
  meter: string,
  { to }: Span,
): void {
  const known = ledger.db
    .prepare<[number, string], { date: number | null; at: number | null }>(
      `SELECT (SELECT min(first) FROM month WHERE meter = ?) AS date,
              (SELECT min(at) FROM enrolment WHERE point = ?) AS at`,
    )
    .get(Number(meter), point);
  const [date, at] = [known?.date ?? undefined, known?.at ?? Number.MAX_SAFE_INTEGER];
  const first = date === undefined ? at : Math.min(at, Date.parse(dateText(date)) / 1000);
  if (to >= first - MAX_BEFORE_S) return;
  const since = new Date(first * 1000).toISOString().slice(0, 10);
  fail("period", `nothing is known of meter ${meter} before ${since}: is the date right?`);
}

/**
 * The reading that the order corrects: the one that counts, else the newest of those that should; undefined for a fill.
 * @param isDay any one reading within the span is meant
 */
function findTarget(
  near: readonly ReadingRow[],
  asked: Span,
  isDay: boolean,
): ReadingRow | undefined {
  const isMeant = ({ from, to }: Span): boolean =>
    isDay ? asked.from <= from && to <= asked.to : from === asked.from && to === asked.to;
  const counting = listEffective(near).filter(isMeant);
  const standing = near.filter(
    (one) => isMeant(one) && !isVoid(near, one) && !isReplaced(one, counting),
  );
  const spans = new Set([...counting, ...standing].map(({ from, to }) => `${from}-${to}`));
  if (spans.size > 1) {
    fail("usage", `there are ${spans.size} readings on this date: name one by from and to`);
  }
  return counting[0] ?? standing.at(-1);
}

/** Whether a reading, or the one at its root, is void. */
function isVoid(all: readonly ReadingRow[], reading: ReadingRow): boolean {
  if (reading.isVoid) return true;
  const corrected = all.find(({ leaf }) => leaf === reading.of);
  return corrected !== undefined && isVoid(all, corrected);
}

/** Whether another reading stands in the place of a fill. */
function isReplaced(reading: ReadingRow, counting: readonly ReadingRow[]): boolean {
  const { from, to } = reading;
  return counting.some(
    (one) => one.from < to && from < one.to && (one.from !== from || one.to !== to),
  );
}

function registersFor(near: readonly ReadingRow[], target: ReadingRow) {
  return registersToRepeat(target.leaf, (leaf) => {
    const found = near.find((reading) => reading.leaf === leaf);
    if (found === undefined) return undefined;
    const { typ, of, isUsable, row } = found;
    const plaintext = row.body === null ? undefined : readDayHead(row.body);
    return { typ, isUsable, plaintext, ...(of === undefined ? {} : { of }) };
  });
}

/** The plaintext but for `v`, `salt` and `pad`: what the order says, and the rest of what it corrects as it was. */
function describe(
  order: CorrectionOrder,
  { from, to }: Span,
  zone: string,
  near: readonly ReadingRow[],
  target: ReadingRow | undefined,
): JsonObject {
  const base = target?.row.body ? unpackDay(target.row.body) : undefined;
  const known = target === undefined ? undefined : registersFor(near, target);
  const registers = known === undefined || known === "fill" ? undefined : known;
  const { wh, reason } = order;
  const step = order.step ?? base?.step ?? (wh.length === 1 ? 0 : 900);
  const out = order.out ?? exportOf(base, wh.length);
  return {
    meter: order.meter,
    day: localDayOf(base?.zone ?? zone, from),
    zone: base?.zone ?? zone,
    tz: process.versions["tz"] ?? "unknown",
    from,
    to,
    step,
    wh,
    quality: order.quality ?? "S".repeat(wh.length),
    register: [...(registers?.register ?? [0, 0])],
    ...(out === undefined
      ? {}
      : { out: { wh: out, register: [...(registers?.out?.register ?? [0, 0])] } }),
    ...sensorsOf(base),
    events: [],
    clock: [],
    fw: base?.fw ?? encodeBase64url(new Uint8Array(HASH_BYTES)),
    ...(base?.cal === undefined ? {} : { cal: base.cal }),
    reason,
  };
}

/** What was fed into the grid stays as it was unless the order says otherwise. Throws `usage`. */
function exportOf(base: UnpackedDay | undefined, slots: number): readonly number[] | undefined {
  const before = base?.slotExportWh;
  if (before !== undefined && before.length !== slots) {
    fail("usage", "the meter counts what it feeds in: name it in `out`, one a slot");
  }
  return before;
}

function sensorsOf(base: UnpackedDay | undefined): JsonObject {
  const { current, voltage, temperature, humidity, location } = base ?? {};
  const triples = (list: typeof current) => (list ?? []).map((triple) => [...triple]);
  return {
    ...(location === undefined ? {} : { location: [...location] }),
    ...(current === undefined ? {} : { current: triples(current) }),
    ...(voltage === undefined ? {} : { voltage: triples(voltage) }),
    ...(temperature === undefined ? {} : { temperature: [...temperature] }),
    ...(humidity === undefined ? {} : { humidity: [...humidity] }),
  };
}
