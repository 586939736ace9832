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
  /** Position of the first record with this ct; a map keeps the order. */
  readonly #positions = new Map<string, number>();
  #left: Iterator<[ct: string, position: number]> | undefined;
  #next: [ct: string, position: number] | undefined;
  #found = 0;

  get found(): number {
    return this.#found;
  }

  demand(ct: string, position: number): void {
    if (!this.#positions.has(ct)) this.#positions.set(ct, position);
  }

  /** The next line 2. Throws `ct` and `blob`; `placeOf` is asked only then. */
  find(ct: string, placeOf: (position: number) => Place): void {
    const next = this.#peek();
    if (next === undefined || next[0] !== ct) {
      const place = next === undefined ? {} : placeOf(next[1]);
      if (!this.#positions.has(ct)) fail("ct", "a line 2 that no record names", place);
      fail("blob", "line 2 of a record is missing, comes twice or is out of log order", place);
    }
    this.#found += 1;
    this.#next = undefined;
  }

  /** Position of the first record whose line 2 has not come, if any. */
  missing(): number | undefined {
    return this.#peek()?.[1];
  }

  #peek(): [ct: string, position: number] | undefined {
    this.#left ??= this.#positions.entries();
    this.#next ??= this.#left.next().value;
    return this.#next;
  }
}
