/**
 * Makes the bundle of an issued bill from a store (shared/bundle/bill-bundle.ts says what is in it and why).
 *
 * In:  a read-only connection, the bill's number, a key that opens line 2 of the point's records. Out: the bundle, under the
 *      newest checkpoint. One read transaction, so a gateway that goes on appending does not disturb it.
 */
import { decodeUtf8, encodeBase64url, encodeUtf8 } from "../../shared/base/bytes.ts";
import { type JsonObject, parseCanonical } from "../../shared/base/canonical-json.ts";
import { fail } from "../../shared/base/error.ts";
import type { BillBundle, BundleRecord } from "../../shared/bundle/bill-bundle.ts";
import { parseCheckpoint } from "../../shared/chain/checkpoint.ts";
import { proveInclusion } from "../../shared/chain/tree.ts";
import type { RecipientKey } from "../../shared/crypto/key.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { parsePlaintext } from "../../shared/record/plaintext.ts";
import { type ParsedRecord, parseRecord } from "../../shared/record/record.ts";
import { openLine2, parseLine2 } from "../../shared/record/sealed-box.ts";
import { localDayOf } from "../../shared/time/civil-day.ts";
import { BlobStore } from "../ledger/blob-store.ts";
import type { Db } from "../ledger/database.ts";
import { RecordStore } from "../ledger/record-store.ts";
import { TileTree } from "../ledger/tile-tree.ts";
import { dateNumber, shiftDate } from "../projection/day-table.ts";

export interface BundleOptions {
  readonly suite: CryptoSuite;
  /** The utility's or the customer's. */
  readonly recipient: Pick<RecipientKey, "kid" | "secret">;
}

/** Throws `bill-none` for a number that no bill has, and `bill-not-final` for one that no checkpoint covers yet. */
export function buildBundle(db: Db, no: string, options: BundleOptions): BillBundle {
  db.exec("BEGIN");
  try {
    return new BundleBuilder(db, options).build(no);
  } finally {
    db.exec("COMMIT");
  }
}

class BundleBuilder {
  readonly #db: Db;
  readonly #options: BundleOptions;
  readonly #records: RecordStore;
  readonly #blobs: BlobStore;

  constructor(db: Db, options: BundleOptions) {
    this.#db = db;
    this.#options = options;
    this.#records = new RecordStore(db);
    this.#blobs = new BlobStore(db, options.suite);
  }

