/**
 * `gateway verify`: checks a dump or a live store from genesis and says what it found.
 *
 * Shares nothing with the code that writes the chain beyond `shared/`. Worker threads are started first; what this
 * thread needs is loaded while they start.
 */

import type { OpenedCounts } from "./opened-verifier.ts";
import { ReaderPool } from "./reader-pool.ts";
import type { VerifySource } from "./verify-source.ts";

export interface VerifyOptions {
  /** Worker threads that check signatures. */
  readonly workers: number;
  /** Accept a source without its lines 2, which an auditor of the chain alone does not need. */
  readonly withoutBlobs?: boolean;
  /** The chain id that must be found; without it any genesis is accepted. */
  readonly chain?: string;
  /** Called now and then with the part that has been read, 0 to 1. */
  readonly onProgress?: (part: number) => void;
}

export interface VerifyReport extends OpenedCounts {
  readonly chain: string;
  readonly origin: string;
  readonly blocks: number;
  readonly records: number;
  /** Unix seconds of the last block. */
  readonly time: number;
  /** Lower-case hex of the last block's hash. */
  readonly tip: string;
  /** Expected number of tries that the blocks took, as a decimal. */
  readonly work: string;
  readonly blobs: number;
  readonly checkpoint: number | undefined;
}

/** Where a source is. It is opened while the readers start. */
export interface SourcePlace {
  /** About how many bytes there are; a small source is not worth threads. */
  readonly bytes: number;
  /** Whether readers must open a store. */
  readonly usesStore: boolean;
  open(): Promise<VerifySource>;
}

/** Smaller sources are not worth starting threads for. */
const WORTH_THREADS_BYTES = 1 << 20;

/** {@link verifyAt} of a source that is open. */
export async function verify(source: VerifySource, options: VerifyOptions): Promise<VerifyReport> {
  const { bytes, usesStore } = source;
  return verifyAt({ bytes, usesStore, open: async () => source }, options);
}

/**
 * Reads the whole source; resolves with the report or rejects with the coded error of the first rule broken
 * (detail: height, record = position in the log, leaf).
 */
export async function verifyAt(place: SourcePlace, options: VerifyOptions): Promise<VerifyReport> {
  const { bytes, usesStore } = place;
  const readers = bytes < WORTH_THREADS_BYTES ? 1 : options.workers;
  const pool = new ReaderPool({ readers, usesStore });
  let source: VerifySource | undefined;
  try {
    source = await place.open();
    const { Verification } = await import("./verification.ts");
    await pool.load();
    return await new Verification(source, options, pool).complete();
  } finally {
    await pool.close();
    source?.close();
  }
}
