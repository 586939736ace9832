/**
 * What a verifier reads: blocks by height, then the blobs of line 2, checkpoints and opened plaintexts, each in the
 * order of the dump (records.md section 6). A dump file and a gateway's store are both read in this form.
 *
 * A source only finds out where things are; taking records and lines 2 apart is the readers' work (facts.ts). The long
 * way, by which the main thread reads what a reader could not, is also what gives an error its code.
 */

import type { ChainState } from "../../shared/chain/chain-state.ts";
import type { DumpLine } from "../../shared/chain/dump.ts";
import type { LogView } from "../../shared/chain/log-view.ts";
import type { BlockFrame } from "./chain-verifier.ts";
import type { Order, ReaderStore } from "./facts.ts";

/** A block whose records nobody has looked at yet. */
export interface SourceBlock {
  readonly kind: "source-block";
  readonly frame: BlockFrame;
  /** Together all its records, in order. */
  readonly orders: readonly Order[];
  /** Line 1 of all its records, the long way. Throws the code of what cannot be read. */
  load(): readonly string[];
}

/** Lines 2 one after the other. */
export interface SourceBlobs {
  readonly kind: "source-blobs";
  readonly order: Order;
  /** Whether all lines 2 of the source were also read with the records of the blocks. */
  readonly wereShown: boolean;
  /** The same lines the long way. `read` throws the code of a line that cannot be read; `id` is the store's row. */
  load(): readonly { readonly id: number; read(): string }[];
}

export type SourceItem = SourceBlock | SourceBlobs | DumpLine;

export interface VerifySource {
  /** For messages: the file's or store's name. */
  readonly name: string;
  /** About how many bytes there are; a small source is not worth threads. */
  readonly bytes: number;
  /** Whether readers must open a store. */
  readonly usesStore: boolean;
  /** Items in dump order. Throws coded errors for what cannot be taken apart. */
  items(): Iterable<SourceItem>;
  /** The store that readers open; known once the first item is. */
  store(): ReaderStore | undefined;
  /** The log of a store, of which `state` is verified; the facts of a dump are kept and need none. */
  readonly openLog?: (state: ChainState) => LogView;
  /** All lines 2 of a dump once more, for opened plaintexts; a store opens none. */
  readonly lines2?: () => Iterable<string>;
  /** How much of the source has been read, from 0 to 1, for showing progress. */
  progress(): number;
  /** Until then what was given out can be loaded. */
  close(): void;
}
