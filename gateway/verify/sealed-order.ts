/** Lines 2 that the records of a log demand: each ct once, in the order of the first record that names it. */
import { fail } from "../../shared/base/error.ts";

/** Where a record stands, as errors name it. */
export interface Place {
  readonly height: number;
  readonly record: number;
  readonly leaf: string;
}

/** ct is a text of one character a byte here: it is only looked up and compared. */
export class SealedOrder {
  /** A set keeps the order. */
  readonly #cts = new Set<string>();
  /** Position of the first record with each of them. */
  readonly #positions: number[] = [];
  #left: Iterator<string> | undefined;
  #next: string | undefined;
  #found = 0;

  get found(): number {
    return this.#found;
  }

  demand(ct: string, position: number): void {
    this.#cts.add(ct);
    if (this.#cts.size > this.#positions.length) this.#positions.push(position);
  }

  /** The next line 2. Throws `ct` and `blob`; `placeOf` is asked only then. */
  find(ct: string, placeOf: (position: number) => Place): void {
    this.#left ??= this.#cts.values();
    this.#next ??= this.#left.next().value;
    if (this.#next !== ct) {
      const missing = this.missing();
      const place = missing === undefined ? {} : placeOf(missing);
      if (!this.#cts.has(ct)) fail("ct", "a line 2 that no record names", place);
      fail("blob", "line 2 of a record is missing, comes twice or is out of log order", place);
    }
    this.#found += 1;
    this.#next = undefined;
  }

  /** Position of the first record whose line 2 has not come, if any. */
  missing(): number | undefined {
    return this.#positions[this.#found];
  }
}
