/**
 * The log's Merkle tree (RFC 6962) on disk, as hash tiles of 256 leaves (C2SP tlog-tiles).
 *
 * Tile level L holds the roots of complete subtrees of 256^L leaves, so a proof reads one tile for every eight
 * levels. A tile is kept in four rows of 64 hashes: a row of 8 KiB would leave half of each 16 KiB page empty, and
 * an append rewrites one row at most. Rows beyond the size are never read, and `truncate` removes them.
 */
import type BetterSqlite3 from "better-sqlite3";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { createNodeHasher, type NodeHasher } from "./node-hasher.ts";

type Db = BetterSqlite3.Database;

const HASH = 32;
const TILE = 256;
const ROW = 64;
const ROWS_PER_TILE = TILE / ROW;
/** Row id = tile level × 2^40 + number of the row within the level. */
const LEVEL_STRIDE = 2 ** 40;
/** Tiles whose inner nodes stay in memory: the receipts of a full block of 16,384 read 64 of them. */
const CACHED_TILES = 96;

/** Inner nodes of one tile: `levels[k]` has the complete subtrees of 2^k of the tile's hashes. */
interface TileNodes {
  readonly width: number;
  readonly levels: readonly Uint8Array[];
}

export class TileTree {
  readonly #selectRow: BetterSqlite3.Statement<[number], { hashes: Buffer }>;
  readonly #writeRow: BetterSqlite3.Statement<[number, Uint8Array]>;
  readonly #deleteRows: BetterSqlite3.Statement<[number, number]>;
  readonly #hashNode: NodeHasher;
  readonly #cache = new Map<number, TileNodes>();
  /** Bytes of the unfinished tile at the right edge, one a tile level. */
  #edges: Uint8Array[] = [];
  #size = 0;

  constructor(db: Db, suite: Pick<CryptoSuite, "sha256Into">, size: number) {
    this.#selectRow = db.prepare("SELECT hashes FROM tile WHERE id = ?");
    this.#writeRow = db.prepare("INSERT OR REPLACE INTO tile (id, hashes) VALUES (?, ?)");
    this.#deleteRows = db.prepare("DELETE FROM tile WHERE id > ? AND id < ?");
    this.#hashNode = createNodeHasher(suite);
    this.reload(size);
  }

  /** Leaves in the tree. */
  get size(): number {
    return this.#size;
  }

  /** Reads the right edge for `size` leaves again; after a transaction that was undone. */
  reload(size: number): void {
    this.#cache.clear();
    this.#size = size;
    this.#edges = [];
    for (let level = 0, width = size; width > 0; level++, width = Math.floor(width / TILE)) {
      this.#edges.push(this.#readTile(level, Math.floor(width / TILE), width % TILE));
    }
  }

  /** Appends leaf hashes. The caller's transaction makes it durable. */
  append(leaves: readonly Uint8Array[]): void {
    let incoming: readonly Uint8Array[] = leaves;
    let width = this.#size;
    for (let level = 0; incoming.length > 0; level++) {
      const roots = this.#appendLevel(level, width, incoming);
      width = Math.floor(width / TILE);
      incoming = roots;
    }
    this.#size += leaves.length;
  }

  /** Cuts the tree back to its first `size` leaves. */
  truncate(size: number): void {
    for (let level = 0, width = this.#size; width > 0; level++, width = Math.floor(width / TILE)) {
      const kept = Math.floor(size / TILE ** level);
      const lastRow = Math.ceil(kept / ROW) - 1;
      this.#deleteRows.run(level * LEVEL_STRIDE + lastRow, (level + 1) * LEVEL_STRIDE - 1);
      if (kept % ROW === 0) continue;
      const id = level * LEVEL_STRIDE + lastRow;
      const row = this.#selectRow.get(id)?.hashes;
      if (row !== undefined) this.#writeRow.run(id, row.subarray(0, (kept % ROW) * HASH));
    }
    this.reload(size);
  }

  /** Hash of the complete subtree of 2^level leaves that begins at leaf index × 2^level. */
  node(level: number, index: number): Uint8Array {
    const tileLevel = Math.floor(level / 8);
    const inner = level % 8;
    const first = index * 2 ** inner;
    const tile = this.#nodesOf(tileLevel, Math.floor(first / TILE));
    const at = (index - Math.floor(first / TILE) * 2 ** (8 - inner)) * HASH;
    const hashes = tile.levels[inner];
    if (hashes === undefined || at + HASH > hashes.length) {
      throw new RangeError(`no node ${index} at level ${level} of a log of ${this.#size}`);
    }
    return hashes.subarray(at, at + HASH);
  }

