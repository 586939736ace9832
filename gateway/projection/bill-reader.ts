/** Bills and their credits for readers, as sealed; what they rest on is found again by its leaf. */
import { decodeBase64url, encodeBase64url } from "../../shared/base/bytes.ts";
import { listInForce } from "../../shared/money/credit.ts";
import { localDayOf } from "../../shared/time/civil-day.ts";
import type { Db, Statement } from "../ledger/database.ts";
import { AccountReader } from "./account-reader.ts";
import type { MeterAccount } from "./account-types.ts";
import type { ChainReader } from "./chain-reader.ts";
import type { DayReader } from "./day-reader.ts";
import { meterText } from "./meter-text.ts";
import type {
  BillDetail,
  BillPage,
  BillQuery,
  BillSummary,
  CreditSummary,
} from "./read-model-types.ts";
import type { ShownBill } from "./row-tables.ts";
import type { StatementReader } from "./statement-reader.ts";

interface BillRow {
  readonly pos: number;
  readonly meter: number;
  readonly month: number;
  readonly at: number;
  readonly body: string;
}

interface CreditRow {
  readonly pos: number;
  readonly bill: number;
  readonly at: number;
  readonly body: string;
}

const COLUMNS = "pos, meter, month, at, body";
/** Rows of a page when no limit is given. */
const DEFAULT_LIMIT = 1_000;

export class BillReader {
  readonly #chain: ChainReader;
  readonly #accounts: AccountReader;
  readonly #days: DayReader;
  readonly #statements: StatementReader;
  readonly #all: Statement<[number, number], BillRow>;
  readonly #ofMeter: Statement<[number, number, number], BillRow>;
  readonly #countOfMeter: Statement<[number], { n: number }>;
  readonly #byNo: Statement<[string], BillRow>;
  readonly #byPosition: Statement<[number], BillRow>;
  readonly #creditByNo: Statement<[string], CreditRow>;
  readonly #creditsOf: Statement<[number], CreditRow>;
  readonly #tariff: Statement<[string], { pos: number; id: string; ver: number }>;
  readonly #total: Statement<[string], { value: number }>;

