/** The projection's smaller tables: enrolments, keys, tariffs, bills, exchanges, alarms and their counts. */
import type { ExchangePlaintext } from "../../shared/day/exchange-plaintext.ts";
import type { EventPlaintext } from "../../shared/event/event-plaintext.ts";
import type { BillPlaintext } from "../../shared/money/bill-plaintext.ts";
import type { PaymentPlaintext } from "../../shared/money/payment-plaintext.ts";
import type {
  AssignPayload,
  ExchangePayload,
  PricePayload,
  RevokePayload,
} from "../../shared/record/payload.ts";
import type { Db, Statement } from "../ledger/database.ts";

/** A bill's plaintext without what only hides it. */
export type ShownBill = Omit<BillPlaintext, "pad" | "salt">;

const BY_POSITION = [
  "enrolment",
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
  "event",
  "alarm",
] as const;

export class RowTables {
  readonly #db: Db;
  readonly #meterOf: Statement<[string], { meter: string }>;
  readonly #addEnrolment: Statement<(string | number | null)[]>;
  readonly #putMeter: Statement<[number, number]>;
  readonly #hasMeter: Statement<[number]>;
  readonly #freeze: Statement<[string, number]>;
  readonly #addTariff: Statement<[number, string, string, number]>;
  readonly #addPrice: Statement<[number, string, string, number, number]>;
  readonly #addAssignment: Statement<(string | number | null)[]>;
  readonly #addBill: Statement<(string | number)[]>;
  readonly #addCredit: Statement<(string | number)[]>;
  readonly #billedTo: Statement<[number]>;
  readonly #billOf: Statement<[string], { pos: number; meter: number; point: string }>;
  readonly #addCorrection: Statement<[number, number, number]>;
  readonly #addRevoked: Statement<[string, number, number, string]>;
  readonly #addExchange: Statement<(string | number | null)[]>;
  readonly #exchangeTo: Statement<[string], { first: number | null }>;
  readonly #addPayment: Statement<(string | number | null)[]>;
  readonly #addEvent: Statement<(string | number | null)[]>;
  readonly #addAlarm: Statement<(string | number | null)[]>;
  readonly #count: Statement<[string, number]>;

