/**
 * Reads ranges of a gateway's store through a read-only connection of its own.
 *
 * All ranges are read in one transaction. It begins after the main thread's; if the block that is the tip there stands
 * in it at its height, then so do all blocks below it, and both see the same chain. Else, and wherever the store cannot
 * be read, the reader gives up: the main thread reads that range itself and finds out why.
 */
import Database from "better-sqlite3";
import { isCoded } from "../../shared/base/error.ts";
import { unpackLine1 } from "../../shared/record/compact.ts";
import { type BlobReader, BlobSheet } from "./blob-reader.ts";
import type { BlobFacts, ReaderStore, RecordFacts } from "./facts.ts";
import type { RecordReader } from "./record-reader.ts";

// A range comes as one value: a buffer of its own for each row would cost more than reading it. The documentation of
// SQLite promises no order here, so positions come along and are looked at.
const LINES = `
  SELECT CAST(group_concat(line1, '') AS BLOB), group_concat(length(line1)), group_concat(pos)
  FROM (SELECT pos, line1 FROM record WHERE pos >= ? AND pos < ? ORDER BY pos)`;
const BLOBS = `
  SELECT CAST(group_concat(body, '') AS BLOB), group_concat(length(body)), group_concat(pos), group_concat(id)
  FROM (SELECT pos, id, body FROM record JOIN blob ON id = blob WHERE pos >= ? AND pos < ? ORDER BY pos)`;

export interface StoreReader {
  /** Records from position `first`; undefined if they are not all there or not in their packed form. */
  readRows(reader: RecordReader, first: number, count: number): RecordFacts | undefined;
  readBlobs(reader: BlobReader, first: number, count: number): BlobFacts | undefined;
  close(): void;
}

/** undefined where the store cannot be read or shows another chain. */
export function openStoreReader({ file, height, hash }: ReaderStore): StoreReader | undefined {
  return orUndefined(() => {
    const db = new Database(file, { readonly: true, fileMustExist: true });
    db.exec("BEGIN");
    const found: unknown = db
      .prepare("SELECT hash FROM block WHERE height = ?")
      .pluck()
      .get(height);
    if (!(found instanceof Uint8Array) || Buffer.compare(found, hash) !== 0) {
      db.close();
      return undefined;
    }
    const lines = db.prepare(LINES).raw();
    const blobs = db.prepare(BLOBS).raw();
    return {
      readRows: (reader, first, count) =>
        orUndefined(() => readRecords(reader, toRows(lines.get(first, first + count)), count)),
      readBlobs: (reader, first, count) =>
        orUndefined(() => readBlobs(reader, toRows(blobs.get(first, first + count)))),
      close: () => db.close(),
    };
  });
}

interface Rows {
  /** One value after the other. */
  readonly bytes: Buffer;
  readonly lengths: readonly number[];
  readonly ids: readonly number[];
}

/** undefined: they are not in order. */
function toRows(found: unknown): Rows | undefined {
  const [bytes, lengths, positions, ids] = found as readonly (Buffer | string | null)[];
  if (!(bytes instanceof Buffer)) return { bytes: Buffer.alloc(0), lengths: [], ids: [] };
  const inOrder = toNumbers(positions).every((pos, i, all) => i === 0 || pos > (all[i - 1] ?? 0));
  return inOrder ? { bytes, lengths: toNumbers(lengths), ids: toNumbers(ids) } : undefined;
}

function toNumbers(list: unknown): number[] {
  return String(list).split(",").map(Number);
}

function readRecords(
  reader: RecordReader,
  rows: Rows | undefined,
  count: number,
): RecordFacts | undefined {
  if (rows?.lengths.length !== count) return undefined;
  reader.start(count);
  let end = 0;
  try {
    for (const length of rows.lengths) {
      const start = end;
      end += length;
      if (reader.readPackedDay(rows.bytes, start, end)) continue;
      reader.readText(unpackLine1(rows.bytes.subarray(start, end)));
    }
  } catch (error) {
    if (!isCoded(error)) throw error;
    return undefined;
  }
  return reader.finish();
}

function readBlobs(reader: BlobReader, rows: Rows | undefined): BlobFacts | undefined {
  if (rows === undefined) return undefined;
  const sheet = new BlobSheet(rows.lengths.length);
  let end = 0;
  rows.lengths.forEach((length, i) => {
    end += length;
    sheet.add(reader.hashPacked(rows.bytes, end - length, end), rows.ids[i] ?? 0);
  });
  return sheet.finish();
}

function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Database.SqliteError)) throw error;
    return undefined;
  }
}
