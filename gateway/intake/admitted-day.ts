/** The writer's side of a batch: the judged days in it, as the ledger takes them. */
import { readBase64url } from "../../shared/base/bytes.ts";
import type { ErrorCode } from "../../shared/base/error-code.ts";
import { unpackLine1, unpackLine2 } from "../../shared/record/compact.ts";
import type { DayPayload } from "../../shared/record/payload.ts";
import type { ParsedRecord } from "../../shared/record/record.ts";
import type { Candidate, Opened, RecordParts } from "../ledger/candidate.ts";
import type { AdmittedBatch, AdmittedItem } from "./admitted-batch.ts";
import {
  AT,
  CODE,
  COLUMNS,
  codeOfNumber,
  DAY,
  EPOCH,
  FROM,
  HASH_BYTES,
  KEY,
  LINE1,
  LINE1_CHARS,
  LINE2,
  PACKET_ID,
  SEQ,
  TO,
  UNOPENED,
} from "./admitted-columns.ts";
import type { RegistryEntry } from "./registry.ts";

/** Places in a packed line 1 of a day (compact.ts). */
const CT_AT = 97;
const PREV_AT = 129;
const PT_AT = 161;

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
    this.#code = codeOfNumber(numbers[row + CODE] as number);
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
