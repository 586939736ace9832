/**
 * Points with days and tariffs to bill, made from a seed. in: zone, month, seed → out: the input of a bill.
 */
import { encodeBase64url } from "../../shared/base/bytes.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import type { BillableDay, BillInput } from "../../shared/money/bill.ts";
import { createFlatTariff, type FlatTariff } from "../../shared/money/tariff.ts";
import type { LoggedTariff } from "../../shared/money/tariff-timeline.ts";
import { computePoint } from "../../shared/record/meter-id.ts";
import {
  dayBounds,
  listOffsets,
  listSlotStarts,
  localDayOf,
  type Span,
} from "../../shared/time/civil-day.ts";
import { seededBytes } from "./seeded-bytes.ts";

export const METER = "352522395";
export const SALT = seededBytes("point salt")(32);
const POINT = computePoint(nodeSuite, METER, SALT);

/** A hash that stands for the record so named. */
export function leafOf(name: string): string {
  return encodeBase64url(nodeSuite.sha256(new TextEncoder().encode(name)));
}

/** Every local day of a span, as a meter that lost nothing would have sealed it. */
export function makeDays(zone: string, span: Span, seed: string, step = 900): BillableDay[] {
  const bytes = seededBytes(seed);
  const days: BillableDay[] = [];
  for (let at = span.from; at < span.to; ) {
    const date = localDayOf(zone, at);
    const bounds = dayBounds(zone, date);
    if (bounds === undefined) throw new Error(`${date} does not occur in ${zone}`);
    const day = { from: at, to: Math.min(bounds.to, span.to) };
    const random = bytes(2 * 120);
    const wh = listSlotStarts(day, step).map(
      (_, i) => ((random[(2 * i) % 240] ?? 0) << 3) + (random[(2 * i + 1) % 240] ?? 0),
    );
    const quality = wh
      .map((value) => (value % 17 === 0 ? "R" : value % 13 === 0 ? "m" : "M"))
      .join("");
    days.push({ leaf: leafOf(`${seed} ${date} ${at}`), ...day, step, wh, quality });
    at = day.to;
  }
  return days;
}

export function tariffRecord(
  id: string,
  ver: number,
  position: number,
  flat: Partial<FlatTariff> & { from?: number; to?: number; recovered?: number } = {},
): LoggedTariff {
  const { from, to, recovered, ...rest } = flat;
  const body = createFlatTariff({
    name: `Tariff ${id}`,
    currency: "EUR",
    minor: 2,
    energyNano: 312_345_678,
    standing: { per: "day", nano: 271_828_183 },
    ...rest,
  });
  const charges = body.charges.map((charge) =>
    charge.kind === "energy" && recovered !== undefined ? { ...charge, recovered } : charge,
  );
  const validity = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  return {
    leaf: leafOf(`tariff ${id} ${ver}`),
    position,
    id,
    ver,
    body: { ...body, charges, ...validity },
  };
}

/** A month or other span under one flat tariff. */
export function makeBillInput(zone: string, span: Span, seed: string): BillInput {
  return {
    point: POINT,
    zone,
    ...span,
    offsets: listOffsets(zone, span.from, span.to),
    days: makeDays(zone, span, seed),
    assignments: [{ position: 3, tariff: "flat", from: 0 }],
    tariffs: [tariffRecord("flat", 1, 2)],
  };
}
