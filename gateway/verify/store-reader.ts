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
const RECORDS = `
  SELECT CAST(group_concat(line1, '') AS BLOB), group_concat(length(line1)), group_concat(pos),
    CAST(group_concat(body, '') AS BLOB), group_concat(coalesce(length(body), -1))
  FROM (
    SELECT pos, line1, body FROM record LEFT JOIN blob ON id = blob WHERE pos >= ? AND pos < ? ORDER BY pos
  )`;
const BLOBS = `
  SELECT CAST(group_concat(body, '') AS BLOB), group_concat(length(body)), group_concat(pos), group_concat(id)
  FROM (SELECT pos, id, body FROM record JOIN blob ON id = blob WHERE pos >= ? AND pos < ? ORDER BY pos)`;

const EMPTY = Buffer.alloc(0);
const COMMA = 0x2c;
const MINUS = 0x2d;
const ZERO = 0x30;

export interface StoreReader {
  /**
   * Records from position `first` and their lines 2; undefined if they are not all there or not in their packed form.
   */
  readRows(
    reader: RecordReader,
    blobs: BlobReader,
    first: number,
    count: number,
  ): RecordFacts | undefined;
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
    const records = db.prepare(RECORDS).raw();
    const blobs = db.prepare(BLOBS).raw();
    return {
      readRows: (reader, sealed, first, count) =>
        orUndefined(() => readRecords(reader, sealed, records.get(first, first + count), count)),
      readBlobs: (reader, first, count) =>
        orUndefined(() => readBlobs(reader, blobs.get(first, first + count))),
      close: () => db.close(),
    };
  });
}

/** One value after the other, as group_concat joins them. */
interface Values {
  readonly bytes: Buffer;
  /** -1: there is none. */
  readonly lengths: readonly number[];
}

function toValues(bytes: unknown, lengths: unknown): Values {
  // A view made here: buffers that native code makes have a hidden class of their own, and all that reads them would
  // be compiled for both.
  const view =
    bytes instanceof Buffer ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length) : EMPTY;
  return { bytes: view, lengths: readNumbers(lengths) };
}

function areRising(positions: readonly number[]): boolean {
  for (let i = 1; i < positions.length; i++) {
    if ((positions[i] as number) <= (positions[i - 1] as number)) return false;
  }
  return true;
}

/** Integers with commas between them. Splitting the text first would take five times as long. */
function readNumbers(list: unknown): number[] {
  if (typeof list !== "string") return [];
  const numbers: number[] = [];
  let value = 0;
  let isNegative = false;
  for (let i = 0; i <= list.length; i++) {
    const code = i < list.length ? list.charCodeAt(i) : COMMA;
    if (code === COMMA) {
      numbers.push(isNegative ? -value : value);
      value = 0;
      isNegative = false;
    } else if (code === MINUS) {
      isNegative = true;
    } else {
      value = 10 * value + (code - ZERO);
    }
  }
  return numbers;
}

function readRecords(
  reader: RecordReader,
  sealed: BlobReader,
  found: unknown,
  count: number,
): RecordFacts | undefined {
  const [line1, line1Lengths, positions, body, bodyLengths] = found as readonly unknown[];
  const lines = toValues(line1, line1Lengths);
  const blobs = toValues(body, bodyLengths);
  if (lines.lengths.length !== count || !areRising(readNumbers(positions))) return undefined;
  reader.start(count);
  let end = 0;
  let blobEnd = 0;
  try {
    for (let i = 0; i < count; i++) {
      const start = end;
      end += lines.lengths[i] as number;
      if (!reader.readPackedDay(lines.bytes, start, end)) {
        reader.readText(unpackLine1(lines.bytes.subarray(start, end)));
      }
      const length = blobs.lengths[i] as number;
      if (length < 0) continue;
      blobEnd += length;
      reader.readPackedLine2(sealed, blobs.bytes, blobEnd - length, blobEnd);
    }
  } catch (error) {
    if (!isCoded(error)) throw error;
    return undefined;
  }
  return reader.finish();
}

function readBlobs(reader: BlobReader, found: unknown): BlobFacts | undefined {
  const [body, bodyLengths, positions, rowIds] = found as readonly unknown[];
  const { bytes, lengths } = toValues(body, bodyLengths);
  if (!areRising(readNumbers(positions))) return undefined;
  const ids = readNumbers(rowIds);
  const sheet = new BlobSheet(lengths.length);
  let end = 0;
  lengths.forEach((length, i) => {
    end += length;
    sheet.add(reader.hashPacked(bytes, end - length, end), ids[i] ?? 0);
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
