/**
 * What a crypto worker sends to the writer for one batch.
 *
 * Days, which are almost everything, travel as rows of numbers and one buffer in which their leaf, their stored lines
 * and the opened day lie one after the other: nothing is cloned, and the writer makes texts of them only when
 * somebody asks. All else (refusals, events, what is of an unusual form) travels as it is.
 */
import { readBase64url } from "../../shared/base/bytes.ts";
import { ERROR_CODES, type ErrorCode } from "../../shared/base/error-code.ts";
import { unpackLine1, unpackLine2 } from "../../shared/record/compact.ts";
import type { DayPayload } from "../../shared/record/payload.ts";
import type { Candidate, Opened } from "../ledger/candidate.ts";
import type { Admission } from "./admission.ts";
import type { RegistryEntry } from "./registry.ts";

/** One judged envelope, as the writer sees it. */
export interface AdmittedItem extends Admission {
  readonly meter: string;
  readonly epoch: number;
  readonly packetId: number;
}

export interface AdmittedBatch {
  /** Per item: whether it is the next day (1) or the next of `others` (0). */
  readonly kinds: Uint8Array<ArrayBuffer>;
  readonly others: readonly AdmittedItem[];
  /** Per day the numbers that `AdmittedBatchWriter.day` is given. */
  readonly numbers: Float64Array<ArrayBuffer>;
  /** Per day its leaf, packed line 1, packed line 2 and the opened day. */
  readonly bytes: ArrayBuffer;
}

const NO_CODE = -1;
const CODES = Object.keys(ERROR_CODES) as ErrorCode[];
const NUMBER_BY_CODE = new Map(CODES.map((code, number) => [code, number]));

/** Columns of `numbers`. */
const KEY = 0;
const EPOCH = 1;
const PACKET_ID = 2;
const SEQ = 3;
const FROM = 4;
const TO = 5;
const UNOPENED = 6;
const CODE = 7;
const AT = 8;
const LINE1 = 9;
const LINE2 = 10;
const DAY = 11;
const LINE1_CHARS = 12;
const COLUMNS = 13;
/** Places in a packed line 1 of a day (compact.ts). */
const CT_AT = 97;
const PREV_AT = 129;
const PT_AT = 161;
const HASH_BYTES = 32;

/** A day for the writer; its parts lie in the arena one after the other, the leaf first. */
export interface DayRow {
  /** `no` of the key's registry entry. */
  readonly key: number;
  readonly epoch: number;
  readonly packetId: number;
  readonly seq: number;
  readonly from: number;
  readonly to: number;
  readonly unopened: boolean;
  /** Why the day is unusable. */
  readonly code: ErrorCode | undefined;
  readonly line1Bytes: number;
  readonly line2Bytes: number;
  readonly dayBytes: number;
  /** Length of line 1 as text. */
  readonly line1Chars: number;
}

/** Collects what a worker has judged, batch after batch, in memory that it keeps. */
export class AdmittedBatchWriter {
  /** Days are written here by the caller, from `at` on; `reserve` makes room. */
  arena = new Uint8Array(65_536);
  /** Beginning of the next day in the arena. */
  at = 0;
  #kinds: number[] = [];
  #others: AdmittedItem[] = [];
  #numbers: number[] = [];

  /** Makes sure that so many bytes may be written from `at` on. */
  reserve(bytes: number): void {
    if (this.at + bytes <= this.arena.length) return;
    const grown = new Uint8Array(Math.max(this.arena.length * 2, this.at + bytes));
    grown.set(this.arena.subarray(0, this.at));
    this.arena = grown;
  }

