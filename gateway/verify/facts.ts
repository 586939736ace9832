/**
 * What the verifier's main thread asks its readers and what they answer.
 *
 * A reader takes records apart (chain rule C1), hashes their leaves and verifies their signatures (C5). Of days, which
 * are almost all there is, it hands back numbers and hashes in one buffer a batch: an object a record would cost as
 * much as reading the record. Of other records it hands back line 1 and what it vouches for. Rules are none of its
 * business, and what it does not vouch for the main thread reads again, which finds the exact code.
 */
import type { VerifyKey } from "../../shared/crypto/suite.ts";

/** A signing key as readers know it; `no` is its place in the main thread's table. */
export interface KnownKey {
  readonly no: number;
  readonly kid: string;
  readonly key: VerifyKey;
}

export type Order =
  /** Records of a store by position, with their lines 2. */
  | { readonly kind: "rows"; readonly first: number; readonly count: number }
  /** The lines 2 alone. */
  | { readonly kind: "row-blobs"; readonly first: number; readonly count: number }
  /** Lines 1 of a dump's block as they stand there: joined by `","`. */
  | { readonly kind: "lines"; readonly text: Uint8Array }
  /** Lines 2 of a dump: base64url texts in `bytes`, from each of `starts` to the same place of `ends`. */
  | {
      readonly kind: "blobs";
      readonly bytes: Uint8Array;
      readonly starts: Uint32Array;
      readonly ends: Uint32Array;
    };

/** Nothing is known of the record but its line 1. */
export const UNKNOWN = 0;
/** Form and signatures hold, that of the request in an enrol record included. */
export const VOUCHED = 1;
/** The same of a day, of which numbers and hashes say everything. */
export const DAY = 2;

/** What a store shows beside a record, if the source is one. */
export const NO_LINE2 = 0;
/** A line 2 whose SHA-256 stands at CT_AT; of a day only if that is its ct. */
export const LINE2 = 1;
/** Something else: reading it the long way says what. */
export const DOUBTFUL_LINE2 = 2;

/** Numbers of a day: no of its key, seq, from, to. */
export const NUMBERS = 4;
/** Bytes of hashes a record: leaf, then ct, prev, pt as a packed day has them. Of a vouched record that is no day only the leaf is given; see also `LINE2`. */
export const HASHES = 128;
export const HASH_BYTES = 32;
export const LEAF_AT = 0;
export const CT_AT = 32;
export const PREV_AT = 64;
export const PT_AT = 96;

export interface RecordFacts {
  readonly count: number;
  /** Lengths of all lines 1 together. */
  readonly bytes: number;
  readonly status: Uint8Array<ArrayBuffer>;
  /** `LINE2` and so on; nothing but `NO_LINE2` where the source is no store. */
  readonly line2: Uint8Array<ArrayBuffer>;
  readonly numbers: Float64Array<ArrayBuffer>;
  readonly hashes: Uint8Array<ArrayBuffer>;
  /** The hashes in words, for comparing. */
  readonly words: Uint32Array<ArrayBuffer>;
  /** Line 1 of each record that is no `DAY`, in order. */
  readonly texts: readonly string[];
  /** Keys that enrol records among these bring: imported, and each request's signature verified. */
  readonly admitted: readonly Omit<KnownKey, "no">[];
}

export interface BlobFacts {
  readonly count: number;
  /** SHA-256 of each line 2 in words of the machine's order; of one that is none (`holds` 0) nothing. */
  readonly hashes: Uint32Array<ArrayBuffer>;
  readonly holds: Uint8Array<ArrayBuffer>;
  /** Rows of a store's lines 2; empty for a dump. */
  readonly ids: Float64Array<ArrayBuffer>;
}

/** undefined: what was asked for cannot be read in this way; the main thread reads it the long way. */
export type Answer =
  | { readonly kind: "records"; readonly facts: RecordFacts | undefined }
  | { readonly kind: "blobs"; readonly facts: BlobFacts | undefined };

/** A store, and the newest block of its main chain, which a reader must find in its own view of it. */
export interface ReaderStore {
  readonly file: string;
  readonly height: number;
  readonly hash: Uint8Array;
}

/** To a worker thread: the store first, where there is one, then keys and orders. */
export type ReaderMessage =
  | { readonly kind: "store"; readonly store: ReaderStore }
  | { readonly kind: "keys"; readonly keys: readonly KnownKey[] }
  | { readonly kind: "order"; readonly order: Order };

/** Views of one buffer, so that an answer travels as one. */
type FactViews = Pick<RecordFacts, "status" | "line2" | "numbers" | "hashes" | "words">;

/** Of `buffer`, if it is given: one that was made here for as many records. */
export function allocateFacts(count: number, buffer?: ArrayBuffer): FactViews {
  const hashesAt = 8 * NUMBERS * count;
  const statusAt = hashesAt + HASHES * count;
  const bytes = buffer ?? new ArrayBuffer(statusAt + 2 * count);
  return {
    numbers: new Float64Array(bytes, 0, NUMBERS * count),
    hashes: new Uint8Array(bytes, hashesAt, HASHES * count),
    words: new Uint32Array(bytes, hashesAt, (HASHES / 4) * count),
    status: new Uint8Array(bytes, statusAt, count),
    line2: new Uint8Array(bytes, statusAt + count, count),
  };
}

/** Facts that say nothing but the lines 1. */
export function unknownFacts(lines: readonly string[]): RecordFacts {
  const bytes = lines.reduce((sum, line1) => sum + line1.length, 0);
  return toFacts(allocateFacts(lines.length), lines.length, bytes, lines, []);
}

/** All facts are made here: objects of one hidden class, so that what reads them is compiled once. */
export function toFacts(
  { numbers, hashes, words, status, line2 }: FactViews,
  count: number,
  bytes: number,
  texts: readonly string[],
  admitted: RecordFacts["admitted"],
): RecordFacts {
  return { count, bytes, status, line2, numbers, hashes, words, texts, admitted };
}

/** Facts that came from another thread, as if they had been made here. */
export function renewFacts({
  count,
  bytes,
  status,
  hashes,
  texts,
  admitted,
}: RecordFacts): RecordFacts {
  return toFacts(allocateFacts(status.length, hashes.buffer), count, bytes, texts, admitted);
}
