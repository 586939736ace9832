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
    const lines = db
      .prepare("SELECT line1 FROM record WHERE pos >= ? AND pos < ? ORDER BY pos")
      .pluck();
    const blobs = db
      .prepare(
        "SELECT id, body FROM record JOIN blob ON id = blob WHERE pos >= ? AND pos < ? ORDER BY pos",
      )
      .raw();
    return {
      readRows: (reader, first, count) =>
        orUndefined(() => {
          const rows = lines.all(first, first + count) as Buffer[];
          return rows.length === count ? readRecords(reader, rows) : undefined;
        }),
      readBlobs: (reader, first, count) =>
        orUndefined(() => {
          const rows = blobs.all(first, first + count) as [id: number, body: Buffer][];
          const sheet = new BlobSheet(rows.length);
          for (const [id, body] of rows) sheet.add(reader.hashPacked(body), id);
          return sheet.finish();
        }),
      close: () => db.close(),
    };
  });
}

function readRecords(reader: RecordReader, rows: readonly Buffer[]): RecordFacts | undefined {
  reader.start(rows.length);
  try {
    for (const packed of rows) {
      if (!reader.readPackedDay(packed)) reader.readText(unpackLine1(packed));
    }
  } catch (error) {
    if (!isCoded(error)) throw error;
    return undefined;
  }
  return reader.finish();
}

function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Database.SqliteError)) throw error;
    return undefined;
  }
}
