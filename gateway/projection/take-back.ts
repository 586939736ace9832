/**
 * Takes the newest records out of the projection again: rows go, and what they had changed of others is found anew from the rows
 * that are left.
 */
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { unpackLine1 } from "../../shared/record/compact.ts";
import { type ParsedRecord, parseRecord } from "../../shared/record/record.ts";
import type { Span } from "../../shared/time/civil-day.ts";
import type { PlaceFacts } from "./device-directory.ts";
import { firstDate } from "./first-date.ts";
import { listVoidSpans } from "./project-exchange.ts";
import type { Tables } from "./projector-tables.ts";

interface Touched {
  readonly meter: number;
  readonly span: Span;
  /** Only one reading was there, which has gone. */
  readonly wasAlone?: boolean;
}

/** Takes back every record from `fromPosition` on; they are still stored. */
export function takeBack(tables: Tables, suite: CryptoSuite, fromPosition: number): void {
  const { days, rows, statements, records, devices, marks, overtaken } = tables;
  const touched: Touched[] = [];
  for (const { pos, line1 } of [...records.range(fromPosition, Number.MAX_SAFE_INTEGER)]) {
    touched.push(...takeBackRecord(tables, suite, pos, parseRecord(suite, unpackLine1(line1))));
  }
  statements.removeBillsFrom(fromPosition);
  rows.removeFrom(fromPosition);
  devices.reset();
  for (const { meter, span, wasAlone } of touched) {
    if (wasAlone !== true) marks.settle(meter, span);
    overtaken.touch(meter, span);
  }
  days.flush();
  overtaken.flush();
}

/** Removes the row of a reading; says where others may count now. */
function takeBackRecord(
  tables: Tables,
  suite: CryptoSuite,
  position: number,
  record: ParsedRecord,
): readonly Touched[] {
  const { devices, rows } = tables;
  switch (record.typ) {
    case "day": {
      const facts = devices.get(record.kid);
      if (facts === undefined) return [];
      return removeRow(tables, facts, position, record.payload, !facts.isBeside);
    }
    case "correction": {
      const { point } = record.payload;
      const place = devices.ofPoint(point, position);
      return place === undefined ? [] : removeRow(tables, place, position, record.payload, false);
    }
    case "revoke": {
      const { kid, last } = record.payload;
      const meter = devices.get(kid)?.meter;
      if (meter === undefined) return [];
      return listVoidSpans(tables, suite, kid, last).map((span) => ({ meter, span }));
    }
    case "credit": {
      const bill = rows.billOf(record.payload.bill);
      if (bill === undefined) return [];
      const billed = parseRecord(suite, tables.records.line1(bill.pos) ?? "");
      return billed.typ === "bill" ? [{ meter: bill.meter, span: billed.payload }] : [];
    }
    default:
      return [];
  }
}

function removeRow(
  { days }: Tables,
  { meter, zone }: PlaceFacts,
  position: number,
  span: Span,
  wasAlone: boolean,
): readonly Touched[] {
  if (meter === undefined) return [];
  const row = days.find(firstDate(zone, span.from), meter, position);
  if (row === undefined) return [];
  days.remove(row);
  return [{ meter, span, wasAlone }];
}
