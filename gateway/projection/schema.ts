/**
 * The projection: tables made only of truth and vault, in the same transaction as the block, and equal byte for
 * byte to `gateway rebuild` (design.md section 5). They can be dropped at any time.
 *
 * Days are keyed (date, meter, position): days arrive date by date, so inserts go to the end of the table; keyed by
 * meter first they become several times slower within weeks. One meter's year is 365 point reads.
 */

import { ACCESS_TABLES, HELD_TABLE, UPKEEP_TABLES } from "../ledger/schema.ts";

const EVENT_TABLE = `
  -- What meters said happened to them, where it opened; at = the meter's own time.
  CREATE TABLE event (
    pos INTEGER PRIMARY KEY, meter INTEGER NOT NULL, at INTEGER NOT NULL, code TEXT NOT NULL,
    before TEXT, after TEXT) STRICT;
  CREATE INDEX event_meter ON event (meter, pos);
`;

const PAYMENT_TABLE = `
  -- Payments; amount in minor units of the currency in which the meter is billed; bill = leaf of the bill that it is for.
  CREATE TABLE payment (
    pos INTEGER PRIMARY KEY, meter INTEGER NOT NULL, bill TEXT, at INTEGER NOT NULL,
    amount INTEGER NOT NULL, ref TEXT NOT NULL) STRICT;
  CREATE INDEX payment_meter ON payment (meter, at, pos);
  CREATE INDEX payment_bill ON payment (bill, pos) WHERE bill IS NOT NULL;
`;

const PRICE_TABLE = `
  -- Price records; to_s = end of the last price.
  CREATE TABLE price (
    pos INTEGER PRIMARY KEY, leaf TEXT NOT NULL, id TEXT NOT NULL, from_s INTEGER NOT NULL,
    to_s INTEGER NOT NULL) STRICT;
  CREATE INDEX price_period ON price (to_s, from_s);
`;

const READING_TABLES = `
  -- Corrections of days, and fills for days that never came; their rows are in day.
  CREATE TABLE correction (
    pos INTEGER PRIMARY KEY, meter INTEGER NOT NULL, date INTEGER NOT NULL) STRICT;
  CREATE INDEX correction_meter ON correction (meter, date, pos);
  -- Keys that were revoked: records with a greater seq than last are void.
  CREATE TABLE revoked (
    kid TEXT PRIMARY KEY, pos INTEGER NOT NULL, last INTEGER NOT NULL, reason TEXT NOT NULL)
    STRICT, WITHOUT ROWID;
  -- Meters that were put in the place of others; registers in Wh, NULL where line 2 did not open.
  CREATE TABLE exchange (
    pos INTEGER PRIMARY KEY, meter INTEGER, point TEXT NOT NULL, old TEXT NOT NULL, new TEXT NOT NULL,
    at INTEGER NOT NULL, final INTEGER, first INTEGER, unmetered INTEGER, reason TEXT) STRICT;
  CREATE INDEX exchange_meter ON exchange (meter, pos);
  CREATE INDEX exchange_new ON exchange (new);
  -- Credits of bills: bill = position of the bill, body = plaintext as JSON.
  CREATE TABLE credit (
    pos INTEGER PRIMARY KEY, bill INTEGER NOT NULL, no TEXT NOT NULL, meter INTEGER NOT NULL,
    at INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
  CREATE INDEX credit_bill ON credit (bill, pos);
  CREATE INDEX credit_no ON credit (no);
  CREATE INDEX credit_meter ON credit (meter, pos);
  -- Bills whose period has other readings now than the bill, or the last of its credits, says; pos = newest record of the
  -- period that is a reason for it.
  CREATE TABLE overtaken (bill INTEGER PRIMARY KEY, meter INTEGER NOT NULL, pos INTEGER NOT NULL) STRICT;
  CREATE INDEX overtaken_meter ON overtaken (meter, bill);
`;

/**
 * By store version: what leads from it to the next one. No store of version 1 holds an event, a price or a payment record; none
 * of version 2 a correction, an exchange, a revocation or a credit. Which of its bills late days have overtaken is found out
 * when the projector first opens it ("bills-to-check").
 */
export const STORE_UPGRADES: Readonly<Record<number, string>> = {
  1: EVENT_TABLE + PRICE_TABLE + PAYMENT_TABLE + ACCESS_TABLES,
  2: `${READING_TABLES}
    ${UPKEEP_TABLES}
    ALTER TABLE day ADD COLUMN reason TEXT;
    ALTER TABLE day ADD COLUMN lost INTEGER;
    INSERT OR REPLACE INTO total VALUES ('bills-to-check', 1);
    INSERT OR REPLACE INTO total SELECT 'billed-to', max(json_extract(body, '$.to')) FROM bill
      HAVING max(pos) IS NOT NULL;`,
  3: HELD_TABLE,
};

