/**
 * The chain dump of a store (records.md section 6), line by line, from one read transaction: a gateway that goes on
 * appending meanwhile is seen as it was when the dump began.
 *
 * Without keys the dump shows nothing that is private. With the utility's key it ends with the opened plaintexts of
 * what keeps its local rules: days, each with its row of the paper's table 3, corrections, events, exchanges, and money.
 */
import { decodeUtf8 } from "../../shared/base/bytes.ts";
import type { JsonObject } from "../../shared/base/canonical-json.ts";
import { formatDumpLine } from "../../shared/chain/dump.ts";
import type { RecipientKey } from "../../shared/crypto/key.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { formatDayRow } from "../../shared/day/day-row.ts";
import { unpackLine1 } from "../../shared/record/compact.ts";
import { hasLine2 } from "../../shared/record/payload.ts";
import type { PlaintextByTyp, SealedTyp } from "../../shared/record/plaintext.ts";
import { parsePlaintext } from "../../shared/record/plaintext.ts";
import { type ParsedRecord, parseRecord } from "../../shared/record/record.ts";
import { openLine2, parseLine2 } from "../../shared/record/sealed-box.ts";
import { BlobStore } from "../ledger/blob-store.ts";
import { BlockStore, toSealedBlock } from "../ledger/block-store.ts";
import type { Db } from "../ledger/database.ts";
import { RecordStore } from "../ledger/record-store.ts";

export interface DumpOptions {
  readonly suite: CryptoSuite;
  /** Key of the utility; with it the opened plaintexts follow. */
  readonly utility?: Pick<RecipientKey, "kid" | "secret">;
  /** Told of each block and each opened record: how much of the work is done, 0 to 1. */
  readonly onProgress?: (part: number) => void;
}

/** An opened record that keeps its local rules. */
export type OpenedRecord = {
  [T in SealedTyp]: {
    readonly typ: T;
    readonly leaf: string;
    readonly position: number;
    readonly plaintext: PlaintextByTyp[T];
  };
}[SealedTyp];

/** Lines of the dump without their LF. `db` is a connection of its own, for reading. */
export function* dumpChain(db: Db, options: DumpOptions): Generator<string> {
  db.exec("BEGIN");
  try {
    yield* dumpBlocks(db, options);
    yield* dumpBlobs(db, options);
    const notes = db.prepare<[], { note: string }>("SELECT note FROM checkpoint ORDER BY size");
    for (const { note } of notes.iterate()) yield formatDumpLine({ kind: "checkpoint", note });
    if (options.utility === undefined) return;
    for (const opened of listOpened(db, { ...options, utility: options.utility })) {
      yield formatDumpLine({ kind: "opened", opened: describeOpened(opened) });
    }
  } finally {
    db.exec("COMMIT");
  }
}

/** `row` repeats for people what `plaintext` proves. */
function describeOpened(opened: OpenedRecord): JsonObject {
  const { leaf } = opened;
  const plaintext = opened.plaintext as unknown as JsonObject;
  if (opened.typ !== "day") return { leaf, plaintext };
  return { leaf, plaintext, row: formatDayRow(opened.plaintext) as JsonObject };
}

function* dumpBlocks(db: Db, { onProgress }: DumpOptions): Generator<string> {
  const blocks = new BlockStore(db);
  const records = new RecordStore(db);
  const tip = blocks.tip()?.height ?? -1;
  for (let height = 0; height <= tip; height++) {
    const row = blocks.main(height);
    if (row === undefined) throw new Error(`block ${height} is not in the store`);
    const rows = [...records.range(row.first, row.first + row.records)];
    const lines = rows.map(({ line1 }) => unpackLine1(line1));
    yield formatDumpLine({ kind: "block", block: toSealedBlock(row, lines) });
    onProgress?.((height + 1) / (tip + 1));
  }
}

function* dumpBlobs(db: Db, { suite }: DumpOptions): Generator<string> {
  const blobs = new BlobStore(db, suite);
  const written = new Set<number>();
  for (const { blob } of new RecordStore(db).range(0, Number.MAX_SAFE_INTEGER)) {
    if (blob === null || written.has(blob)) continue;
    written.add(blob);
    const line2 = blobs.read(blob);
    if (line2 !== undefined) yield formatDumpLine({ kind: "blob", line2 });
  }
}

/** Opened records that keep their local rules, in log order; also readings that others have replaced, which bills before rest on. */
export function* listOpened(
  db: Db,
  { suite, utility, onProgress }: DumpOptions & Required<Pick<DumpOptions, "utility">>,
): Generator<OpenedRecord> {
  const blobs = new BlobStore(db, suite);
  const unusable = new Set(
    db.prepare<[], number>("SELECT pos FROM day WHERE code IS NOT NULL").pluck().all() as number[],
  );
  // Of other types what opened has a row.
  const shown = db.prepare<[], number>(
    `SELECT pos FROM event UNION ALL SELECT pos FROM correction
     UNION ALL SELECT pos FROM exchange WHERE final IS NOT NULL
     UNION ALL SELECT pos FROM bill UNION ALL SELECT pos FROM credit UNION ALL SELECT pos FROM payment`,
  );
  const others = new Set(shown.pluck().all() as number[]);
  const size = (db.prepare("SELECT max(pos) FROM record").pluck().get() as number | null) ?? 0;
  for (const { pos, line1, blob } of new RecordStore(db).range(0, Number.MAX_SAFE_INTEGER)) {
    if (blob === null || unusable.has(pos)) continue;
    const record = parseRecord(suite, unpackLine1(line1));
    const line2 = blobs.read(blob);
    if (line2 === undefined || !isOpened(record)) continue;
    if (record.typ !== "day" && !others.has(pos)) continue;
    const bytes = openLine2(suite, parseLine2(line2), utility, record.kid, record.typ);
    const plaintext = parsePlaintext(record.typ, decodeUtf8(bytes));
    yield { typ: record.typ, leaf: record.leaf, position: pos, plaintext } as OpenedRecord;
    onProgress?.((pos + 1) / (size + 1));
  }
}

function isOpened(record: ParsedRecord): record is ParsedRecord<SealedTyp> {
  return hasLine2(record.typ);
}
