/**
 * What a verifier reads: blocks by height, then the blobs of line 2, checkpoints and opened plaintexts, each in the
 * order of the dump (records.md section 6). A dump file and a gateway's store are both read in this form.
 */
import type { DumpLine } from "../../shared/chain/dump.ts";

export interface VerifySource {
  /** For messages: the file's or store's name. */
  readonly name: string;
  /** Lines in dump order. Throws coded errors for lines that do not parse. */
  lines(): AsyncIterable<DumpLine> | Iterable<DumpLine>;
  /** How much of the source has been read, from 0 to 1, for showing progress. */
  progress(): number;
}
