/**
 * The Merkle tree of RFC 6962 section 2.1: roots, compact ranges, inclusion and consistency proofs.
 *
 * leaf = SHA-256(0x00 ‖ data), node = SHA-256(0x01 ‖ left ‖ right), empty tree = SHA-256(""). The two prefixes
 * keep a node from passing as a leaf; an odd leaf is never doubled. Tree indices and sizes are integers below
 * 2^53, so powers of two are computed by multiplication and not by 32-bit shifts.
 */
import { concatBytes, equalBytes } from "../base/bytes.ts";
import { fail } from "../base/error.ts";
import type { CryptoSuite } from "../crypto/suite.ts";

export const HASH_BYTES = 32;
type Sha256 = Pick<CryptoSuite, "sha256">;

/** SHA-256(0x01 ‖ left ‖ right). */
export function hashNode(suite: Sha256, left: Uint8Array, right: Uint8Array): Uint8Array {
  return hashPair(suite, new Uint8Array(1 + 2 * HASH_BYTES), left, right);
}

/** {@link hashNode} with memory for its input that is kept from node to node. */
function hashPair(
  suite: Sha256,
  input: Uint8Array,
  left: Uint8Array,
  right: Uint8Array,
): Uint8Array {
  input[0] = 1;
  for (let i = 0; i < HASH_BYTES; i++) {
    input[1 + i] = left[i] as number;
    input[1 + HASH_BYTES + i] = right[i] as number;
  }
  return suite.sha256(input);
}

export function hashEmptyTree(suite: Sha256): Uint8Array {
  return suite.sha256(new Uint8Array(0));
}

/** Root of the tree over these leaf hashes. */
export function computeRoot(suite: Sha256, leaves: readonly Uint8Array[]): Uint8Array {
  const range = new CompactRange(suite);
  for (const leaf of leaves) range.append(leaf);
  return range.root();
}

/**
 * The roots of the complete subtrees that a tree of `size` leaves consists of, largest first: all that is
 * needed to append to the tree and to know its root. At most 53 hashes.
 */
export class CompactRange {
  readonly #suite: Sha256;
  readonly #hashes: Uint8Array[];
  readonly #input = new Uint8Array(1 + 2 * HASH_BYTES);
  #size: number;

  constructor(suite: Sha256, size = 0, hashes: readonly Uint8Array[] = []) {
    if (hashes.length !== countOnes(size)) fail("length", "a compact range has one hash a set bit");
    this.#suite = suite;
    this.#size = size;
    this.#hashes = [...hashes];
  }

  get size(): number {
    return this.#size;
  }

