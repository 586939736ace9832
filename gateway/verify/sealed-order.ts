/**
 * Lines 2 that the records of a log demand: each ct once, in the order of the first record that names it.
 *
 * A ct is eight words of some array. All of them stand one after the other in one array, and a table of open addresses
 * finds them again: a set of texts would cost more than all rules of a day together.
 */
import { fail } from "../../shared/base/error.ts";

/** Where a record stands, as errors name it. */
export interface Place {
  readonly height: number;
  readonly record: number;
  readonly leaf: string;
}

const WORDS = 8;

export class SealedOrder {
  #words = new Uint32Array(1_024 * WORDS);
  /** Position of the first record with each ct. */
  #positions = new Float64Array(1_024);
  /** Number of a ct, plus one, at the place that its first word gives or the next free one; at most half full. */
  #table = new Uint32Array(2_048);
  #count = 0;
  #found = 0;

  get found(): number {
    return this.#found;
  }

  /** How many there are, each counted once. */
  get count(): number {
    return this.#count;
  }

  /** All of them have come. */
  findAll(): void {
    this.#found = this.#count;
  }

  /** The ct at word `at` of `words` belongs to the record at `position`. */
  demand(words: Uint32Array, at: number, position: number): void {
    const place = this.#placeOf(words, at);
    if (this.#table[place] !== 0) return;
    const number = this.#count++;
    this.#table[place] = number + 1;
    for (let w = 0; w < WORDS; w++) this.#words[number * WORDS + w] = words[at + w] as number;
    this.#positions[number] = position;
    if (this.#count === this.#positions.length) this.#grow();
  }

  /** The next line 2, by its ct. Throws `ct` and `blob`; `placeOf` is asked only then. */
  find(words: Uint32Array, at: number, placeOf: (position: number) => Place): void {
    const isNext = this.#found < this.#count && this.#equals(this.#found, words, at);
    if (!isNext) {
      const missing = this.missing();
      const place = missing === undefined ? {} : placeOf(missing);
      if (this.#table[this.#placeOf(words, at)] === 0) {
        fail("ct", "a line 2 that no record names", place);
      }
      fail("blob", "line 2 of a record is missing, comes twice or is out of log order", place);
    }
    this.#found += 1;
  }

  /** Position of the first record whose line 2 has not come, if any. */
  missing(): number | undefined {
    return this.#found < this.#count ? this.#positions[this.#found] : undefined;
  }

  /** Where in the table the ct is, or the free place where it belongs. */
  #placeOf(words: Uint32Array, at: number): number {
    const table = this.#table;
    const mask = table.length - 1;
    let place = (words[at] as number) & mask;
    for (;;) {
      const number = table[place] as number;
      if (number === 0 || this.#equals(number - 1, words, at)) return place;
      place = (place + 1) & mask;
    }
  }

  #equals(number: number, words: Uint32Array, at: number): boolean {
    const own = number * WORDS;
    for (let w = 0; w < WORDS; w++) {
      if (this.#words[own + w] !== words[at + w]) return false;
    }
    return true;
  }

  #grow(): void {
    const size = 2 * this.#count;
    const words = new Uint32Array(size * WORDS);
    words.set(this.#words);
    const positions = new Float64Array(size);
    positions.set(this.#positions);
    this.#words = words;
    this.#positions = positions;
    this.#table = new Uint32Array(2 * size);
    for (let number = 0; number < this.#count; number++) {
      this.#table[this.#placeOf(words, number * WORDS)] = number + 1;
    }
  }
}
