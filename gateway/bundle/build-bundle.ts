/**
 * Makes the bundle of an issued bill or credit from a store (shared/bundle/bill-bundle.ts says what is in it and why).
 *
 * In:  a read-only connection, the number of the bill or credit, a key that opens line 2 of the point's records. Out: the bundle,
 *      under the newest checkpoint. One read transaction, so a gateway that goes on appending does not disturb it.
 */
import { decodeUtf8, encodeBase64url, encodeUtf8 } from "../../shared/base/bytes.ts";
import { type JsonObject, parseCanonical } from "../../shared/base/canonical-json.ts";
import { fail } from "../../shared/base/error.ts";
import type { BillBundle, BundleRecord } from "../../shared/bundle/bill-bundle.ts";
import { parseCheckpoint } from "../../shared/chain/checkpoint.ts";
import { proveInclusion } from "../../shared/chain/tree.ts";
import type { RecipientKey } from "../../shared/crypto/key.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { decodeTariffBody } from "../../shared/money/tariff.ts";
import { parsePlaintext } from "../../shared/record/plaintext.ts";
import { type ParsedRecord, parseRecord } from "../../shared/record/record.ts";
import { openLine2, parseLine2 } from "../../shared/record/sealed-box.ts";
import type { Span } from "../../shared/time/civil-day.ts";
import { BlobStore } from "../ledger/blob-store.ts";
import type { Db } from "../ledger/database.ts";
import { RecordStore } from "../ledger/record-store.ts";
import { TileTree } from "../ledger/tile-tree.ts";
import { type ReadingRow, ReadingRows } from "../projection/reading-rows.ts";

export interface BundleOptions {
  readonly suite: CryptoSuite;
  /** The utility's or the customer's. */
  readonly recipient: Pick<RecipientKey, "kid" | "secret">;
}

