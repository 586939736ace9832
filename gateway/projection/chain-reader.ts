/**
 * What the read model sees of the chain itself: state entities, blocks and where a position lies. Reads only.
 */
import { decodeBase64url, equalBytes } from "../../shared/base/bytes.ts";
import { type BlockHeader, decodeHeader } from "../../shared/chain/block.ts";
import type { ChainEntity, DeviceEntity, MemberEntity } from "../../shared/chain/chain-state.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { unpackLine1, unpackLine2 } from "../../shared/record/compact.ts";
import { type ParsedRecord, parseRecord } from "../../shared/record/record.ts";
import { BlockStore, decodeWork, type MainRow } from "../ledger/block-store.ts";
import type { Db, Statement } from "../ledger/database.ts";
import { RecordStore } from "../ledger/record-store.ts";
import { TileTree } from "../ledger/tile-tree.ts";
import { LeafIndex } from "./leaf-index.ts";

/** Hashes in a row of `tile`, and bytes of a hash. */
const ROW = 64;
const HASH = 32;

/** Records of one key that a look for the next one passes at most: ten years of days, not all bills of a zone. */
const MAX_STEPS = 4_000;

export interface BlockFacts {
  readonly row: MainRow;
  readonly header: BlockHeader;
}

export interface RecordFacts {
  readonly position: number;
  readonly record: ParsedRecord;
  readonly previous: number | null;
  readonly blob: number | null;
}

export class ChainReader {
  readonly suite: CryptoSuite;
  readonly blocks: BlockStore;
  readonly records: RecordStore;
  readonly tree: TileTree;
  readonly #state: Statement<[string], { value: string }>;
  readonly #tip: Statement<[Uint8Array], { pos: number | null }>;
  readonly #blob: Statement<[number], { body: Uint8Array }>;
  /** Root of the log that `tree` is of. */
  #root: Uint8Array | undefined;
  readonly #row: Statement<[number], { hashes: Buffer }>;
  readonly #height: Statement<[number], { height: number }>;
  readonly #leaves: LeafIndex;
  /** Newest block when `#leaves` was asked. */
  #indexed: { readonly height: number; readonly hash: Uint8Array } | undefined;

  constructor(db: Db, suite: CryptoSuite) {
    this.suite = suite;
    this.blocks = new BlockStore(db);
    this.records = new RecordStore(db);
    this.tree = new TileTree(db, suite, 0);
    this.#state = db.prepare("SELECT value FROM state WHERE key = ?");
    this.#tip = db.prepare("SELECT pos FROM key_tip WHERE kid = ?");
    this.#blob = db.prepare("SELECT body FROM blob WHERE id = ?");
    this.#row = db.prepare("SELECT hashes FROM tile WHERE id = ?");
    this.#height = db.prepare(
      "SELECT height FROM block WHERE first <= ? ORDER BY first DESC, height DESC LIMIT 1",
    );
    this.#leaves = new LeafIndex(db);
  }

  get chain(): ChainEntity {
    return this.#entity("chain") as ChainEntity;
  }

  member(kid: string): MemberEntity | undefined {
    return this.#entity(`member:${kid}`) as MemberEntity | undefined;
  }

  /** Key, point and status of a device; its seq and last day may be older than the chain. */
  device(kid: string): DeviceEntity | undefined {
    return this.#entity(`device:${kid}`) as DeviceEntity | undefined;
  }

  /** Members that may seal and sign notes. */
  gateways(): readonly MemberEntity[] {
    return this.chain.members
      .map((kid) => this.member(kid))
      .filter((member) => member?.roles.includes("gateway"))
      .filter((member) => member !== undefined);
  }

  /** The tip; the tree is then of its size. */
  tip(): BlockFacts {
    const row = this.blocks.tip();
    if (row === undefined) throw new Error("the chain has no block");
    const facts = { row, header: decodeHeader(row.header) };
    const { logSize, logRoot } = facts.header;
    if (this.#root === undefined || !equalBytes(this.#root, logRoot)) {
      this.tree.reload(logSize);
      this.#root = logRoot;
    }
    return facts;
  }

  /** Height of the last final block; with one gateway every block is final. */
  finalHeight(tip: BlockFacts): number {
    return this.gateways().length === 1 ? tip.header.height : 0;
  }

  block(height: number): BlockFacts | undefined {
    const row = this.blocks.main(height);
    return row === undefined ? undefined : { row, header: decodeHeader(row.header) };
  }

  heightOf(position: number): number {
    return this.#height.get(position)?.height ?? 0;
  }

  /** Leaf (H) of a record of the log, from the tree's lowest row. */
  leafAt(position: number): string {
    const row = this.#row.get(Math.floor(position / ROW))?.hashes;
    const at = (position % ROW) * HASH;
    return row === undefined ? "" : row.toString("base64url", at, at + HASH);
  }

  /** Work of one block, from the sums. */
  workOf(row: MainRow): bigint {
    const before = row.height === 0 ? undefined : this.blocks.main(row.height - 1);
    return decodeWork(row.work) - (before === undefined ? 0n : decodeWork(before.work));
  }

  record(position: number): RecordFacts | undefined {
    const row = this.records.row(position);
    if (row === undefined) return undefined;
    const record = parseRecord(this.suite, unpackLine1(row.line1));
    return { position, record, previous: row.prev, blob: row.blob };
  }

  line2(blob: number | null): string | undefined {
    const body = blob === null ? undefined : this.#blob.get(blob)?.body;
    return body === undefined ? undefined : unpackLine2(body);
  }

  /** Position of the same key's next record: one step back at a time from its newest; undefined when that is far. */
  nextPosition(kid: string, position: number, maxSteps = MAX_STEPS): number | undefined {
    let next: number | undefined;
    let at = this.#tip.get(decodeBase64url(kid))?.pos ?? null;
    for (let steps = 0; at !== null && at > position; steps++) {
      if (steps === maxSteps) return undefined;
      next = at;
      at = this.records.row(at)?.prev ?? null;
    }
    return next;
  }

  /** Position of a leaf (H). */
  positionOf(leaf: string): number | undefined {
    const { row, header } = this.tip();
    const known = this.#indexed;
    // Another branch has other hashes from where it forks.
    const there = known && this.blocks.main(known.height)?.hash;
    if (known && !(there && equalBytes(there, known.hash))) this.#leaves.clear();
    this.#indexed = row;
    return this.#leaves.find(Buffer.from(leaf, "base64url"), header.logSize);
  }

  #entity(key: string): unknown {
    const row = this.#state.get(key);
    return row === undefined ? undefined : JSON.parse(row.value);
  }
}
