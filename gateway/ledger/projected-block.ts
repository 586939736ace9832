/**
 * How a block reaches the projection: inside the ledger's transaction, after its records are stored.
 */
import type { ParsedRecord } from "../../shared/record/record.ts";
import type { Opened } from "./candidate.ts";
import type { Db } from "./database.ts";

export interface ProjectedRecord {
  readonly position: number;
  readonly record: ParsedRecord;
  /** Position of the same key's previous record. */
  readonly previous: number | null;
  /** Verdict of intake on line 2; undefined: to be opened now. */
  readonly opened: Opened | undefined;
  /** Line 2, where it has arrived. */
  line2(): string | undefined;
}

export interface ProjectedBlock {
  readonly height: number;
  /** Unix seconds of the block. */
  readonly time: number;
  readonly records: readonly ProjectedRecord[];
}

export interface Projector {
  /** Adds a block on top of what is projected. */
  apply(db: Db, block: ProjectedBlock): void;
  /**
   * Takes back every block from `height` on. `fromPosition` is the position of the first record that goes; the
   * records are still stored.
   */
  rollback(db: Db, fromPosition: number, height: number): void;
  /** Forgets what it remembers of the tables; after a transaction that was undone. */
  reset(): void;
}