/** Throws `bill-none` for a number that no bill or credit has, and `bill-not-final` for one that no checkpoint covers yet. */
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
    const { position, bill: billed } = this.#find(no);
    const note = this.#db
      .prepare<[], { size: number; note: string }>(
        "SELECT size, note FROM checkpoint ORDER BY size DESC LIMIT 1",
      )
      .get();
    if (note === undefined || note.size <= position) {
      fail("bill-not-final", `bill ${no} waits for a final block`, { no });
    }
    const bill = this.#record(billed);
    if (bill.typ !== "bill") throw new Error("a bill's row without its record");
    const { meter } = parsePlaintext("bill", this.#open(billed, bill));
    const { point, tariffs } = bill.payload;
    const readings = new ReadingRows(this.#db, this.#options.suite)
      .overlapping(Number(meter), bill.payload)
      .filter((one) => one.point === point && one.position < position);
    const exchanges = this.#exchanges(point, bill.payload, position);
    const credits = this.#list(
      "SELECT pos FROM credit WHERE bill = ? AND pos <= ? ORDER BY pos",
      billed,
      position,
    );
    const opened = new Set([
      ...readings.filter(({ isUsable }) => isUsable).map((one) => one.position),
      ...exchanges,
      billed,
      ...credits,
    ]);
    const positions = new Set([
      0,
      ...this.#grounds(point, billed),
      ...this.#prices(point, billed, credits.length > 0 ? undefined : tariffs, bill.payload),
      ...this.#devices(point, readings, position),
      ...readings.map((one) => one.position),
      ...this.#between(readings),
      ...opened,
    ]);
    return this.#prove(note.note, positions, opened);
  }

  /** Position of the bill or credit, and of the bill. */
  #find(no: string): { readonly position: number; readonly bill: number } {
    const [bill] = this.#list("SELECT pos FROM bill WHERE no = ?", no);
    if (bill !== undefined) return { position: bill, bill };
    const credit = this.#db
      .prepare<[string], { pos: number; bill: number }>("SELECT pos, bill FROM credit WHERE no = ?")
      .get(no);
    if (credit === undefined) fail("bill-none", `no bill ${no} is in the chain`, { no });
    return { position: credit.pos, bill: credit.bill };
  }

  #prove(note: string, positions: ReadonlySet<number>, opened: ReadonlySet<number>): BillBundle {
    const { suite } = this.#options;
    const { size } = parseCheckpoint(note);
    const tree = new TileTree(this.#db, suite, size);
    const node = (level: number, index: number) => tree.node(level, index);
    const records = [...positions]
      .sort((a, b) => a - b)
      .map((at): BundleRecord => {
        const proof = proveInclusion(suite, at, size, node).map(encodeBase64url);
        const entry = { at, line1: this.#line1(at), proof };
        if (!opened.has(at)) return entry;
        const text = this.#open(at, this.#record(at));
        return { ...entry, plaintext: parseCanonical(text) as JsonObject };
      });
    return { v: 1, checkpoint: encodeBase64url(encodeUtf8(note)), records };
  }

  /** Tariffs and assignments that the bill can rest on. */
  #grounds(point: string, bill: number): readonly number[] {
    return [
      ...this.#list("SELECT pos FROM assignment WHERE point = ? AND pos < ?", point, bill),
      ...this.#list(
        `SELECT t.pos FROM tariff t WHERE t.pos < ? AND t.id IN
         (SELECT tariff FROM assignment WHERE point = ? AND pos < ?)`,
        bill,
        point,
        bill,
      ),
    ];
  }

  /** Price records of the period: those that the bill names, or, for credits, all of the tariffs' series. */
  #prices(
    point: string,
    bill: number,
    named: readonly string[] | undefined,
    { from, to }: Span,
  ): readonly number[] {
    const rows = this.#db
      .prepare<[number, number, number], { pos: number; leaf: string; id: string }>(
        "SELECT pos, leaf, id FROM price WHERE to_s > ? AND from_s < ? AND pos < ? ORDER BY to_s",
      )
      .all(from, to, bill);
    const series = named === undefined ? this.#series(point, bill) : new Set<string>();
    return rows
      .filter(({ leaf, id }) => named?.includes(leaf) ?? series.has(id))
      .map(({ pos }) => pos);
  }

  #series(point: string, bill: number): ReadonlySet<string> {
    return new Set(
      this.#grounds(point, bill).flatMap((position) => {
        const record = this.#record(position);
        if (record.typ !== "tariff") return [];
        const { charges } = decodeTariffBody(record.payload.body);
        return charges.flatMap((charge) => ("series" in charge ? [charge.series] : []));
      }),
    );
  }

  /** Enrolments at the point, and revocations of keys whose readings are there. */
  #devices(point: string, readings: readonly ReadingRow[], before: number): readonly number[] {
    const kids = new Set(readings.map(({ kid }) => kid));
    return [
      ...this.#list("SELECT pos FROM enrolment WHERE point = ? AND pos < ?", point, before),
      ...[...kids].flatMap((kid) =>
        this.#list("SELECT pos FROM revoked WHERE kid = ? AND pos < ?", kid, before),
      ),
    ];
  }

  #exchanges(point: string, { from, to }: Span, before: number): readonly number[] {
    return this.#list(
      `SELECT pos FROM exchange WHERE point = ? AND at >= ? AND at <= ? AND pos < ?
       AND final IS NOT NULL ORDER BY pos`,
      point,
      from,
      to,
      before,
    );
  }

  /** Every record of each meter key from its first to its last reading: what proves that none is left out between. */
  #between(readings: readonly ReadingRow[]): readonly number[] {
    const byKid = new Map<string, number[]>();
    for (const { kid, position } of readings) {
      if (this.#list("SELECT pos FROM enrolment WHERE kid = ? LIMIT 1", kid).length === 0) continue;
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

  #list(sql: string, ...values: (string | number)[]): readonly number[] {
    return this.#db
      .prepare<(string | number)[], number>(sql)
      .pluck()
      .all(...values) as number[];
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
