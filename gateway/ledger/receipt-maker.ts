/**
 * Receipts for records of the final log (records.md section 6), made fast for a whole block.
 *
 * All receipts of one log size share their checkpoint, most share their consistency proof, and neighbours share
 * most of their path: each hash becomes text once.
 */
import { encodeBase64, encodeUtf8 } from "../../shared/base/bytes.ts";
import { proveConsistency } from "../../shared/chain/tree.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import type { TileTree } from "./tile-tree.ts";

/** A receipt in two parts: an ASCII text of its own, and the signed note that all receipts of its size end with. */
export interface ReceiptParts {
  readonly proof: string;
  readonly note: Uint8Array;
}

/** Levels of a path that are put together for each record; those above are shared by 2^4 neighbours. */
const OWN_LEVELS = 4;
/** Texts kept for one log size; a full block of 16,384 records has twice as many nodes. */
const MAX_TEXTS = 65_536;
const MAX_CONSISTENCY = 4_096;

export class ReceiptMaker {
  readonly #suite: CryptoSuite;
  readonly #tree: TileTree;
  readonly #size: number;
  readonly #checkpoint: string;
  readonly #note: Uint8Array;
  readonly #consistency = new Map<number, string>();
  /** Text of the complete node (level, index), by level. */
  readonly #texts: Map<number, string>[] = [];
  /** Text of the incomplete subtree at the right edge that begins at a leaf, by that leaf. */
  readonly #edges = new Map<number, string>();
  #count = 0;
  /** Upper part of the path of the records whose positions have this number above their last bits. */
  #group = -1;
  #upper = "";

  /** For the log of `size` leaves, of which `checkpoint` is the signed note. */
  constructor(suite: CryptoSuite, tree: TileTree, size: number, checkpoint: string) {
    this.#suite = suite;
    this.#tree = tree;
    this.#size = size;
    this.#checkpoint = checkpoint;
    this.#note = encodeUtf8(checkpoint);
  }

  get size(): number {
    return this.#size;
  }

  /** The receipt of the record at `position` for a reader who knows the log of `old` leaves. Throws `proof`. */
  make(position: number, old: number): string {
    return this.#proof(position, old) + this.#checkpoint;
  }

  /** {@link make} for a writer of bytes. */
  parts(position: number, old: number): ReceiptParts {
    return { proof: this.#proof(position, old), note: this.#note };
  }

  #proof(position: number, old: number): string {
    return `old ${old}\n${this.#consistencyOf(old)}\nc2sp.org/tlog-proof@v1\nindex ${position}\n${this.#path(position)}\n`;
  }

  #consistencyOf(old: number): string {
    const known = this.#consistency.get(old);
    if (known !== undefined) return known;
    const node = (level: number, index: number): Uint8Array => this.#tree.node(level, index);
    const hashes = proveConsistency(this.#suite, old, this.#size, node);
    const text = hashes.map((hash) => `${encodeBase64(hash)}\n`).join("");
    if (this.#consistency.size >= MAX_CONSISTENCY) this.#consistency.clear();
    this.#consistency.set(old, text);
    return text;
  }

  /**
   * PATH of RFC 6962 from the leaf upwards: at each level the sibling, which is a complete subtree on the left, and on
   * the right a complete one, the incomplete right edge, or nothing.
   */
  #path(position: number): string {
    const group = Math.floor(position / 2 ** OWN_LEVELS);
    if (group !== this.#group) {
      this.#group = group;
      this.#upper = this.#climb(position, OWN_LEVELS, Number.MAX_SAFE_INTEGER);
    }
    return this.#climb(position, 0, OWN_LEVELS) + this.#upper;
  }

  /** The path's hashes from one level up to, not including, another. */
  #climb(position: number, from: number, to: number): string {
    let text = "";
    let width = 2 ** from;
    let index = Math.floor(position / width);
    if (from > 0 && position < width && width >= this.#size) return text;
    for (let level = from; level < to; level++, width *= 2) {
      const block = Math.floor(position / (width * 2)) * width * 2;
      if (index % 2 === 1) text += this.#text(level, index - 1);
      else {
        const start = block + width;
        if (start + width <= this.#size) text += this.#text(level, index + 1);
        else if (start < this.#size) text += this.#edge(start);
      }
      if (block === 0 && width * 2 >= this.#size) return text;
      index = Math.floor(index / 2);
    }
    return text;
  }

  #text(level: number, index: number): string {
    let texts = this.#texts[level];
    if (texts === undefined) {
      texts = new Map();
      this.#texts[level] = texts;
    }
    let text = texts.get(index);
    if (text === undefined) {
      if (this.#count >= MAX_TEXTS) this.#forget();
      text = `${encodeBase64(this.#tree.node(level, index))}\n`;
      texts.set(index, text);
      this.#count += 1;
    }
    return text;
  }

  #forget(): void {
    for (const texts of this.#texts) texts.clear();
    this.#count = 0;
  }

  /** Root of the leaves from `start` to the end of the log. */
  #edge(start: number): string {
    let text = this.#edges.get(start);
    if (text === undefined) {
      text = `${encodeBase64(this.#tree.edgeRoot(start, this.#size))}\n`;
      this.#edges.set(start, text);
    }
    return text;
  }
}
