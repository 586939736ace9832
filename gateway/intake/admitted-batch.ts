/**
 * What a crypto worker sends to the writer for one batch.
 *
 * Days, which are almost everything, travel as rows of numbers and one buffer in which their leaf, their stored lines
 * and the opened day lie one after the other: nothing is cloned, and the writer makes texts of them only when
 * somebody asks. All else (refusals, events, what is of an unusual form) travels as it is. The buffer goes back to its worker after
 * the commit: new ones for each batch would be collected only with the whole heap (docs/performance.md).
 */
import { readBase64url } from "../../shared/base/bytes.ts";
import { ERROR_CODES, type ErrorCode } from "../../shared/base/error-code.ts";
import { unpackLine1, unpackLine2 } from "../../shared/record/compact.ts";
import type { DayPayload } from "../../shared/record/payload.ts";
import type { ParsedRecord } from "../../shared/record/record.ts";
import type { Candidate, Opened, RecordParts } from "../ledger/candidate.ts";
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
  /** Per day its leaf, packed line 1, packed line 2 and the opened day; may be longer than they are. */
  readonly bytes: ArrayBuffer;
}

/** Back to the worker: the memory of a batch whose days are all committed. */
export interface ReturnedBatch {
  readonly bytes: ArrayBuffer;
}

/** Buffers that are kept for later batches: about as many as a commit waits for. */
const MAX_SPARE = 16;
/** A full batch of usual days takes three quarters of it. */
const MAX_SPARE_BYTES = 1_048_576;
const FIRST_BYTES = 65_536;
const FIRST_ROWS = 256;

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
  arena = new Uint8Array(FIRST_BYTES);
  /** Came back from the writer. */
  readonly #spare: ArrayBuffer[] = [];
  /** Beginning of the next day in the arena. */
  at = 0;
  #kinds: number[] = [];
  #others: AdmittedItem[] = [];
  #numbers = new Float64Array(FIRST_ROWS * COLUMNS);
  #filled = 0;

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
    const to = this.#filled;
    this.#filled = to + COLUMNS;
    if (this.#filled > this.#numbers.length) this.#growNumbers();
    const numbers = this.#numbers;
    numbers[to + KEY] = row.key;
    numbers[to + EPOCH] = row.epoch;
    numbers[to + PACKET_ID] = row.packetId;
    numbers[to + SEQ] = row.seq;
    numbers[to + FROM] = row.from;
    numbers[to + TO] = row.to;
    numbers[to + UNOPENED] = row.unopened ? 1 : 0;
    numbers[to + CODE] = code;
    numbers[to + AT] = this.at;
    numbers[to + LINE1] = row.line1Bytes;
    numbers[to + LINE2] = row.line2Bytes;
    numbers[to + DAY] = row.dayBytes;
    numbers[to + LINE1_CHARS] = row.line1Chars;
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
      numbers: this.#numbers.slice(0, this.#filled),
      bytes: this.arena.buffer,
    };
    // The next batch will be about as large as this one.
    const spare = this.#spare.pop();
    const room = Math.max(FIRST_BYTES, this.at + (this.at >> 3));
    this.arena = spare === undefined ? new Uint8Array(room) : new Uint8Array(spare);
    this.#kinds = [];
    this.#others = [];
    this.#filled = 0;
    this.at = 0;
    return { batch, transfer: [batch.kinds.buffer, batch.numbers.buffer, batch.bytes] };
  }

  #growNumbers(): void {
    const grown = new Float64Array(this.#numbers.length * 2);
    grown.set(this.#numbers);
    this.#numbers = grown;
  }

  /** Takes back the memory of a batch. */
  giveBack({ bytes }: ReturnedBatch): void {
    const isOfUse = bytes.byteLength <= MAX_SPARE_BYTES && this.#spare.length < MAX_SPARE;
    if (isOfUse) this.#spare.push(bytes);
  }
}

/**
 * A day for the ledger: item, candidate, record and payload in one, because thousands of them wait for each block and every object
 * more is one more for the collector. Texts and views are made when somebody asks for them.
 */
class AdmittedDay implements AdmittedItem, Candidate, RecordParts, DayPayload {
  readonly typ = "day";
  readonly v = 1;
  readonly kid: string;
  readonly meter: string;
  readonly epoch: number;
  readonly packetId: number;
  readonly seq: number;
  readonly prev: string;
  readonly leaf: string;
  readonly from: number;
  readonly to: number;
  readonly unopened: boolean;
  readonly line1Chars: number;
  readonly #code: ErrorCode | undefined;
  /** Leaf, packed line 1 and opened day lie here from `#at` on, as long as the day is held. */
  readonly #kept: Uint8Array;
  readonly #at: number;
  readonly #dayAt: number;
  readonly #end: number;
  /** Packed line 2 lies in the batch, until the commit. */
  readonly #batch: Uint8Array;
  readonly #line2At: number;
  readonly #line2End: number;

