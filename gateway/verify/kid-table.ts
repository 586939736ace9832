/**
 * Finds keys by their kid as 32 bytes somewhere in a buffer: making a text of each to look it up in a map would cost
 * ten times as much. A kid is a hash, so its first bytes say where in the table it stands.
 */
const KID_BYTES = 32;

export class KidTable<T> {
  readonly #items: T[] = [];
  #kids = Buffer.alloc(64 * KID_BYTES);
  /** Number of an item, plus one, at the place that its kid gives or the next free one; at most half full. */
  #table = new Uint32Array(128);

  /** Replaces the item of the same kid, if there is one. */
  set(kid: Buffer, item: T): void {
    const place = this.#placeOf(kid, 0);
    const known = this.#table[place] as number;
    if (known > 0) {
      this.#items[known - 1] = item;
      return;
    }
    this.#kids.set(kid, this.#items.length * KID_BYTES);
    this.#table[place] = this.#items.push(item);
    if (this.#items.length * KID_BYTES === this.#kids.length) this.#grow();
  }

  /** The item of the kid at `at` of `source`. */
  get(source: Buffer, at: number): T | undefined {
    return this.#items[(this.#table[this.#placeOf(source, at)] as number) - 1];
  }

  /** Where in the table the kid is, or the free place where it belongs. */
  #placeOf(source: Buffer, at: number): number {
    const table = this.#table;
    const mask = table.length - 1;
    const first =
      (source[at] as number) |
      ((source[at + 1] as number) << 8) |
      ((source[at + 2] as number) << 16) |
      ((source[at + 3] as number) << 24);
    let place = first & mask;
    for (;;) {
      const number = table[place] as number;
      if (number === 0 || this.#equals((number - 1) * KID_BYTES, source, at)) return place;
      place = (place + 1) & mask;
    }
  }

  #equals(own: number, source: Buffer, at: number): boolean {
    const kids = this.#kids;
    for (let i = 0; i < KID_BYTES; i++) if (kids[own + i] !== source[at + i]) return false;
    return true;
  }

  #grow(): void {
    const kids = Buffer.alloc(2 * this.#kids.length);
    kids.set(this.#kids);
    this.#kids = kids;
    this.#table = new Uint32Array(2 * this.#table.length);
    for (let number = 0; number < this.#items.length; number++) {
      this.#table[this.#placeOf(kids, number * KID_BYTES)] = number + 1;
    }
  }
}
