// What readers see of the chain itself: its tip, blocks and records with their proofs. Units and forms as in
// read-model-types.ts.

/**
 * How far a record has come. `held`: received and durable, in no block. `block`: in a block that is
 * not final. `final`: in a final block. `broken`: it is stored but does not verify, or was voided.
 */
export type SealState = "final" | "block" | "held" | "broken";

/** Where a record is. `position` and `height` are absent exactly while it is `held`. */
export interface Placed {
  readonly state: SealState;
  readonly leaf: string;
  readonly position?: number;
  readonly height?: number;
}

export interface ChainTip {
  /** Leaf of the genesis record. */
  readonly chainId: string;
  readonly origin: string;
  /** The three digits with which meter ids of this chain begin. */
  readonly zone: string;
  readonly height: number;
  /** Of the tip block. */
  readonly hash: string;
  readonly timeSeconds: number;
  readonly finalHeight: number;
  readonly logSize: number;
  readonly logRoot: string;
  readonly bits: number;
  /** Sum of the work of all blocks, decimal digits (may exceed 2^53). */
  readonly work: string;
}

export interface BlockSummary {
  readonly height: number;
  readonly hash: string;
  readonly prevHash: string;
  readonly timeSeconds: number;
  readonly final: boolean;
  readonly records: number;
  /** Position of its first record; logSize - records. */
  readonly firstPosition: number;
  readonly logSize: number;
  readonly bits: number;
  /** Decimal digits. */
  readonly work: string;
  /** kid and name of the sealing gateway. */
  readonly gatewayKid: string;
  readonly gatewayName: string;
}

export interface BlockDetail extends BlockSummary {
  readonly header: Uint8Array;
  readonly nonce: Uint8Array;
  readonly seal: Uint8Array;
  readonly headerHash: string;
  readonly recordsRoot: string;
  readonly logRoot: string;
  readonly gatewayKey: SignerKey;
  readonly nextHash?: string;
}

/** What the hash of a block is made of. */
export interface HeaderRow {
  readonly height: number;
  readonly header: Uint8Array;
  readonly nonce: Uint8Array;
}

/** The signed line of a record, as logged. */
export interface LineRow {
  readonly position: number;
  readonly line1: string;
}

/** Public part of a P-256 key, for checking a signature on the page. */
export interface SignerKey {
  readonly crv: "P-256";
  readonly kty: "EC";
  readonly x: string;
  readonly y: string;
}

export interface RecordSummary {
  readonly position: number;
  readonly height: number;
  readonly leaf: string;
  /** records.md section 3, for example "day". */
  readonly typ: string;
  readonly kid: string;
  readonly seq: number;
  readonly state: SealState;
  /** Name of a member, or the meter id of a meter key. */
  readonly signer: string;
  /** The meter that the record is about, where the vault knows it. */
  readonly meter?: string;
  /** Of days and corrections the civil day; of bills and credits the number; of tariffs "id v<n>"; of revocations why. */
  readonly subject?: string;
}

/** A record with all that a reader needs to check it again, and nothing that needs a secret. */
export interface RecordDetail extends RecordSummary {
  readonly line1: string;
  /** Absent when the record has none or it was erased. */
  readonly line2?: string;
  readonly signerKey: SignerKey;
  /** Position of the record that admits the signer's key: 0 for a member, the enrolment for a meter. */
  readonly keyPosition: number;
  readonly unusable?: string;
  /** Path from this record to the root of the log of `block.logSize` leaves. */
  readonly inclusion: readonly string[];
  readonly block: BlockDetail;
  /** The earliest checkpoint of a size >= block.logSize; absent while not final. */
  readonly checkpoint?: {
    readonly size: number;
    readonly note: string;
    /** Gateway signatures that it needs (Q of records.md section 6). */
    readonly threshold: number;
    /** From block.logSize to `size`; empty when they are equal. */
    readonly consistency: readonly string[];
    /** Ed25519 keys of the gateways that may sign it, raw 32 bytes. */
    readonly keys: readonly { readonly name: string; readonly publicKey: Uint8Array }[];
  };
  /** The receipt as sent to a meter that has seen nothing (old 0). */
  readonly receipt?: string;
  /** Position of this key's previous and next record, if in the chain. */
  readonly previousPosition?: number;
  readonly nextPosition?: number;
}

/** What a meter said happened to it, in its own signed record. */
export interface MeterEventRow {
  readonly position: number;
  /** By the meter's clock. */
  readonly atSeconds: number;
  /** One of shared/event/event-code.ts, or a newer one. */
  readonly code: string;
  /** Plain text as the meter wrote it. */
  readonly before?: string;
  readonly after?: string;
}
