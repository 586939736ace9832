/**
 * Bills whose period has other readings now than they, or the last of their credits, say: what billing has to credit. Found out
 * from the rows, so that it is the same after a kill, a rollback and a rebuild.
 */
import { decodeBase64url, encodeBase64url } from "../../shared/base/bytes.ts";
import { computeRoot } from "../../shared/chain/tree.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { parseRecord } from "../../shared/record/record.ts";
import type { Span } from "../../shared/time/civil-day.ts";
import type { Db, Statement } from "../ledger/database.ts";
import { RecordStore } from "../ledger/record-store.ts";
import { listCounting, type ReadingRows } from "./reading-rows.ts";

interface BilledRow {
  readonly pos: number;
  readonly to_s: number;
}

export class OvertakenBills {
  readonly #suite: CryptoSuite;
  readonly #rows: ReadingRows;
  readonly #records: RecordStore;
  readonly #bills: Statement<[number, number], BilledRow>;
  readonly #lastCredit: Statement<[number], { pos: number }>;
  readonly #put: Statement<[number, number, number]>;
  readonly #remove: Statement<[number]>;
  readonly #meters: Statement<[], { meter: number }>;
  readonly #isToCheck: Statement<[]>;
  readonly #checked: Statement<[]>;
  /** Spans that something has changed in since the last `flush`, by meter. */
  readonly #touched = new Map<number, Span[]>();

  constructor(db: Db, suite: CryptoSuite, rows: ReadingRows) {
    this.#suite = suite;
    this.#rows = rows;
    this.#records = new RecordStore(db);
    this.#bills = db.prepare(
      `SELECT pos, json_extract(body, '$.to') AS to_s FROM bill
       WHERE meter = ? AND from_s < ? ORDER BY from_s DESC, pos`,
    );
    this.#lastCredit = db.prepare("SELECT max(pos) AS pos FROM credit WHERE bill = ?");
    this.#put = db.prepare("INSERT OR REPLACE INTO overtaken (bill, meter, pos) VALUES (?, ?, ?)");
    this.#remove = db.prepare("DELETE FROM overtaken WHERE bill = ?");
    this.#meters = db.prepare("SELECT DISTINCT meter FROM bill");
    this.#isToCheck = db.prepare("SELECT 1 FROM total WHERE name = 'bills-to-check'");
    this.#checked = db.prepare("DELETE FROM total WHERE name = 'bills-to-check'");
  }

  /** Something has changed in this time. */
  touch(meter: number, span: Span): void {
    const spans = this.#touched.get(meter);
    if (spans === undefined) this.#touched.set(meter, [span]);
    else spans.push(span);
  }

  /** Judges anew every bill whose period was touched. */
  flush(): void {
    for (const [meter, spans] of this.#touched) {
      const from = Math.min(...spans.map((span) => span.from));
      const to = Math.max(...spans.map((span) => span.to));
      // Bills of a point do not overlap, and those of two points of one meter follow each other.
      for (const bill of this.#bills.all(meter, to)) {
        if (bill.to_s > from) this.#judge(meter, bill.pos);
      }
    }
    this.#touched.clear();
  }

  /** Forgets what was touched, after a transaction that was undone. */
  reset(): void {
    this.#touched.clear();
  }

  /** After the upgrade of a store that did not keep these rows yet. */
  catchUp(): void {
    if (this.#isToCheck.get() === undefined) return;
    for (const { meter } of this.#meters.all()) {
      this.touch(meter, { from: 0, to: Number.MAX_SAFE_INTEGER });
    }
    this.flush();
    this.#checked.run();
  }

  #judge(meter: number, position: number): void {
    const bill = this.#record(position);
    if (bill.typ !== "bill") return;
    const { point, from, to } = bill.payload;
    const last = this.#record(this.#lastCredit.get(position)?.pos ?? position);
    if (last.typ !== "bill" && last.typ !== "credit") return;
    // Read once: a block of thousands of bills holds up whoever waits for a commit.
    const near = this.#rows.overlapping(meter, { from, to });
    const counting = listCounting(near, point, { from, to });
    const leaves = counting.map(({ leaf }) => decodeBase64url(leaf));
    const days = encodeBase64url(computeRoot(this.#suite, leaves));
    if (days === last.payload.days && counting.length === last.payload.n) {
      this.#remove.run(position);
      return;
    }
    const newest = near
      .filter((one) => one.point === point)
      .map(({ row }) => Math.max(row.pos, row.lost ?? 0));
    this.#put.run(position, meter, Math.max(position, ...newest));
  }

  #record(position: number) {
    return parseRecord(this.#suite, this.#records.line1(position) ?? "");
  }
}