  /** Copies what is kept from row `row` of the batch's numbers to `at` of `kept`. */
  constructor(
    batch: Uint8Array,
    numbers: Float64Array,
    row: number,
    book: KeyBook,
    kept: Uint8Array,
    at: number,
  ) {
    const { kid, meter } = book.at(numbers[row + KEY] as number);
    this.kid = kid;
    this.meter = meter;
    this.epoch = numbers[row + EPOCH] as number;
    this.packetId = numbers[row + PACKET_ID] as number;
    this.seq = numbers[row + SEQ] as number;
    this.from = numbers[row + FROM] as number;
    this.to = numbers[row + TO] as number;
    this.unopened = numbers[row + UNOPENED] === 1;
    this.line1Chars = numbers[row + LINE1_CHARS] as number;
    const code = numbers[row + CODE] as number;
    this.#code = code === NO_CODE ? undefined : CODES[code];
    const start = numbers[row + AT] as number;
    const line2At = start + HASH_BYTES + (numbers[row + LINE1] as number);
    const line2End = line2At + (numbers[row + LINE2] as number);
    this.#batch = batch;
    this.#line2At = line2At;
    this.#line2End = line2End;
    this.#kept = kept;
    this.#at = at;
    this.#dayAt = at + line2At - start;
    this.#end = this.#dayAt + (numbers[row + DAY] as number);
    kept.set(batch.subarray(start, line2At), at);
    kept.set(batch.subarray(line2End, line2End + this.#end - this.#dayAt), this.#dayAt);
    const line1At = at + HASH_BYTES;
    this.leaf = readBase64url(kept, at, line1At);
    this.prev = readBase64url(kept, line1At + PREV_AT, line1At + PREV_AT + HASH_BYTES);
  }

  /** Where what is kept of the next day may begin. */
  get end(): number {
    return this.#end;
  }

  get candidate(): Candidate {
    return this;
  }

  get record(): ParsedRecord<"day"> {
    return this;
  }

  get payload(): DayPayload {
    return this;
  }

  get parts(): RecordParts {
    return this;
  }

  get ct(): string {
    const at = this.#at + HASH_BYTES + CT_AT;
    return readBase64url(this.#kept, at, at + HASH_BYTES);
  }

  get pt(): string {
    const at = this.#at + HASH_BYTES + PT_AT;
    return readBase64url(this.#kept, at, at + HASH_BYTES);
  }

  get line1(): string {
    return unpackLine1(this.packedLine1);
  }

  /** Only until the commit. */
  get line2(): string {
    return unpackLine2(this.packedLine2);
  }

  get packedLine1(): Uint8Array {
    return viewOf(this.#kept, this.#at + HASH_BYTES, this.#dayAt);
  }

  /** Only until the commit. */
  get packedLine2(): Uint8Array {
    return viewOf(this.#batch, this.#line2At, this.#line2End);
  }

  get leafHash(): Uint8Array {
    return viewOf(this.#kept, this.#at, this.#at + HASH_BYTES);
  }

  get opened(): Opened | undefined {
    if (this.#code !== undefined) return { unusable: this.#code };
    if (this.#end === this.#dayAt) return undefined;
    return { packed: viewOf(this.#kept, this.#dayAt, this.#end) };
  }
}

/** What the writer knows of keys by their number. */
export interface KeyBook {
  at(no: number): Pick<RegistryEntry, "kid" | "meter">;
}

/** The items of a batch in their order. What they need after the commit is copied out of it. */
export function unpackAdmitted(batch: AdmittedBatch, book: KeyBook): AdmittedItem[] {
  const { kinds, others, numbers } = batch;
  const bytes = new Uint8Array(batch.bytes);
  const kept = new Uint8Array(keptBytes(numbers));
  const items: AdmittedItem[] = [];
  let other = 0;
  let row = 0;
  let at = 0;
  for (const kind of kinds) {
    if (kind === 0) {
      items.push(others[other] as AdmittedItem);
      other += 1;
      continue;
    }
    const day = new AdmittedDay(bytes, numbers, row, book, kept, at);
    items.push(day);
    at = day.end;
    row += COLUMNS;
  }
  return items;
}

function keptBytes(numbers: Float64Array): number {
  let sum = 0;
  for (let row = 0; row < numbers.length; row += COLUMNS) {
    sum += HASH_BYTES + (numbers[row + LINE1] as number) + (numbers[row + DAY] as number);
  }
  return sum;
}

function viewOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start);
}
