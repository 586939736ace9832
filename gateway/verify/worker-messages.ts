/**
 * What the verifier's main thread and its workers say to each other. Texts and numbers of a whole batch travel as one
 * text and one array: cloning an object a record costs as much as reading the record.
 */
import type { EcPublicJwk } from "../../shared/crypto/suite.ts";
import type { RawBlob } from "./verify-source.ts";

export interface KeyMessage {
  readonly kind: "key";
  readonly kid: string;
  readonly jwk: EcPublicJwk;
}

export interface LinesMessage {
  readonly kind: "lines";
  readonly id: number;
  /** Joined by LF, which no line 1 has. */
  readonly lines: string;
}

/** Blobs of one form, one after the other in `bytes`. */
export interface BlobsMessage {
  readonly kind: "blobs";
  readonly id: number;
  readonly form: RawBlob["form"];
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly lengths: Uint32Array<ArrayBuffer>;
}

/**
 * What is known of each line: {@link TEXTS} texts joined by LF, all empty where its form or signature does not hold,
 * and {@link NUMBERS} numbers. Of a record that is no day only the kid is given.
 */
export interface FactsMessage {
  readonly kind: "facts";
  readonly id: number;
  readonly texts: string;
  readonly numbers: Float64Array<ArrayBuffer>;
}

/** `ct` of each blob, "" where its bytes are no line 2. */
export interface HashesMessage {
  readonly kind: "hashes";
  readonly id: number;
  readonly hashes: readonly string[];
}

/** kid, leaf, prev, ct, pt */
export const TEXTS = 5;
/** seq, from, to */
export const NUMBERS = 3;
