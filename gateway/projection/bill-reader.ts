/** Bills for readers, as sealed; what they rest on is found again by its leaf. */
import { decodeBase64url, encodeBase64url } from "../../shared/base/bytes.ts";
import { localDayOf } from "../../shared/time/civil-day.ts";
import type { Db, Statement } from "../ledger/database.ts";
import { AccountReader } from "./account-reader.ts";
import type { MeterAccount } from "./account-types.ts";
import type { ChainReader } from "./chain-reader.ts";
import type { DayReader } from "./day-reader.ts";
import { meterText } from "./meter-text.ts";
import type { BillDetail, BillPage, BillQuery, BillSummary } from "./read-model-types.ts";
import type { ShownBill } from "./row-tables.ts";
import type { StatementReader } from "./statement-reader.ts";

interface BillRow {
  readonly pos: number;
  readonly meter: number;
  readonly month: number;
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
  readonly #tariff: Statement<[string], { pos: number; id: string; ver: number }>;
  readonly #total: Statement<[], { value: number }>;

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
    this.#tariff = db.prepare("SELECT pos, id, ver FROM tariff WHERE leaf = ?");
    this.#total = db.prepare("SELECT value FROM total WHERE name = 'bills'");
  }

  count(): number {
    return this.#total.get()?.value ?? 0;
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

  bill(no: string): BillDetail | undefined {
    const row = this.#byNo.get(no);
    if (row === undefined) return undefined;
    const bill = parseBody(row);
    const final = this.#chain.finalHeight(this.#chain.tip());
    return {
      ...this.#summarise(row, bill, final),
      lines: bill.lines.map(({ amount, ...line }) => ({ ...line, amountMinor: amount })),
      slots: bill.slots,
      missing: bill.missing.map(([fromSeconds, toSeconds]) => ({ fromSeconds, toSeconds })),
      used: this.#used(row.meter, bill, final),
      daily: this.#statements.ofBill(row.pos, bill),
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
    const paidAt = this.#accounts.paidAt(leaf, bill.total);
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
      wh: bill.used.reduce((sum, [, wh]) => sum + wh, 0),
      issuedAtSeconds: row.at,
      complete: bill.slots.gap === 0 && bill.slots.missing === 0,
      ...(paidAt === undefined ? {} : { paidAtSeconds: paidAt }),
    };
  }

  #used(meter: number, bill: ShownBill, final: number): BillDetail["used"] {
    // Days lie within the period; a date more on both sides covers a record that begins inside a day.
    const first = localDayOf(bill.zone, bill.from);
    const last = localDayOf(bill.zone, bill.to);
    const byLeaf = new Map(
      this.#days.days(meter, first, last, final).map((day) => [day.leaf, day]),
    );
    return bill.used.map(([leaf, wh]) => {
      const day = byLeaf.get(leaf);
      const position = day?.position ?? this.#chain.positionOf(leaf) ?? -1;
      return { leaf, wh, date: day?.date ?? "", position };
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

function parseBody(row: BillRow): ShownBill {
  return JSON.parse(row.body) as ShownBill;
}
