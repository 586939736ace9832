/**
 * The root of a growing RFC 6962 log, the verifier's own computation of it. Hashes are texts of one character a byte:
 * the platform makes those in half the time that an array takes.
 */
import { hash } from "node:crypto";

const HASH_BYTES = 32;

export class LogTree {
  /** Roots of the complete subtrees that the log consists of, largest first. */
  readonly #roots: string[] = [];
  /** 0x01 ‖ left ‖ right */
  readonly #node = Buffer.alloc(1 + 2 * HASH_BYTES, 1);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  append(leaf: string): void {
    let node = leaf;
    // Each trailing one-bit of the size is a complete subtree as large as the one being carried.
    for (let size = this.#size; size % 2 === 1; size = (size - 1) / 2) {
      node = this.#join(this.#roots.pop() ?? "", node);
    }
    this.#roots.push(node);
    this.#size += 1;
  }

  root(): Uint8Array {
    const last = this.#roots.at(-1);
    if (last === undefined) return hash("sha256", "", "buffer");
    let root = last;
    for (let i = this.#roots.length - 2; i >= 0; i--) {
      root = this.#join(this.#roots[i] ?? "", root);
    }
    return Uint8Array.from(Buffer.from(root, "latin1"));
  }

  #join(left: string, right: string): string {
    this.#node.write(left, 1, "latin1");
    this.#node.write(right, 1 + HASH_BYTES, "latin1");
    return hash("sha256", this.#node, "binary");
  }
}
