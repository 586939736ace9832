/**
 * Line 1 of a day as it stands in a dump, without a text or an object: read by the strict reader of days
 * (shared/record/day-envelope.ts) into the packed form, from which its values are taken.
 */
import { DayEnvelopeReader, type DayForm } from "../../shared/record/day-envelope.ts";
import { CT_AT, SIGNATURE_AT, VARINTS_AT } from "./packed-day.ts";

const EMPTY = Buffer.alloc(0);
const MAX_LINE1 = 2_048;

export class TextDay {
  /** All three valid until the next day, as PackedDay has them. */
  leafInput = EMPTY;
  signed = EMPTY;
  readonly signature: Buffer;
  readonly #reader = new DayEnvelopeReader();
  readonly #line = Buffer.alloc(1 + MAX_LINE1);
  readonly #packed = Buffer.alloc(MAX_LINE1);

  constructor() {
    this.signature = this.#packed.subarray(SIGNATURE_AT, CT_AT);
  }

  get seq(): number {
    return this.#reader.seq;
  }

  get from(): number {
    return this.#reader.from;
  }

  get to(): number {
    return this.#reader.to;
  }

  /** Length of line 1. */
  get length(): number {
    return this.#reader.line1Length;
  }

  /** Reads `source[start…end)` if it is a day of the key of `form`; false: read it the long way. */
  read(source: Buffer, start: number, end: number, form: DayForm): boolean {
    const reader = this.#reader;
    if (end - start > MAX_LINE1) return false;
    if (!reader.readLine1(source, start, end, form, this.#packed, 0)) return false;
    source.copy(this.#line, 1, start, end);
    const length = end - start;
    if (this.leafInput.length === 1 + length) return true;
    // Almost all lines have the same length, and with it the same views.
    this.leafInput = this.#line.subarray(0, 1 + length);
    this.signed = this.#line.subarray(1, reader.signatureAt - start);
    return true;
  }

  /** ct, prev and pt one after the other. */
  copyHashes(target: Buffer, at: number): void {
    this.#packed.copy(target, at, CT_AT, VARINTS_AT);
  }
}