export const PROJECTION_TABLES = `
  -- One row a day or correction record. date = yyyymmdd of the local day; meter = the nine digits as a number; code = why
  -- it is unusable, else NULL; body = packed-day.ts, NULL where line 2 did not open; reason = of a correction, NULL of a day;
  -- lost = position of the record for which it does not count any more: of what stands in its place, or of what makes it
  -- void. A reading counts where code and lost are NULL.
  CREATE TABLE day (
    date INTEGER NOT NULL, meter INTEGER NOT NULL, pos INTEGER NOT NULL, code TEXT, body BLOB,
    reason TEXT, lost INTEGER, PRIMARY KEY (date, meter, pos)) STRICT, WITHOUT ROWID;
  -- Sums of a meter's month (yyyymm) over readings that count: days = local days that have any. records counts all day
  -- records, first and last are dates (yyyymmdd) of records. A year is the sum of at most twelve rows.
  CREATE TABLE month (
    month INTEGER NOT NULL, meter INTEGER NOT NULL, records INTEGER NOT NULL, days INTEGER NOT NULL,
    first INTEGER NOT NULL, last INTEGER NOT NULL, wh INTEGER NOT NULL, measured INTEGER NOT NULL,
    partial INTEGER NOT NULL, recovered INTEGER NOT NULL, substituted INTEGER NOT NULL,
    gap INTEGER NOT NULL, PRIMARY KEY (month, meter)) STRICT, WITHOUT ROWID;
  -- All meters together, by date.
  CREATE TABLE day_total (
    date INTEGER PRIMARY KEY, wh INTEGER NOT NULL, days INTEGER NOT NULL) STRICT;
  -- Every enrolment (recipients: kids, sorted, joined by commas), and the latest of each meter.
  CREATE TABLE enrolment (
    pos INTEGER PRIMARY KEY, meter INTEGER, point TEXT NOT NULL, kid TEXT NOT NULL,
    at INTEGER NOT NULL, recipients TEXT NOT NULL) STRICT;
  CREATE INDEX enrolment_kid ON enrolment (kid, pos);
  CREATE INDEX enrolment_point ON enrolment (point, pos);
  CREATE INDEX enrolment_meter ON enrolment (meter, pos);
  CREATE TABLE meter (meter INTEGER PRIMARY KEY, pos INTEGER NOT NULL) STRICT;
  -- Keys that evidence has frozen.
  CREATE TABLE frozen (kid TEXT PRIMARY KEY, pos INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE tariff (
    pos INTEGER PRIMARY KEY, leaf TEXT NOT NULL, id TEXT NOT NULL, ver INTEGER NOT NULL) STRICT;
  CREATE INDEX tariff_leaf ON tariff (leaf);
  CREATE INDEX tariff_id ON tariff (id, ver);
  CREATE TABLE assignment (
    pos INTEGER PRIMARY KEY, point TEXT NOT NULL, tariff TEXT NOT NULL, from_s INTEGER NOT NULL,
    to_s INTEGER) STRICT;
  CREATE INDEX assignment_point ON assignment (point, pos);
  -- body = the bill's plaintext as JSON; month = yyyymm in which it begins.
  CREATE TABLE bill (
    pos INTEGER PRIMARY KEY, no TEXT NOT NULL, meter INTEGER NOT NULL, month INTEGER NOT NULL,
    from_s INTEGER NOT NULL, at INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
  CREATE INDEX bill_no ON bill (no);
  CREATE INDEX bill_meter ON bill (meter, from_s DESC, pos);
  CREATE INDEX bill_period ON bill (from_s DESC, meter, pos);
  -- What each local day of a bill costs: bill = position of the bill, pos = of the day's first record; wh = of all its
  -- records; exact = in 1e-12 of the currency, decimal digits; amount = exact rounded to the minor unit.
  CREATE TABLE statement (
    date INTEGER NOT NULL, meter INTEGER NOT NULL, bill INTEGER NOT NULL, pos INTEGER NOT NULL,
    wh INTEGER NOT NULL, currency TEXT NOT NULL, minor INTEGER NOT NULL, exact TEXT NOT NULL,
    amount INTEGER NOT NULL, PRIMARY KEY (date, meter, bill)) STRICT, WITHOUT ROWID;
  ${EVENT_TABLE}
  ${PRICE_TABLE}
  ${PAYMENT_TABLE}
  ${READING_TABLES}
  -- One alarm a record at most; at = block time.
  CREATE TABLE alarm (
    pos INTEGER PRIMARY KEY, at INTEGER NOT NULL, code TEXT NOT NULL, meter INTEGER,
    detail TEXT) STRICT;
  CREATE INDEX alarm_meter ON alarm (meter, pos);
  -- Counts: "meters", "bills", "credits", "alarms"; "billed-to" is the latest end of any bill.
  CREATE TABLE total (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`;

/** Names of the projection's tables, in the order in which a comparison dumps them. */
export const PROJECTION_TABLE_NAMES = [
  "day",
  "month",
  "day_total",
  "enrolment",
  "meter",
  "frozen",
  "tariff",
  "price",
  "assignment",
  "bill",
  "payment",
  "correction",
  "revoked",
  "exchange",
  "credit",
  "overtaken",
  "statement",
  "event",
  "alarm",
  "total",
] as const;