  append(leafHash: Uint8Array): void {
    let hash = leafHash;
    // Each trailing one-bit of the size is a complete subtree as large as the one being carried.
    for (let size = this.#size; size % 2 === 1; size = (size - 1) / 2) {
      hash = hashPair(this.#suite, this.#input, this.#hashes.pop() as Uint8Array, hash);
    }
    this.#hashes.push(hash);
    this.#size += 1;
  }

  root(): Uint8Array {
    const last = this.#hashes.at(-1);
    if (last === undefined) return hashEmptyTree(this.#suite);
    let root = last;
    for (let i = this.#hashes.length - 2; i >= 0; i--) {
      root = hashNode(this.#suite, this.#hashes[i] as Uint8Array, root);
    }
    return root;
  }

  clone(): CompactRange {
    return new CompactRange(this.#suite, this.#size, this.#hashes);
  }

  /** The hashes one after the other; the size is kept beside them. */
  toBytes(): Uint8Array {
    return concatBytes(...this.#hashes);
  }

  /** Throws `length` if the bytes do not fit the size. */
  static fromBytes(suite: Sha256, size: number, bytes: Uint8Array): CompactRange {
    if (bytes.length % HASH_BYTES !== 0) fail("length", "a compact range is whole hashes");
    const hashes: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += HASH_BYTES) {
      hashes.push(bytes.slice(at, at + HASH_BYTES));
    }
    return new CompactRange(suite, size, hashes);
  }
}

function countOnes(size: number): number {
  let ones = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) ones += rest % 2;
  return ones;
}

/** Reads the root of the complete subtree number `index` of 2^level leaves. */
export type NodeReader = (level: number, index: number) => Uint8Array;

/** Largest power of two below `n` (n > 1). */
function splitPoint(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

/** Root of the leaves from `start` to `end`, where `start` is a multiple of the next power of two. */
function rangeRoot(suite: Sha256, node: NodeReader, start: number, end: number): Uint8Array {
  const width = end - start;
  let level = 0;
  let power = 1;
  while (power < width) {
    power *= 2;
    level += 1;
  }
  if (power === width) return node(level, start / power);
  const middle = start + power / 2;
  return hashNode(
    suite,
    rangeRoot(suite, node, start, middle),
    rangeRoot(suite, node, middle, end),
  );
}

/** PATH(index, D[size]) of RFC 6962 section 2.1.1, leaf's sibling first. */
export function proveInclusion(
  suite: Sha256,
  index: number,
  size: number,
  node: NodeReader,
): Uint8Array[] {
  if (index < 0 || index >= size) fail("proof", "the index is not in the tree", { index, size });
  const path: Uint8Array[] = [];
  let start = 0;
  let end = size;
  while (end - start > 1) {
    const middle = start + splitPoint(end - start);
    if (index < middle) {
      path.push(rangeRoot(suite, node, middle, end));
      end = middle;
    } else {
      path.push(rangeRoot(suite, node, start, middle));
      start = middle;
    }
  }
  return path.reverse();
}

/** PROOF(old, D[size]) of RFC 6962 section 2.1.2; empty for old 0 and old = size. */
export function proveConsistency(
  suite: Sha256,
  old: number,
  size: number,
  node: NodeReader,
): Uint8Array[] {
  if (old < 0 || old > size) fail("proof", "the old size is larger than the tree", { old, size });
  if (old === 0 || old === size) return [];
  const path: Uint8Array[] = [];
  let start = 0;
  let end = size;
  let whole = true;
  while (old !== end) {
    const middle = start + splitPoint(end - start);
    if (old <= middle) {
      path.push(rangeRoot(suite, node, middle, end));
      end = middle;
    } else {
      path.push(rangeRoot(suite, node, start, middle));
      start = middle;
      whole = false;
    }
  }
  // The verifier knows the old root itself, so it is left out where the old tree is a whole subtree.
  if (!whole) path.push(rangeRoot(suite, node, start, end));
  return path.reverse();
}

/**
 * The way that both verifications go, from node number `start` of a level whose last node is `end` up to the root: each
 * hash of the path is the sibling on the left or on the right. Throws `proof` if the path is not as long as the way.
 */
function walkPath(
  proof: "inclusion" | "consistency",
  start: number,
  end: number,
  path: readonly Uint8Array[],
  visit: (sibling: Uint8Array, isLeft: boolean) => void,
): void {
  let node = start;
  let last = end;
  for (const sibling of path) {
    if (last === 0) fail("proof", `the ${proof} proof is too long`);
    const isLeft = node % 2 === 1 || node === last;
    visit(sibling, isLeft);
    // The last node of a level has no right sibling: it moves up until it is a right child.
    while (isLeft && node % 2 === 0 && node !== 0) {
      node /= 2;
      last = Math.floor(last / 2);
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  if (last !== 0) fail("proof", `the ${proof} proof is too short`);
}

/** RFC 9162 section 2.1.3.2. Throws `proof`. */
export function verifyInclusion(
  suite: Sha256,
  leafHash: Uint8Array,
  index: number,
  size: number,
  path: readonly Uint8Array[],
  root: Uint8Array,
): void {
  if (index < 0 || index >= size) fail("proof", "the index is not in the tree", { index, size });
  let hash = leafHash;
  walkPath("inclusion", index, size - 1, path, (sibling, isLeft) => {
    hash = isLeft ? hashNode(suite, sibling, hash) : hashNode(suite, hash, sibling);
  });
  if (!equalBytes(hash, root)) fail("proof", "the inclusion proof does not lead to the root");
}

/** RFC 9162 section 2.1.4.2; old 0 and old = size take an empty proof. Throws `proof`. */
export function verifyConsistency(
  suite: Sha256,
  old: number,
  oldRoot: Uint8Array,
  size: number,
  root: Uint8Array,
  path: readonly Uint8Array[],
): void {
  if (old < 0 || old > size) fail("proof", "the tree became smaller", { old, size });
  if (old === 0 || old === size) {
    if (path.length > 0) fail("proof", "a consistency proof where none is needed");
    if (old === size && !equalBytes(oldRoot, root)) fail("proof", "two roots for one size");
    return;
  }
  // Where the old tree is a whole subtree its root opens the path.
  const isPower = countOnes(old) === 1;
  const full = isPower ? [oldRoot, ...path] : [...path];
  const first = full[0];
  if (first === undefined) fail("proof", "the consistency proof is too short");
  let node = old - 1;
  let last = size - 1;
  while (node % 2 === 1) {
    node = (node - 1) / 2;
    last = Math.floor(last / 2);
  }
  let oldHash = first;
  let newHash = first;
  walkPath("consistency", node, last, full.slice(1), (sibling, isLeft) => {
    // A left sibling stands in the old tree too; a right one came later.
    if (isLeft) oldHash = hashNode(suite, sibling, oldHash);
    newHash = isLeft ? hashNode(suite, sibling, newHash) : hashNode(suite, newHash, sibling);
  });
  if (!equalBytes(oldHash, oldRoot))
    fail("proof", "the consistency proof does not hold the old root");
  if (!equalBytes(newHash, root)) fail("proof", "the consistency proof does not hold the new root");
}