  /** Adds the day whose parts were written from `at` on. */
  day(row: DayRow): void {
    const code = row.code === undefined ? NO_CODE : (NUMBER_BY_CODE.get(row.code) ?? NO_CODE);
    this.#kinds.push(1);
    this.#numbers.push(
      row.key,
      row.epoch,
      row.packetId,
      row.seq,
      row.from,
      row.to,
      row.unopened ? 1 : 0,
      code,
      this.at,
      row.line1Bytes,
      row.line2Bytes,
      row.dayBytes,
      row.line1Chars,
    );
    this.at += HASH_BYTES + row.line1Bytes + row.line2Bytes + row.dayBytes;
  }

  /** Adds what is no day, or none of the usual form. */
  other(item: AdmittedItem): void {
    this.#kinds.push(0);
    this.#others.push(item);
  }

  /** The batch so far, and its transferable parts; a new one begins. */
  take(): { readonly batch: AdmittedBatch; readonly transfer: readonly ArrayBuffer[] } {
    const batch: AdmittedBatch = {
      kinds: new Uint8Array(this.#kinds),
      others: this.#others,
      numbers: new Float64Array(this.#numbers),
      bytes: this.arena.slice(0, this.at).buffer,
    };
    this.#kinds = [];
    this.#others = [];
    this.#numbers = [];
    this.at = 0;
    return { batch, transfer: [batch.kinds.buffer, batch.numbers.buffer, batch.bytes] };
  }
}

/** A day's payload whose hashes become text when somebody asks. */
class PackedDayPayload implements DayPayload {
  readonly v = 1;
  readonly seq: number;
  readonly prev: string;
  readonly from: number;
  readonly to: number;
  readonly #line1: Uint8Array;

  constructor(seq: number, prev: string, from: number, to: number, line1: Uint8Array) {
    this.seq = seq;
    this.prev = prev;
    this.from = from;
    this.to = to;
    this.#line1 = line1;
  }

  get ct(): string {
    return readBase64url(this.#line1, CT_AT, CT_AT + HASH_BYTES);
  }

  get pt(): string {
    return readBase64url(this.#line1, PT_AT, PT_AT + HASH_BYTES);
  }
}

/** A day record whose line 1 becomes text when somebody asks. */
export class PackedDayRecord {
  readonly typ = "day";
  readonly kid: string;
  readonly seq: number;
  readonly prev: string;
  readonly leaf: string;
  readonly payload: DayPayload;
  readonly #packed: Uint8Array;

  constructor(kid: string, leaf: string, payload: DayPayload, packed: Uint8Array) {
    this.kid = kid;
    this.seq = payload.seq;
    this.prev = payload.prev;
    this.leaf = leaf;
    this.payload = payload;
    this.#packed = packed;
  }

  get line1(): string {
    return unpackLine1(this.#packed);
  }
}

/** A day for the ledger; its parts are views into the batch's buffer. */
class DayCandidate implements Candidate {
  readonly record: PackedDayRecord;
  readonly meter: string;
  readonly packedLine1: Uint8Array;
  readonly packedLine2: Uint8Array;
  readonly line1Chars: number;
  readonly leafHash: Uint8Array;
  readonly opened?: Opened;

  constructor(
    record: PackedDayRecord,
    meter: string,
    packedLine1: Uint8Array,
    packedLine2: Uint8Array,
    line1Chars: number,
    leafHash: Uint8Array,
    opened: Opened | undefined,
  ) {
    this.record = record;
    this.meter = meter;
    this.packedLine1 = packedLine1;
    this.packedLine2 = packedLine2;
    this.line1Chars = line1Chars;
    this.leafHash = leafHash;
    if (opened !== undefined) this.opened = opened;
  }

  get line2(): string {
    return unpackLine2(this.packedLine2);
  }
}

/** What the writer knows of keys by their number. */
export interface KeyBook {
  at(no: number): Pick<RegistryEntry, "kid" | "meter">;
}

/** The items of a batch in their order. */
export function unpackAdmitted(batch: AdmittedBatch, book: KeyBook): AdmittedItem[] {
  const { kinds, others, numbers } = batch;
  const bytes = new Uint8Array(batch.bytes);
  const items: AdmittedItem[] = [];
  let other = 0;
  let row = 0;
  for (const kind of kinds) {
    if (kind === 0) {
      items.push(others[other] as AdmittedItem);
      other += 1;
      continue;
    }
    items.push(unpackDay(bytes, numbers, row, book));
    row += COLUMNS;
  }
  return items;
}

function unpackDay(
  bytes: Uint8Array,
  numbers: Float64Array,
  row: number,
  book: KeyBook,
): AdmittedItem {
  const number = (column: number): number => numbers[row + column] as number;
  const { kid, meter } = book.at(number(KEY));
  const at = number(AT);
  const line1At = at + HASH_BYTES;
  const line2At = line1At + number(LINE1);
  const dayAt = line2At + number(LINE2);
  const end = dayAt + number(DAY);
  const leaf = readBase64url(bytes, at, line1At);
  const prev = readBase64url(bytes, line1At + PREV_AT, line1At + PREV_AT + HASH_BYTES);
  const packedLine1 = viewOf(bytes, line1At, line2At);
  const payload = new PackedDayPayload(number(SEQ), prev, number(FROM), number(TO), packedLine1);
  const record = new PackedDayRecord(kid, leaf, payload, packedLine1);
  const code = number(CODE);
  let opened: Opened | undefined;
  if (code !== NO_CODE) opened = { unusable: CODES[code] as ErrorCode };
  else if (end > dayAt) opened = { packed: viewOf(bytes, dayAt, end) };
  const packedLine2 = viewOf(bytes, line2At, dayAt);
  const candidate = new DayCandidate(
    record,
    meter,
    packedLine1,
    packedLine2,
    number(LINE1_CHARS),
    viewOf(bytes, at, line1At),
    opened,
  );
  const item = { meter, epoch: number(EPOCH), packetId: number(PACKET_ID), leaf, candidate };
  return number(UNOPENED) === 1 ? { ...item, unopened: true } : item;
}

function viewOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start);
}
