/**
 * What a verifier reads: blocks by height, then the blobs of line 2, checkpoints and opened plaintexts, each in the
 * order of the dump (records.md section 6). A dump file and a gateway's store are both read in this form.
 */
import type { DumpLine } from "../../shared/chain/dump.ts";

/**
 * A line 2 that nobody has looked at yet: the verifier's threads read and hash it, so that the thread that reads
 * the source has only its bytes to move.
 */
export interface RawBlob {
  readonly kind: "raw-blob";
  /** The base64url text of a dump's line, or the stored form of shared/record/compact.ts. */
  readonly form: "base64url" | "packed";
  readonly bytes: Uint8Array;
  /** The same line read the long way, which finds out what is wrong with it. Throws its code. */
  read(): DumpLine;
}

export interface VerifySource {
  /** For messages: the file's or store's name. */
  readonly name: string;
  /** Lines in dump order. Throws coded errors for lines that do not parse. */
  lines(): AsyncIterable<DumpLine | RawBlob> | Iterable<DumpLine | RawBlob>;
  /** How much of the source has been read, from 0 to 1, for showing progress. */
  progress(): number;
}
