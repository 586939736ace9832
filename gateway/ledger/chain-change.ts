/**
 * What goes into the chain writer and what comes out: known records, changes of the main chain, bad branches.
 */
import type { WattproofError } from "../../shared/base/error.ts";
import type { NoteKey } from "../../shared/crypto/key.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import type { ParsedRecord } from "../../shared/record/record.ts";
import type { BlobStore } from "./blob-store.ts";
import type { BlockStore } from "./block-store.ts";
import type { Opened } from "./candidate.ts";
import type { Db } from "./database.ts";
import type { Projector } from "./projected-block.ts";
import type { RecordStore } from "./record-store.ts";

/** What the ledger knows of a record beyond the block that carries it. */
export interface RecordSource {
  readonly record: ParsedRecord;
  readonly packed: Uint8Array;
  readonly blob: number | null;
  readonly opened: Opened | undefined;
}

export interface ChainWriterOptions {
  readonly db: Db;
  readonly suite: CryptoSuite;
  readonly note: NoteKey;
  readonly blocks: BlockStore;
  readonly records: RecordStore;
  readonly blobs: BlobStore;
  readonly projector: Projector;
  /** Real time, milliseconds. */
  readonly realMs: () => number;
  /** A record that is held, so parsed and verified, by its leaf. */
  readonly source: (leaf: string) => RecordSource | undefined;
}

/** A record of a block that was taken back. */
export interface UndoneRecord {
  readonly line1: string;
  readonly packed: Uint8Array;
  readonly blob: number | null;
}

/** What happened to the main chain. */
export interface ChainChange {
  readonly kind: "extended" | "side" | "reorganised";
  /** Records that left the main chain, in their order. */
  readonly undone: readonly UndoneRecord[];
  /** Blocks that entered it, in their order. */
  readonly added: readonly AddedBlock[];
  /** Main blocks from here on are new. */
  readonly fromHeight: number;
}

/** The records of a block that is in the main chain now. */
export interface AddedBlock {
  /** Position of the first. */
  readonly first: number;
  readonly records: readonly ParsedRecord[];
  /** What checking the block by all rules took, milliseconds of real time. */
  readonly checkMs: number;
}

/** A branch with more work in which a block breaks a rule that only its place could show. */
export class BadBranch extends Error {
  readonly hash: Uint8Array;
  readonly reason: WattproofError;

  constructor(hash: Uint8Array, reason: WattproofError) {
    super(reason.message);
    this.name = "BadBranch";
    this.hash = hash;
    this.reason = reason;
  }
}
