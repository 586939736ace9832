/** What the ledger is opened with and what it says of itself. */
import type { Clock, RandomBytes } from "../../shared/base/clock.ts";
import type { NoteKey, RecipientKey, SigningKey } from "../../shared/crypto/key.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import type { Dropped } from "./candidate.ts";
import type { ChainChange } from "./chain-change.ts";
import type { Projector } from "./projected-block.ts";

/** This gateway's secrets; `note.name` is its member name. */
export interface GatewayKeys {
  readonly signing: SigningKey;
  readonly note: NoteKey;
  readonly utility: RecipientKey;
}

export interface LedgerOptions {
  /** The SQLite file. */
  readonly path: string;
  readonly suite: CryptoSuite;
  readonly keys: Pick<GatewayKeys, "signing" | "note">;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly projector: Projector;
  /** Real time, milliseconds, whatever the clock simulates; for measuring. Default: the clock's own. */
  readonly realMs?: () => number;
}

export interface Tip {
  readonly height: number;
  readonly hash: Uint8Array;
  /** Unix seconds. */
  readonly time: number;
  readonly logSize: number;
  readonly logRoot: Uint8Array;
  /** Height of the last final block. */
  readonly final: number;
  /** Sum of the work of all blocks. */
  readonly work: bigint;
}

export interface AppendResult extends Omit<ChainChange, "kind" | "undone"> {
  readonly kind: ChainChange["kind"] | "duplicate";
  /** Held records that no block can take any more; their senders are owed refusals. */
  readonly dropped: readonly Dropped[];
}
