/** Exchanges and revocations of devices → their rows, which readings are void, and alarms. */

import { decodeBase64url } from "../../shared/base/bytes.ts";
import { isCoded } from "../../shared/base/error.ts";
import { checkExchange, type ExchangedRegisters } from "../../shared/day/exchange-plaintext.ts";
import { type ParsedRecord, parseRecord } from "../../shared/record/record.ts";
import type { Span } from "../../shared/time/civil-day.ts";
import type { ProjectedRecord } from "../ledger/projected-block.ts";
import { meterText } from "./meter-text.ts";
import { openExchange } from "./open-exchange.ts";
import { readDayHead } from "./packed-day.ts";
import type { ProjectorOptions, Tables } from "./projector-tables.ts";
import type { ReadingRow } from "./reading-rows.ts";

/** Reason of the revocation that is a part of an exchange; nobody needs to be told of that one. */
export const EXCHANGE_REASON = "exchange";

/** `time`: of the block. */
export function projectExchange(
  { suite, utility }: ProjectorOptions,
  tables: Tables,
  projected: ProjectedRecord & { readonly record: ParsedRecord<"exchange"> },
  time: number,
): void {
  const { rows, devices } = tables;
  const { position, record } = projected;
  const place = devices.ofPoint(record.payload.point, position);
  if (place?.meter === undefined) {
    rows.addExchange(position, record.payload, undefined, undefined);
    rows.addAlarm(position, time, "unknown-point", undefined);
    return;
  }
  const { meter, recipients } = place;
  const line2 = projected.line2();
  const opened =
    line2 === undefined
      ? { unusable: "line2-missing" as const }
      : openExchange(suite, utility, record, line2, { meter: meterText(meter), recipients });
  if ("unusable" in opened) {
    rows.addExchange(position, record.payload, meter, undefined);
    rows.addAlarm(position, time, opened.unusable, meter);
    return;
  }
  const { exchange } = opened;
  rows.addExchange(position, record.payload, meter, exchange);
  try {
    checkExchange(exchange, findRegisters(tables, suite, meter, position, record.payload));
  } catch (error) {
    if (!isCoded(error)) throw error;
    rows.addAlarm(position, time, error.code, meter, error.message);
  }
}

/** What the days of both devices at the point say, as far as they are logged before the exchange. */
function findRegisters(
  tables: Tables,
  suite: ProjectorOptions["suite"],
  meter: number,
  position: number,
  { old, new: next, point, at }: ParsedRecord<"exchange">["payload"],
): ExchangedRegisters {
  const readingOf = (day: KeyDay): ReadingRow | undefined => {
    const near = tables.readings.near(meter, day.record.payload);
    return near.find((one) => one.position === day.position && one.point === point && !one.isVoid);
  };
  let final: ReadingRow | undefined;
  for (const day of listDaysBack(tables, suite, old)) {
    if (day.record.payload.to <= at) final = readingOf(day);
    if (final !== undefined) break;
  }
  let first: ReadingRow | undefined;
  for (const day of listDaysBack(tables, suite, next)) {
    if (day.position < position) first = readingOf(day) ?? first;
  }
  return { final: registerOf(final)?.[1], first: registerOf(first)?.[0] };
}

function registerOf(reading: ReadingRow | undefined): readonly [number, number] | undefined {
  return reading?.row.body ? readDayHead(reading.row.body).register : undefined;
}

interface KeyDay {
  readonly position: number;
  readonly record: ParsedRecord<"day">;
}

/** Days of a key, the newest first. */
function* listDaysBack(
  tables: Pick<Tables, "db" | "records">,
  suite: ProjectorOptions["suite"],
  kid: string,
): Generator<KeyDay> {
  for (const { position, record } of listRecordsBack(tables, suite, kid)) {
    if (record.typ === "day") yield { position, record };
  }
}

/** `time`: of the block. */
export function projectRevoke(
  { suite }: ProjectorOptions,
  tables: Tables,
  projected: ProjectedRecord & { readonly record: ParsedRecord<"revoke"> },
  time: number,
): void {
  const { rows, devices, marks, overtaken } = tables;
  const { position, record } = projected;
  const { kid, last, reason } = record.payload;
  const meter = devices.get(kid)?.meter;
  rows.addRevoked(position, record.payload);
  const spans = meter === undefined ? [] : listVoidSpans(tables, suite, kid, last);
  if (meter !== undefined) {
    for (const span of spans) {
      marks.settle(meter, span);
      overtaken.touch(meter, span);
    }
  }
  if (reason === EXCHANGE_REASON && spans.length === 0) return;
  rows.addAlarm(position, time, "revoked", meter, reason);
}

/** Time for which a key signed readings with a greater seq than `last`, in stretches. */
export function listVoidSpans(
  tables: Pick<Tables, "db" | "records">,
  suite: ProjectorOptions["suite"],
  kid: string,
  last: number,
): readonly Span[] {
  const spans: { from: number; to: number }[] = [];
  for (const { record } of listRecordsBack(tables, suite, kid)) {
    if (record.seq <= last) break;
    if (record.typ === "day" || record.typ === "correction") {
      const { from, to } = record.payload;
      const newer = spans.at(-1);
      if (newer !== undefined && newer.from === to) newer.from = from;
      else spans.push({ from, to });
    }
  }
  return spans;
}

/** All records of a key, the newest first. */
function* listRecordsBack(
  { db, records }: Pick<Tables, "db" | "records">,
  suite: ProjectorOptions["suite"],
  kid: string,
): Generator<{ readonly position: number; readonly record: ParsedRecord }> {
  const tip = db
    .prepare<[Uint8Array], { pos: number | null }>("SELECT pos FROM key_tip WHERE kid = ?")
    .get(decodeBase64url(kid));
  for (let position = tip?.pos ?? null; position !== null; ) {
    const row = records.row(position);
    const line1 = records.line1(position);
    if (row === undefined || line1 === undefined) return;
    yield { position, record: parseRecord(suite, line1) };
    position = row.prev;
  }
}