  build(no: string): BillBundle {
    const db = this.#db;
    const found = db
      .prepare<[string], { pos: number }>("SELECT pos FROM bill WHERE no = ?")
      .get(no);
    if (found === undefined) fail("bill-none", `no bill ${no} is in the chain`, { no });
    const note = db
      .prepare<[], { size: number; note: string }>(
        "SELECT size, note FROM checkpoint ORDER BY size DESC LIMIT 1",
      )
      .get();
    if (note === undefined || note.size <= found.pos) {
      fail("bill-not-final", `bill ${no} waits for a final block`, { no });
    }
    const bill = this.#record(found.pos);
    if (bill.typ !== "bill") throw new Error("a bill's row without its record");
    const text = this.#open(found.pos, bill);
    const opened = new Map([[found.pos, text]]);
    const { meter, from, to, used } = parsePlaintext("bill", text);
    const days = this.#findDays(Number(meter), from, to, new Set(used.map(([leaf]) => leaf)));
    for (const position of days) opened.set(position, this.#open(position, this.#record(position)));
    const positions = new Set([
      0,
      ...this.#grounds(bill.payload.point, found.pos, bill.payload.tariffs, { from, to }),
      ...this.#between(days),
      found.pos,
    ]);
    const { size } = parseCheckpoint(note.note);
    const tree = new TileTree(db, this.#options.suite, size);
    const prove = (position: number): readonly string[] =>
      proveInclusion(this.#options.suite, position, size, (level, index) =>
        tree.node(level, index),
      ).map(encodeBase64url);
    const records = [...positions]
      .sort((a, b) => a - b)
      .map((at): BundleRecord => {
        const plain = opened.get(at);
        const entry = { at, line1: this.#line1(at), proof: [...prove(at)] };
        if (plain === undefined) return entry;
        return { ...entry, plaintext: parseCanonical(plain) as JsonObject };
      });
    return { v: 1, checkpoint: encodeBase64url(encodeUtf8(note.note)), records };
  }

  /** Enrolments, tariffs, assignments and prices that the bill can rest on. */
  #grounds(
    point: string,
    before: number,
    named: readonly string[],
    period: { readonly from: number; readonly to: number },
  ): readonly number[] {
    const list = (sql: string, ...values: (string | number)[]): number[] =>
      this.#db
        .prepare<(string | number)[], number>(sql)
        .pluck()
        .all(...values) as number[];
    const prices = this.#db
      .prepare<[number, number, number], { pos: number; leaf: string }>(
        "SELECT pos, leaf FROM price WHERE to_s > ? AND from_s < ? AND pos < ? ORDER BY to_s",
      )
      .all(period.from, period.to, before)
      .filter(({ leaf }) => named.includes(leaf));
    return [
      ...list("SELECT pos FROM enrolment WHERE point = ? AND pos < ?", point, before),
      ...list("SELECT pos FROM assignment WHERE point = ? AND pos < ?", point, before),
      ...list(
        `SELECT t.pos FROM tariff t WHERE t.pos < ? AND t.id IN
         (SELECT tariff FROM assignment WHERE point = ? AND pos < ?)`,
        before,
        point,
        before,
      ),
      ...prices.map(({ pos }) => pos),
    ];
  }

  /** Positions of the days that the bill used, in log order. */
  #findDays(meter: number, from: number, to: number, used: ReadonlySet<string>): readonly number[] {
    const rows = this.#db.prepare<[number, number], number>(
      "SELECT pos FROM day WHERE date = ? AND meter = ? AND code IS NULL ORDER BY pos",
    );
    rows.pluck();
    const positions: number[] = [];
    // The date is the meter's own: a day more on both sides covers every zone.
    const last = shiftDate(dateNumber(localDayOf("UTC", to)), 1);
    for (
      let date = shiftDate(dateNumber(localDayOf("UTC", from)), -1);
      date <= last;
      date = shiftDate(date, 1)
    ) {
      const own = rows.all(date, meter) as unknown as number[];
      positions.push(...own.filter((position) => used.has(this.#record(position).leaf)));
    }
    return positions.sort((a, b) => a - b);
  }

  /** Every record of each key from its first to its last used day: what proves that none is left out between. */
  #between(days: readonly number[]): readonly number[] {
    const byKid = new Map<string, number[]>();
    for (const position of days) {
      const { kid } = this.#record(position);
      byKid.set(kid, [...(byKid.get(kid) ?? []), position]);
    }
    const positions: number[] = [];
    for (const own of byKid.values()) {
      const first = own[0] as number;
      let position: number | null = own.at(-1) as number;
      while (position !== null && position >= first) {
        positions.push(position);
        position = this.#records.row(position)?.prev ?? null;
      }
    }
    return positions;
  }

  /** Text of the plaintext of a record's line 2. */
  #open(position: number, record: ParsedRecord): string {
    const blob = this.#records.row(position)?.blob;
    const line2 = typeof blob === "number" ? this.#blobs.read(blob) : undefined;
    if (line2 === undefined) fail("line2-missing", "a record of the bill was erased", { position });
    const { suite, recipient } = this.#options;
    return decodeUtf8(openLine2(suite, parseLine2(line2), recipient, record.kid, record.typ));
  }

  #record(position: number): ParsedRecord {
    return parseRecord(this.#options.suite, this.#line1(position));
  }

  #line1(position: number): string {
    const line1 = this.#records.line1(position);
    if (line1 === undefined) throw new Error(`record ${position} is not in the store`);
    return line1;
  }
}
