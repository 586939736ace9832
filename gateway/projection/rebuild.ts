/**
 * The projection dropped and made again from truth and vault, block by block, in one transaction.
 */
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { unpackLine1 } from "../../shared/record/compact.ts";
import { parseRecord } from "../../shared/record/record.ts";
import { BlobStore } from "../ledger/blob-store.ts";
import { BlockStore } from "../ledger/block-store.ts";
import type { Db } from "../ledger/database.ts";
import type { Projector } from "../ledger/projected-block.ts";
import { RecordStore } from "../ledger/record-store.ts";
import { PROJECTION_TABLE_NAMES, PROJECTION_TABLES } from "./schema.ts";

export interface RebuildOptions {
  readonly suite: CryptoSuite;
  readonly projector: Projector;
  /** Told after each block. */
  readonly onProgress?: (progress: { readonly height: number; readonly tip: number }) => void;
}

/** Rebuilds the projection of an open store. Returns the number of records replayed. */
export function rebuildProjection(db: Db, options: RebuildOptions): number {
  const { suite, projector, onProgress } = options;
  const blocks = new BlockStore(db);
  const records = new RecordStore(db);
  const blobs = new BlobStore(db, suite);
  const tip = blocks.tip()?.height ?? -1;
  let replayed = 0;
  db.transaction(() => {
    for (const table of PROJECTION_TABLE_NAMES) db.exec(`DROP TABLE IF EXISTS ${table}`);
    db.exec(PROJECTION_TABLES);
    projector.reset();
    for (let height = 0; height <= tip; height++) {
      const row = blocks.main(height);
      if (row === undefined) throw new Error(`block ${height} is not in the store`);
      const rows = [...records.range(row.first, row.first + row.records)];
      projector.apply(db, {
        height,
        time: Number(new DataView(row.header.buffer, row.header.byteOffset).getBigUint64(112)),
        records: rows.map(({ pos, line1, blob, prev }) => ({
          position: pos,
          record: parseRecord(suite, unpackLine1(line1)),
          previous: prev,
          opened: undefined,
          line2: () => (blob === null ? undefined : blobs.read(blob)),
        })),
      });
      replayed += rows.length;
      onProgress?.({ height, tip });
    }
  }).immediate();
  return replayed;
}

/** Every row of the projection as text lines, for comparing two of them byte for byte. */
export function* dumpProjection(db: Db): Generator<string> {
  for (const table of PROJECTION_TABLE_NAMES) {
    const statement = db.prepare(`SELECT * FROM ${table}`).raw();
    for (const row of statement.iterate() as IterableIterator<unknown[]>) {
      yield `${table} ${JSON.stringify(row.map((value) => (value instanceof Uint8Array ? `x${Buffer.from(value).toString("hex")}` : value)))}`;
    }
  }
}