  constructor(db: Db, chain: ChainReader, days: DayReader, statements: StatementReader) {
    this.#chain = chain;
    this.#accounts = new AccountReader(db, (position) => this.#leafAt(position));
    this.#days = days;
    this.#statements = statements;
    this.#all = db.prepare(
      `SELECT ${COLUMNS} FROM bill ORDER BY from_s DESC, meter, pos LIMIT ? OFFSET ?`,
    );
    this.#ofMeter = db.prepare(
      `SELECT ${COLUMNS} FROM bill WHERE meter = ? ORDER BY from_s DESC, pos LIMIT ? OFFSET ?`,
    );
    this.#countOfMeter = db.prepare("SELECT count(*) AS n FROM bill WHERE meter = ?");
    this.#byNo = db.prepare(`SELECT ${COLUMNS} FROM bill WHERE no = ? ORDER BY pos LIMIT 1`);
    this.#byPosition = db.prepare(`SELECT ${COLUMNS} FROM bill WHERE pos = ?`);
    const credit = "SELECT pos, bill, at, body FROM credit";
    this.#creditByNo = db.prepare(`${credit} WHERE no = ? ORDER BY pos LIMIT 1`);
    this.#creditsOf = db.prepare(`${credit} WHERE bill = ? ORDER BY pos`);
    this.#tariff = db.prepare("SELECT pos, id, ver FROM tariff WHERE leaf = ?");
    this.#total = db.prepare("SELECT value FROM total WHERE name = ?");
  }

  /** Bills, without their credits. */
  count(): number {
    return this.#total.get("bills")?.value ?? 0;
  }

  countCredits(): number {
    return this.#total.get("credits")?.value ?? 0;
  }

  bills({ meter, offset = 0, limit = DEFAULT_LIMIT }: BillQuery): BillPage {
    const final = this.#chain.finalHeight(this.#chain.tip());
    const rows =
      meter === undefined
        ? this.#all.all(limit, offset)
        : this.#ofMeter.all(Number(meter), limit, offset);
    const total =
      meter === undefined ? this.count() : (this.#countOfMeter.get(Number(meter))?.n ?? 0);
    return { rows: rows.map((row) => this.#summarise(row, parseBody(row), final)), total };
  }

  /** A bill or a credit. */
  bill(no: string): BillDetail | undefined {
    const row = this.#byNo.get(no);
    const final = this.#chain.finalHeight(this.#chain.tip());
    if (row !== undefined) {
      const bill = parseBody(row);
      return { ...this.#summarise(row, bill, final), ...this.#rest(row, row.pos, bill, 0) };
    }
    const credit = this.#creditByNo.get(no);
    const billed = credit && this.#byPosition.get(credit.bill);
    if (credit === undefined || billed === undefined) return undefined;
    const bill = parseBody(billed);
    const earlier = this.#creditsOf
      .all(billed.pos)
      .filter(({ pos }) => pos < credit.pos)
      .map(parseBody);
    const body = parseBody(credit);
    const before = listInForce(bill, earlier);
    return {
      ...this.#summariseCredit(billed, credit, body, final),
      inForceMinor: sumOf([bill, ...earlier, body].map(({ total }) => total)),
      inForceWh: whOf(body),
      inForceComplete: isComplete(body),
      ...this.#rest(billed, credit.pos, body, before.length),
    };
  }

  /** What a detail has beyond a summary. `position`: of the bill or credit itself. */
  #rest(
    row: BillRow,
    position: number,
    body: ShownBill,
    takenBack: number,
  ): Omit<BillDetail, keyof BillSummary> {
    return {
      takenBack,
      lines: body.lines.map(({ amount, ...line }) => ({ ...line, amountMinor: amount })),
      slots: body.slots,
      missing: body.missing.map(([fromSeconds, toSeconds]) => ({ fromSeconds, toSeconds })),
      used: this.#used(row.meter, body),
      daily: this.#statements.ofBill(position, body),
      tariffs: this.#tariffs(row.pos),
    };
  }

  account(meter: number): MeterAccount {
    this.#chain.tip();
    return this.#accounts.account(meter);
  }

  /** A record's leaf, from the tree. */
  #leafAt(position: number): string {
    return encodeBase64url(this.#chain.tree.node(0, position));
  }

  #summarise(row: BillRow, bill: ShownBill, final: number): BillSummary {
    const height = this.#chain.heightOf(row.pos);
    const leaf = this.#leafAt(row.pos);
    const rows = this.#creditsOf.all(row.pos);
    const credits = rows.map((credit) => this.#listCredit(credit, final));
    const inForceMinor = bill.total + sumOf(credits.map(({ totalMinor }) => totalMinor));
    const newest = rows.at(-1);
    const inForce = newest === undefined ? bill : parseBody(newest);
    const paid = this.#accounts.paid(leaf, inForceMinor);
    return {
      state: height <= final ? "final" : "block",
      leaf,
      position: row.pos,
      height,
      no: bill.no,
      meter: meterText(row.meter),
      kind: "bill",
      zone: bill.zone,
      fromSeconds: bill.from,
      toSeconds: bill.to,
      month: `${String(row.month).slice(0, 4)}-${String(row.month).slice(4)}`,
      currency: bill.currency,
      minorDigits: bill.minor,
      totalMinor: bill.total,
      wh: whOf(bill),
      issuedAtSeconds: row.at,
      complete: isComplete(bill),
      credits,
      inForceMinor,
      inForceWh: whOf(inForce),
      inForceComplete: isComplete(inForce),
      dueMinor: inForceMinor - paid.sum,
      ...(paid.at === undefined ? {} : { paidAtSeconds: paid.at }),
    };
  }

  /** The summary of the bill, with the credit's own place and sums. */
  #summariseCredit(
    billed: BillRow,
    credit: CreditRow,
    body: ShownBill,
    final: number,
  ): BillSummary {
    const bill = this.#summarise(billed, parseBody(billed), final);
    const { paidAtSeconds: _, ...rest } = bill;
    return {
      ...rest,
      ...this.#listCredit(credit, final),
      kind: "credit",
      wh: whOf(body),
      complete: isComplete(body),
      billNo: bill.no,
      credits: [],
    };
  }

  #listCredit({ pos, at, body }: CreditRow, final: number): CreditSummary {
    const height = this.#chain.heightOf(pos);
    const { no, total } = JSON.parse(body) as ShownBill;
    return {
      state: height <= final ? "final" : "block",
      leaf: this.#leafAt(pos),
      position: pos,
      height,
      no,
      totalMinor: total,
      issuedAtSeconds: at,
    };
  }

  #used(meter: number, bill: ShownBill): BillDetail["used"] {
    // Readings lie within the period; a date more on both sides covers a record that begins inside a day.
    const first = localDayOf(bill.zone, bill.from);
    const last = localDayOf(bill.zone, bill.to);
    const byLeaf = this.#days.placed(meter, first, last);
    return bill.used.map(([leaf, wh]) => {
      const reading = byLeaf.get(leaf);
      const position = reading?.position ?? this.#chain.positionOf(leaf) ?? -1;
      return { leaf, wh, date: reading?.date ?? "", position };
    });
  }

  /** Tariffs are named in line 1, not in the plaintext. */
  #tariffs(position: number): BillDetail["tariffs"] {
    const record = this.#chain.record(position)?.record;
    if (record?.typ !== "bill") return [];
    return record.payload.tariffs.flatMap((leaf) => {
      const row = this.#tariff.get(leaf);
      if (row === undefined || decodeBase64url(leaf).length !== 32) return [];
      return [{ id: row.id, version: row.ver, leaf, position: row.pos }];
    });
  }
}

function parseBody(row: { readonly body: string }): ShownBill {
  return JSON.parse(row.body) as ShownBill;
}

function whOf({ used }: ShownBill): number {
  return sumOf(used.map(([, wh]) => wh));
}

function isComplete({ slots }: ShownBill): boolean {
  return slots.gap === 0 && slots.missing === 0;
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