  constructor(db: Db) {
    this.#db = db;
    this.#meterOf = db.prepare("SELECT meter FROM vault_point WHERE point = ?");
    this.#addEnrolment = db.prepare(
      "INSERT INTO enrolment (pos, meter, point, kid, at, recipients) VALUES (?, ?, ?, ?, ?, ?)",
    );
    this.#putMeter = db.prepare("INSERT OR REPLACE INTO meter (meter, pos) VALUES (?, ?)");
    this.#hasMeter = db.prepare("SELECT 1 FROM meter WHERE meter = ?");
    this.#freeze = db.prepare("INSERT OR IGNORE INTO frozen (kid, pos) VALUES (?, ?)");
    this.#addTariff = db.prepare("INSERT INTO tariff (pos, leaf, id, ver) VALUES (?, ?, ?, ?)");
    this.#addPrice = db.prepare(
      "INSERT INTO price (pos, leaf, id, from_s, to_s) VALUES (?, ?, ?, ?, ?)",
    );
    this.#addAssignment = db.prepare(
      "INSERT INTO assignment (pos, point, tariff, from_s, to_s) VALUES (?, ?, ?, ?, ?)",
    );
    this.#addBill = db.prepare(
      "INSERT INTO bill (pos, no, meter, month, from_s, at, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
    );
    this.#addCredit = db.prepare(
      "INSERT INTO credit (pos, bill, no, meter, at, body) VALUES (?, ?, ?, ?, ?, ?)",
    );
    this.#billedTo = db.prepare(
      "INSERT INTO total VALUES ('billed-to', ?) ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)",
    );
    this.#billOf = db.prepare(
      `SELECT b.pos, b.meter, json_extract(s.value, '$.point') AS point FROM state s
       JOIN bill b ON b.pos = json_extract(s.value, '$.position') WHERE s.key = 'logged:' || ?`,
    );
    this.#addCorrection = db.prepare("INSERT INTO correction (pos, meter, date) VALUES (?, ?, ?)");
    this.#addRevoked = db.prepare(
      "INSERT INTO revoked (kid, pos, last, reason) VALUES (?, ?, ?, ?)",
    );
    this.#addExchange = db.prepare(
      `INSERT INTO exchange (pos, meter, point, old, new, at, final, first, unmetered, reason)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#exchangeTo = db.prepare("SELECT first FROM exchange WHERE new = ? ORDER BY pos LIMIT 1");
    this.#addPayment = db.prepare(
      "INSERT INTO payment (pos, meter, bill, at, amount, ref) VALUES (?, ?, ?, ?, ?, ?)",
    );
    this.#addEvent = db.prepare(
      "INSERT INTO event (pos, meter, at, code, before, after) VALUES (?, ?, ?, ?, ?, ?)",
    );
    this.#addAlarm = db.prepare(
      "INSERT INTO alarm (pos, at, code, meter, detail) VALUES (?, ?, ?, ?, ?)",
    );
    this.#count = db.prepare(
      "INSERT INTO total VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = value + excluded.value",
    );
  }

  /** The meter of a point whose opening the vault has. */
  meterOf(point: string): number | undefined {
    const row = this.#meterOf.get(point);
    return row === undefined ? undefined : Number(row.meter);
  }

  /** Returns the meter, where the vault knows it. */
  addEnrolment(
    position: number,
    facts: {
      readonly point: string;
      readonly kid: string;
      readonly recipients: string;
      at: number;
    },
  ): number | undefined {
    const { point, kid, recipients, at } = facts;
    const meter = this.meterOf(point);
    this.#addEnrolment.run(position, meter ?? null, point, kid, at, recipients);
    if (meter === undefined) return undefined;
    if (this.#hasMeter.get(meter) === undefined) this.#count.run("meters", 1);
    this.#putMeter.run(meter, position);
    return meter;
  }

  freeze(position: number, kid: string): void {
    this.#freeze.run(kid, position);
  }

  addTariff(position: number, leaf: string, id: string, ver: number): void {
    this.#addTariff.run(position, leaf, id, ver);
  }

  addPrice(position: number, leaf: string, { id, from, step, nano }: PricePayload): void {
    this.#addPrice.run(position, leaf, id, from, from + step * nano.length);
  }

  addAssignment(position: number, { point, tariff, from, to }: AssignPayload): void {
    this.#addAssignment.run(position, point, tariff, from, to ?? null);
  }

  /** `month` = yyyymm in which the bill begins. */
  addBill(position: number, at: number, month: number, bill: ShownBill): void {
    const { no, meter, from } = bill;
    this.#addBill.run(position, no, Number(meter), month, from, at, JSON.stringify(bill));
    this.#count.run("bills", 1);
    this.#billedTo.run(bill.to);
  }

  /** Latest end of any bill. */
  billedTo(): number {
    const row = this.#db
      .prepare<[], { value: number }>("SELECT value FROM total WHERE name = 'billed-to'")
      .get();
    return row?.value ?? 0;
  }

  /** Where the bill with this leaf is, where it could be read. */
  billOf(leaf: string): { pos: number; meter: number; point: string } | undefined {
    return this.#billOf.get(leaf);
  }

  /** `bill`: position of the bill. */
  addCredit(position: number, at: number, bill: number, credit: ShownBill): void {
    const { no, meter } = credit;
    this.#addCredit.run(position, bill, no, Number(meter), at, JSON.stringify(credit));
    this.#count.run("credits", 1);
  }

  addCorrection(position: number, meter: number, date: number): void {
    this.#addCorrection.run(position, meter, date);
  }

  addRevoked(position: number, { kid, last, reason }: RevokePayload): void {
    this.#addRevoked.run(kid, position, last, reason);
  }

  addExchange(
    position: number,
    { point, old, new: next, at }: ExchangePayload,
    meter: number | undefined,
    opened: ExchangePlaintext | undefined,
  ): void {
    const { final, first, unmetered, reason } = opened ?? {};
    const registers = [final ?? null, first ?? null, unmetered ?? null];
    const who = [meter ?? null, point, old, next];
    this.#addExchange.run(position, ...who, at, ...registers, reason ?? null);
  }

  /** What an exchange said that this device's register shows first. */
  firstRegisterOf(kid: string): number | undefined {
    return this.#exchangeTo.get(kid)?.first ?? undefined;
  }

  /** `bill`: leaf of the bill that the payment is for. */
  addPayment(position: number, payment: PaymentPlaintext, bill: string | undefined): void {
    const { meter, at, amount, ref } = payment;
    this.#addPayment.run(position, Number(meter), bill ?? null, at, amount, ref);
  }

  addEvent(position: number, { meter, at, code, before, after }: EventPlaintext): void {
    this.#addEvent.run(position, Number(meter), at, code, before ?? null, after ?? null);
  }

  addAlarm(
    position: number,
    at: number,
    code: string,
    meter: number | undefined,
    detail?: string,
  ): void {
    this.#addAlarm.run(position, at, code, meter ?? null, detail ?? null);
    this.#count.run("alarms", 1);
  }

  /** Takes back the rows of all records from `position` on. */
  removeFrom(position: number): void {
    const meters = this.#db
      .prepare<[number], { meter: number }>(
        "SELECT DISTINCT meter FROM enrolment WHERE pos >= ? AND meter IS NOT NULL",
      )
      .all(position);
    for (const table of BY_POSITION) {
      const { changes } = this.#db.prepare(`DELETE FROM ${table} WHERE pos >= ?`).run(position);
      if (changes > 0 && (table === "bill" || table === "credit" || table === "alarm"))
        this.#count.run(`${table}s`, -changes);
      if (changes > 0 && table === "bill") this.#findBilledTo();
    }
    for (const { meter } of meters) this.#restoreMeter(meter);
    this.#db.prepare("DELETE FROM overtaken WHERE bill >= ?").run(position);
    this.#db.prepare("DELETE FROM total WHERE value = 0").run();
  }

  #findBilledTo(): void {
    this.#db
      .prepare(
        `INSERT OR REPLACE INTO total
         SELECT 'billed-to', coalesce(max(json_extract(body, '$.to')), 0) FROM bill`,
      )
      .run();
  }

  /** The latest enrolment that is left, if any. */
  #restoreMeter(meter: number): void {
    const latest = this.#db
      .prepare<[number], { pos: number | null }>(
        "SELECT max(pos) AS pos FROM enrolment WHERE meter = ?",
      )
      .get(meter)?.pos;
    if (latest !== null && latest !== undefined) {
      this.#putMeter.run(meter, latest);
      return;
    }
    this.#db.prepare("DELETE FROM meter WHERE meter = ?").run(meter);
    this.#count.run("meters", -1);
  }
}
