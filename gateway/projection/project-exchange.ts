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

/** How far from an exchange the days of its devices are looked for. */
const NEAR_S = 35 * 86_400;
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
    checkExchange(exchange, findRegisters(tables, meter, record.payload));
  } catch (error) {
    if (!isCoded(error)) throw error;
    rows.addAlarm(position, time, error.code, meter, error.message);
  }
}

/** What the days of both devices say, where they are near. */
function findRegisters(
  { readings }: Tables,
  meter: number,
  { old, new: next, at }: ParsedRecord<"exchange">["payload"],
): ExchangedRegisters {
  const near = readings
    .near(meter, { from: Math.max(0, at - NEAR_S), to: at + NEAR_S })
    .filter(({ typ, isVoid, row }) => typ === "day" && !isVoid && row.body !== null);
  const last = near.filter(({ kid, to }) => kid === old && to <= at).at(-1);
  const first = near.find(({ kid }) => kid === next);
  const registerOf = (one: typeof last): readonly [number, number] | undefined =>
    one?.row.body ? readDayHead(one.row.body).register : undefined;
  return { final: registerOf(last)?.[1], first: registerOf(first)?.[0] };
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
  { db, records }: Pick<Tables, "db" | "records">,
  suite: ProjectorOptions["suite"],
  kid: string,
  last: number,
): readonly Span[] {
  const tip = db
    .prepare<[Uint8Array], { pos: number | null }>("SELECT pos FROM key_tip WHERE kid = ?")
    .get(decodeBase64url(kid));
  const spans: { from: number; to: number }[] = [];
  for (let position = tip?.pos ?? null; position !== null; ) {
    const row = records.row(position);
    const line1 = records.line1(position);
    if (row === undefined || line1 === undefined) break;
    const record = parseRecord(suite, line1);
    if (record.seq <= last) break;
    if (record.typ === "day" || record.typ === "correction") {
      const { from, to } = record.payload;
      const newer = spans.at(-1);
      if (newer !== undefined && newer.from === to) newer.from = from;
      else spans.push({ from, to });
    }
    position = row.prev;
  }
  return spans;
}
