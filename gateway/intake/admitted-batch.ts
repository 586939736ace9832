/**
 * What a crypto worker sends to the writer for one batch.
 *
 * Days, which are almost everything, travel as rows of numbers and one buffer in which their leaf, their stored lines
 * and the opened day lie one after the other: nothing is cloned, and the writer makes texts of them only when
 * somebody asks. All else (refusals, events, what is of an unusual form) travels as it is. The buffer goes back to its worker after
 * the commit: new ones for each batch would be collected only with the whole heap (docs/performance.md).
 */
import type { ErrorCode } from "../../shared/base/error-code.ts";
import type { Admission } from "./admission.ts";
import {
  AT,
  CODE,
  COLUMNS,
  DAY,
  EPOCH,
  FROM,
  HASH_BYTES,
  KEY,
  LINE1,
  LINE1_CHARS,
  LINE2,
  numberOfCode,
  PACKET_ID,
  SEQ,
  TO,
  UNOPENED,
} from "./admitted-columns.ts";

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
    numbers[to + CODE] = numberOfCode(row.code);
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
