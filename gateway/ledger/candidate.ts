/**
 * What admission hands to the ledger and what the ledger answers. Plain data: both cross threads.
 */
import type { ErrorCode } from "../../shared/base/error-code.ts";
import type { ParsedRecord } from "../../shared/record/record.ts";

/** A line 2 that opened and passed the local rules; `packed` is the form of projection/packed-day.ts. */
export interface OpenedDay {
  readonly packed: Uint8Array;
}

/** A line 2 that will never be usable, with the code of the local rule that it breaks. */
export interface Unusable {
  readonly unusable: ErrorCode;
}

export type Opened = OpenedDay | Unusable;

/** What stands for a record in a block and in the store. Whoever asks for a part may make it anew for each asking. */
export interface RecordParts {
  /** Stored form of line 1 (`packLine1` of shared/record/compact.ts). */
  readonly packedLine1: Uint8Array;
  /** Length of line 1 as text. */
  readonly line1Chars: number;
  /** 32 bytes. */
  readonly leafHash: Uint8Array;
}

export interface Candidate {
  /** Form and signature of line 1 and `ct` are checked. */
  readonly record: ParsedRecord;
  readonly line2?: string;
  /** Stored form of line 2 (`packLine2` of shared/record/compact.ts); stands for `line2`, which then need not come. */
  readonly packedLine2?: Uint8Array;
  /** Meter id of the topic on which it came; it opens the key's point. */
  readonly meter?: string;
  /** The worker's verdict on line 2. Absent: the ledger opens it when it is projected. */
  readonly opened?: Opened | undefined;
  /** What a block is made of, where it is known without the text of line 1. */
  readonly parts?: RecordParts;
}

export type HoldCode = "held" | "duplicate" | "resend" | "frozen" | `refused-${ErrorCode}`;

export interface HoldOutcome {
  readonly code: HoldCode;
  /** Leaf of the candidate. */
  readonly leaf: string;
  /** Line 1 of the newest record of this key that the ledger holds, except with `held`. */
  readonly last?: string;
  /** With `resend`: the seq that comes next. */
  readonly want?: number;
  /** With `duplicate`: position in the log, if it is in a block. */
  readonly position?: number;
}

/** A held record that can no longer be mined: its sender is owed a signed refusal. */
export interface Dropped {
  readonly leaf: string;
  readonly code: HoldCode;
  readonly kid: string;
  readonly meter?: string;
}
