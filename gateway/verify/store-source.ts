/**
 * Reads a gateway's store in dump order, by a read-only connection of its own, also while the gateway runs: one
 * read transaction shows one state.
 */
import Database from "better-sqlite3";
import { fail } from "../../shared/base/error.ts";
import type { DumpLine } from "../../shared/chain/dump.ts";
import { unpackLine1, unpackLine2 } from "../../shared/record/compact.ts";
import type { RawBlob, VerifySource } from "./verify-source.ts";

/** Forms of the store that keep the chain alike: the second one has more tables beside it. */
const STORE_VERSIONS: readonly unknown[] = [1, 2];

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
  let tip = 0;
  return {
    name: file,
    progress: () => (tip === 0 ? 0 : Math.min(1, (height + 1) / (tip + 1))),
    *lines(): Iterable<DumpLine | RawBlob> {
      let db: Database.Database | undefined;
      try {
        db = openReadOnly(file);
        db.exec("BEGIN");
        tip = Number(db.prepare("SELECT max(height) AS tip FROM block").pluck().get() ?? 0);
        const heights = db.prepare("SELECT height FROM block ORDER BY height").pluck();
        const block = db.prepare(
          "SELECT height, header, nonce, seal, first, records FROM block WHERE height = ?",
        );
        const line1s = db
          .prepare("SELECT line1 FROM record WHERE pos >= ? AND pos < ? ORDER BY pos")
          .pluck();
        // One block at a time holds at most 16,384 records in memory.
        for (const each of heights.all() as number[]) {
          const row = block.get(each) as BlockRow;
          height = row.height;
          const packed = line1s.all(row.first, row.first + row.records) as Uint8Array[];
          yield {
            kind: "block",
            block: {
              header: plain(row.header),
              nonce: plain(row.nonce),
              seal: plain(row.seal),
              records: packed.map((bytes) => unpackLine1(bytes)),
            },
          };
        }
        yield* blobLines(db);
        const notes = db.prepare("SELECT note FROM checkpoint ORDER BY size").pluck();
        for (const note of notes.all() as string[]) yield { kind: "checkpoint", note };
      } catch (error) {
        if (!(error instanceof Database.SqliteError)) throw error;
        fail("store", `${file} cannot be read: ${error.message}`);
      } finally {
        db?.close();
      }
    },
  };
}

interface BlobRow {
  readonly id: number;
  readonly body: Uint8Array;
}

/** Rows of line 2 that are read together: half a megabyte. */
const ROWS_AT_ONCE = 256;

function* blobLines(db: Database.Database): Iterable<RawBlob> {
  const range = db.prepare("SELECT id, body FROM blob WHERE id BETWEEN ? AND ?");
  const ids = db
    .prepare("SELECT blob FROM record WHERE blob IS NOT NULL GROUP BY blob ORDER BY min(pos)")
    .pluck()
    .all() as number[];
  // Rows follow each other almost as records do, so most are read many at a time.
  let rows = new Map<number, Uint8Array>();
  for (const id of ids) {
    if (!rows.has(id)) {
      const found = range.all(id, id + ROWS_AT_ONCE - 1) as BlobRow[];
      rows = new Map(found.map((row) => [row.id, row.body]));
    }
    const packed = rows.get(id);
    // What is missing here is missed by the verifier, which knows the record that it belongs to.
    if (packed === undefined) continue;
    const read = (): DumpLine => ({ kind: "blob", line2: unpackLine2(packed) });
    yield { kind: "raw-blob", form: "packed", bytes: packed, read };
  }
}

function openReadOnly(file: string): Database.Database {
  let db: Database.Database;
  try {
    db = new Database(file, { readonly: true, fileMustExist: true });
  } catch {
    fail("not-found", `no store at ${file}`);
  }
  const version = db.pragma("user_version", { simple: true });
  if (!STORE_VERSIONS.includes(version)) {
    db.close();
    fail("store", `the store has form ${String(version)}, this software reads 1 and 2`);
  }
  return db;
}

/** Buffers of the driver, as plain arrays that every comparison accepts. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
