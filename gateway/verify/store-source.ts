/**
 * Reads a gateway's store in dump order, by read-only connections, also while the gateway runs: one read transaction
 * shows one state. This one reads blocks and checkpoints; records and lines 2 are read by the readers' connections
 * (store-reader.ts), and here only where those give up.
 */
import { statSync } from "node:fs";
import { createRequire } from "node:module";
import type Database from "better-sqlite3";
import { fail, WattproofError } from "../../shared/base/error.ts";
import { unpackLine1, unpackLine2 } from "../../shared/record/compact.ts";
import type { Order, ReaderStore } from "./facts.ts";
import { StoreDays } from "./store-days.ts";
import type { SourceBlobs, SourceBlock, SourceItem, VerifySource } from "./verify-source.ts";

/** Forms of the store that keep the chain alike: later ones have more tables beside it. */
const STORE_VERSIONS: readonly unknown[] = [1, 2, 3, 4];
/** Records a batch: enough to pay for the message, few enough for a processor's cache. */
const BATCH = 256;
/** Batches get smaller at the end, so that all cores are busy until then. */
const LEAST_BATCH = 64;
const TAIL = 16;

/** Loaded when it is needed: by then the worker threads are starting. */
function loadDriver(): typeof Database {
  return createRequire(import.meta.url)("better-sqlite3") as typeof Database;
}

interface BlockRow {
  readonly height: number;
  readonly header: Uint8Array;
  readonly nonce: Uint8Array;
  readonly seal: Uint8Array;
  readonly first: number;
  readonly records: number;
}

/** Reading throws `not-found` without a store and `store` for one of another form or one that is damaged. */
export function openStoreSource(file: string): VerifySource {
  let height = -1;
  let store: ReaderStore | undefined;
  let db: Database.Database | undefined;
  return {
    name: file,
    bytes: sizeOf(file) + sizeOf(`${file}-wal`),
    usesStore: true,
    store: () => store,
    openLog: (state) => new StoreDays(() => db ?? openReadOnly(file), state),
    progress: () => (store === undefined ? 0 : Math.min(1, (height + 1) / (store.height + 1))),
    *items(): Iterable<SourceItem> {
      try {
        db = openReadOnly(file);
        db.exec("BEGIN");
        const tip = db
          .prepare("SELECT height, hash FROM block ORDER BY height DESC LIMIT 1")
          .get() as { height: number; hash: Uint8Array } | undefined;
        store = { file, height: tip?.height ?? 0, hash: plain(tip?.hash ?? new Uint8Array(0)) };
        const logSize = Number(db.prepare("SELECT sum(records) FROM block").pluck().get());
        const heights = db.prepare("SELECT height FROM block ORDER BY height").pluck();
        const block = db.prepare(
          "SELECT height, header, nonce, seal, first, records FROM block WHERE height = ?",
        );
        const line1s = db
          .prepare("SELECT line1 FROM record WHERE pos >= ? AND pos < ? ORDER BY pos")
          .pluck();
        for (const each of heights.all() as number[]) {
          const row = block.get(each) as BlockRow;
          height = row.height;
          yield toBlock(row, file, line1s, logSize);
        }
        yield* blobItems(db, file, logSize);
        const notes = db.prepare("SELECT note FROM checkpoint ORDER BY size").pluck();
        for (const note of notes.all() as string[]) yield { kind: "checkpoint", note };
      } catch (error) {
        throw coded(error, file);
      }
    },
    close: () => db?.close(),
  };
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function toBlock(
  row: BlockRow,
  file: string,
  line1s: Database.Statement,
  logSize: number,
): SourceBlock {
  const { first, records } = row;
  const orders: Order[] = [];
  for (let at = 0; at < records; ) {
    const left = Math.max(LEAST_BATCH, Math.ceil((logSize - first - at) / TAIL));
    const count = Math.min(BATCH, left, records - at);
    orders.push({ kind: "rows", first: first + at, count });
    at += count;
  }
  return {
    kind: "source-block",
    frame: { header: plain(row.header), nonce: plain(row.nonce), seal: plain(row.seal) },
    orders,
    load: () => {
      const packed = orUnreadable(file, () => line1s.all(first, first + records) as Uint8Array[]);
      return packed.map((bytes) => unpackLine1(bytes));
    },
  };
}

/** Ranges of all records, also of those that no block has: a line 2 that nothing names is found. */
function* blobItems(db: Database.Database, file: string, logSize: number): Iterable<SourceBlobs> {
  const last = db.prepare("SELECT max(pos) FROM record WHERE blob IS NOT NULL").pluck().get();
  const rows = db
    .prepare(
      "SELECT id, body FROM record JOIN blob ON id = blob WHERE pos >= ? AND pos < ? ORDER BY pos",
    )
    .raw();
  const end = Number(last ?? -1) + 1;
  for (let first = 0; first < end; first += BATCH) {
    // Not beyond the end that this transaction sees: a reader's own may already show records of a newer block.
    const count = Math.min(BATCH, end - first);
    yield {
      kind: "source-blobs",
      order: { kind: "row-blobs", first, count },
      wereShown: end <= logSize,
      load: () => {
        const found = orUnreadable(file, () => rows.all(first, first + count));
        return (found as [number, Uint8Array][]).map(([id, body]) => ({
          id,
          read: () => unpackLine2(body),
        }));
      },
    };
  }
}

function openReadOnly(file: string): Database.Database {
  let db: Database.Database;
  try {
    const Driver = loadDriver();
    db = new Driver(file, { readonly: true, fileMustExist: true });
  } catch {
    fail("not-found", `no store at ${file}`);
  }
  const version = db.pragma("user_version", { simple: true });
  if (!STORE_VERSIONS.includes(version)) {
    db.close();
    fail("store", `the store has form ${String(version)}, this software reads 1 to 3`);
  }
  return db;
}

function orUnreadable<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw coded(error, file);
  }
}

function coded(error: unknown, file: string): unknown {
  if (!(error instanceof loadDriver().SqliteError)) return error;
  return new WattproofError("store", `${file} cannot be read: ${error.message}`);
}

/** Buffers of the driver, as plain arrays that every comparison accepts. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