  /** Root of the leaves from `start` up to `end`, where `start` is a multiple of the next power of two. */
  edgeRoot(start: number, end: number): Uint8Array {
    let level = 0;
    let width = 1;
    while (width < end - start) {
      width *= 2;
      level += 1;
    }
    if (width === end - start) return this.node(level, start / width);
    const middle = start + width / 2;
    const pair = new Uint8Array(2 * HASH);
    pair.set(this.edgeRoot(start, middle), 0);
    pair.set(this.edgeRoot(middle, end), HASH);
    const root = new Uint8Array(HASH);
    this.#hashNode(pair, 0, root, 0);
    return root;
  }

  /** Adds hashes to one tile level that has `width` of them; returns the roots of the tiles that became full. */
  #appendLevel(level: number, width: number, incoming: readonly Uint8Array[]): Uint8Array[] {
    const roots: Uint8Array[] = [];
    let tileNumber = Math.floor(width / TILE);
    let count = width % TILE;
    let bytes = new Uint8Array(TILE * HASH);
    bytes.set(this.#edges[level] ?? new Uint8Array(0));
    let dirtyFrom = count;
    for (const hash of incoming) {
      bytes.set(hash, count * HASH);
      count++;
      if (count < TILE) continue;
      this.#writeTile(level, tileNumber, bytes, dirtyFrom, count);
      const nodes = this.#combine(bytes, TILE);
      this.#remember(level * LEVEL_STRIDE + tileNumber, nodes);
      roots.push((nodes.levels[8] as Uint8Array).slice(0, HASH));
      tileNumber++;
      count = 0;
      dirtyFrom = 0;
      bytes = new Uint8Array(TILE * HASH);
    }
    if (count > dirtyFrom) this.#writeTile(level, tileNumber, bytes, dirtyFrom, count);
    this.#cache.delete(level * LEVEL_STRIDE + tileNumber);
    this.#edges[level] = bytes.slice(0, count * HASH);
    return roots;
  }

  #writeTile(level: number, tile: number, bytes: Uint8Array, from: number, to: number): void {
    for (let row = Math.floor(from / ROW); row * ROW < to; row++) {
      const end = Math.min(to, (row + 1) * ROW);
      const id = level * LEVEL_STRIDE + tile * ROWS_PER_TILE + row;
      this.#writeRow.run(id, bytes.subarray(row * ROW * HASH, end * HASH));
    }
  }

  #readTile(level: number, tile: number, width: number): Uint8Array {
    const bytes = new Uint8Array(width * HASH);
    for (let row = 0; row * ROW < width; row++) {
      const id = level * LEVEL_STRIDE + tile * ROWS_PER_TILE + row;
      const hashes = this.#selectRow.get(id)?.hashes;
      const wanted = Math.min(ROW, width - row * ROW) * HASH;
      if (hashes === undefined || hashes.length < wanted) {
        throw new Error(`hash tile ${level}/${tile} is not in the store`);
      }
      bytes.set(hashes.subarray(0, wanted), row * ROW * HASH);
    }
    return bytes;
  }

  #nodesOf(level: number, tile: number): TileNodes {
    const id = level * LEVEL_STRIDE + tile;
    const known = this.#cache.get(id);
    if (known !== undefined) return known;
    const width = Math.floor(this.#size / TILE ** level);
    const edge = tile === Math.floor(width / TILE);
    const bytes = edge ? this.#edges[level] : this.#readTile(level, tile, TILE);
    const nodes = this.#combine(bytes ?? new Uint8Array(0), edge ? width % TILE : TILE);
    this.#remember(id, nodes);
    return nodes;
  }

  #remember(id: number, nodes: TileNodes): void {
    if (this.#cache.size >= CACHED_TILES) {
      for (const oldest of this.#cache.keys()) {
        this.#cache.delete(oldest);
        break;
      }
    }
    this.#cache.set(id, nodes);
  }

  #combine(bytes: Uint8Array, width: number): TileNodes {
    const levels = [bytes];
    let below = bytes;
    for (let count = width >> 1; count > 0; count >>= 1) {
      const above = new Uint8Array(count * HASH);
      for (let i = 0; i < count; i++) {
        this.#hashNode(below, i * 2 * HASH, above, i * HASH);
      }
      levels.push(above);
      below = above;
    }
    return { width, levels };
  }
}
