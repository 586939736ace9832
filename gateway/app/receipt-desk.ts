/**
 * Receipts to meters: after each block, one for every record that came from a meter.
 *
 * Sixteen thousand receipts are twenty megabytes, so they are made as the broker takes them, not all at once. A
 * receipt's consistency proof begins at the checkpoint that the meter said it saw; a meter that has seen
 * something else says so again, and then the receipts of the last block are repeated from there.
 */
import { equalBytes } from "../../shared/base/bytes.ts";
import { isCoded } from "../../shared/base/error.ts";
import { parseCheckpoint } from "../../shared/chain/checkpoint.ts";

/** A record whose sender is owed a receipt. */
export interface Owed {
  readonly meter: string;
  readonly position: number;
}

export interface ReceiptDeskOptions {
  /** Makes the receipt from size `old` and hands it on; false while the record is not final. */
  readonly make: (owed: Owed, old: number) => boolean;
  /** Size of the checkpoint that the meter verified last, 0 when unknown. */
  readonly seenOf: (meter: string) => number;
  readonly setSeen: (meter: string, size: number) => void;
  /** Number of records in the final log. */
  readonly finalSize: () => number;
  /** Root of the first `size` records, at least one, of the final log. */
  readonly rootAt: (size: number) => Uint8Array;
}

/** A checkpoint that does not lie in this log: of a size that it has not reached, or of another log. */
export interface StrangeCheckpoint {
  readonly kind: "beyond" | "forked";
  readonly size: number;
}

/** Receipts made in one go; then other work has its turn. */
const SLICE = 256;
/** Publications on their way to the broker at a time. */
const MAX_OUTSTANDING = 2048;
/** Sizes whose roots are kept: meters mostly saw one of the last few. */
const KEPT_ROOTS = 64;

export class ReceiptDesk {
  readonly #options: ReceiptDeskOptions;
  #queue: Owed[] = [];
  #head = 0;
  #outstanding = 0;
  /** By meter: what it was sent for the last block, and from which size. */
  #sent = new Map<string, { old: number; owed: Owed[] }>();
  /** Roots by size, until the next block. */
  readonly #roots = new Map<number, Uint8Array>();

  constructor(options: ReceiptDeskOptions) {
    this.#options = options;
  }

  /** Receipts that are still to be made. */
  get pending(): number {
    return this.#queue.length - this.#head;
  }

  /** A block is final: its records are owed their receipts. */
  owe(owed: readonly Owed[]): void {
    if (this.pending === 0) this.#sent = new Map();
    for (const one of owed) this.#queue.push(one);
    this.#roots.clear();
  }

  /** One record again, for a meter that repeated its envelope. */
  repeat(owed: Owed): void {
    this.#queue.push(owed);
  }

  /** The broker's client took so many publications. */
  published(count: number): void {
    this.#outstanding = Math.max(0, this.#outstanding - count);
  }

  /**
   * What a meter says it verified last. It is believed where size and root are those of this log; its signatures do not matter then.
   * @returns what does not lie in this log, which the caller has to judge by its signature; else undefined
   */
  seen(meter: string, note: string): StrangeCheckpoint | undefined {
    let size: number;
    let root: Uint8Array;
    try {
      ({ size, root } = parseCheckpoint(note));
    } catch (error) {
      if (!isCoded(error)) throw error;
      return undefined;
    }
    if (size > this.#options.finalSize()) return { kind: "beyond", size };
    if (size > 0 && !equalBytes(root, this.#rootAt(size))) return { kind: "forked", size };
    if (size !== this.#options.seenOf(meter)) this.#options.setSeen(meter, size);
    const sent = this.#sent.get(meter);
    if (sent !== undefined && sent.old !== size) {
      this.#sent.delete(meter);
      for (const owed of sent.owed) if (owed.position >= size) this.#queue.push(owed);
    }
    return undefined;
  }

  /** Makes the next receipts, as many as may be on their way; returns how many. */
  next(): number {
    const { make, seenOf } = this.#options;
    const room = Math.min(SLICE, MAX_OUTSTANDING - this.#outstanding);
    let made = 0;
    while (made < room && this.#head < this.#queue.length) {
      const owed = this.#queue[this.#head] as Owed;
      this.#head += 1;
      const old = seenOf(owed.meter);
      if (!make(owed, old)) continue;
      this.#remember(owed, old);
      made += 1;
    }
    if (this.#head === this.#queue.length) {
      this.#queue = [];
      this.#head = 0;
    }
    this.#outstanding += made;
    return made;
  }

  #rootAt(size: number): Uint8Array {
    const known = this.#roots.get(size);
    if (known !== undefined) return known;
    const root = this.#options.rootAt(size);
    if (this.#roots.size >= KEPT_ROOTS) this.#roots.clear();
    this.#roots.set(size, root);
    return root;
  }

  #remember(owed: Owed, old: number): void {
    const sent = this.#sent.get(owed.meter);
    if (sent === undefined) this.#sent.set(owed.meter, { old, owed: [owed] });
    else if (!sent.owed.some((other) => other.position === owed.position)) sent.owed.push(owed);
  }
}
