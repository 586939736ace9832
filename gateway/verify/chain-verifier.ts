/**
 * Verifies a chain from genesis: every block by the rules of records.md section 6, every record by the chain rules,
 * every line 2 by its hash, every checkpoint by signature and root. It needs no secret and reads no clock.
 *
 * Days that a reader vouches for are folded over numbers (day-fold.ts); every other record, and every day about which
 * there is any doubt, goes through the rules of shared/chain. The first rule broken ends it with a coded error whose
 * detail names height, record (position in the log) and leaf where there is one.
 */
import { decodeBase64url, encodeBase64url, equalBytes } from "../../shared/base/bytes.ts";
import { fail, WattproofError } from "../../shared/base/error.ts";
import type { BlockHeader, SealedBlock } from "../../shared/chain/block.ts";
import { type BlockHead, checkAgainstChain, checkHead } from "../../shared/chain/block-rules.ts";
import { type ChainEntity, quorumOf } from "../../shared/chain/chain-state.ts";
import { verifyCheckpoint } from "../../shared/chain/checkpoint.ts";
import { workOfBits } from "../../shared/chain/work.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { computeLeaf, type ParsedRecord } from "../../shared/record/record.ts";
import {
  CT_AT,
  DAY,
  HASH_BYTES,
  HASHES,
  type KnownKey,
  LEAF_AT,
  LINE2,
  NO_LINE2,
  type RecordFacts,
} from "./facts.ts";
import { LogTree } from "./log-tree.ts";
import { hashText } from "./record-facts.ts";
import { type OpenLog, RecordFold } from "./record-fold.ts";
import { type Place, SealedOrder } from "./sealed-order.ts";

/** A block without its records. */
export type BlockFrame = Omit<SealedBlock, "records">;

interface Parent {
  readonly height: number;
  readonly hash: Uint8Array;
  readonly time: number;
}

/** Where a block's records begin, and how to find the leaf of one of them. */
interface VerifiedBlock {
  readonly first: number;
  readonly leafOf: LeafFinder;
}

/** H of the record with this index in its block. */
export type LeafFinder = (index: number) => string;

export class ChainVerifier {
  readonly #suite: CryptoSuite;
  readonly #fold: RecordFold;
  readonly #log = new LogTree();
  readonly #sealed = new SealedOrder();
  /** By height. */
  readonly #blocks: VerifiedBlock[] = [];
  /** Log root after each block, by log size; what a checkpoint of that size must show. */
  readonly #roots = new Map<number, Uint8Array>();
  #parent: Parent | undefined;
  /** Records beside which the source showed the line 2 that they name, and whether it showed anything else. */
  #shown = 0;
  #hasDoubtfulBlobs = false;
  #work = 0n;
  #checkpoint: number | undefined;

  constructor(suite: CryptoSuite, openLog?: OpenLog) {
    this.#suite = suite;
    this.#fold = new RecordFold(suite, openLog);
  }

  get chain(): ChainEntity {
    return this.#fold.state.chain;
  }

  get height(): number {
    return this.#parent?.height ?? -1;
  }

  get size(): number {
    return this.#log.size;
  }

  get tipHash(): Uint8Array {
    return this.#parent?.hash ?? new Uint8Array(32);
  }

  get tipTime(): number {
    return this.#parent?.time ?? 0;
  }

  /** Sum of the work of all blocks. */
  get work(): bigint {
    return this.#work;
  }

  get blobs(): number {
    return this.#sealed.found;
  }

  get checkpointSize(): number | undefined {
    return this.#checkpoint;
  }

  /** As {@link RecordFold.addKeys}. Whether a key may sign anything is a matter of the rules, applied in order. */
  addKeys(keys: RecordFacts["admitted"]): readonly KnownKey[] {
    return this.#fold.addKeys(keys);
  }

  /** The kid of a key that readers name by this number. */
  kidOf(no: number): string {
    return this.#fold.kidOf(no);
  }

  /**
   * The next block, with the facts of all its records in order; `leafOf` is asked only for an error's sake.
   * Returns the records that are no `DAY`.
   */
  addBlock(
    block: BlockFrame,
    facts: readonly RecordFacts[],
    leafOf: LeafFinder,
  ): readonly ParsedRecord[] {
    if (this.#sealed.found > 0 || this.#checkpoint !== undefined) {
      fail("dump", "a block after blobs or checkpoints");
    }
    const height = this.height + 1;
    try {
      this.#blocks.push({ first: this.size, leafOf });
      return this.#applyBlock(block, facts, height);
    } catch (error) {
      throw error instanceof WattproofError ? withDetail(error, { height }) : error;
    }
  }

  #applyBlock(
    block: BlockFrame,
    facts: readonly RecordFacts[],
    height: number,
  ): readonly ParsedRecord[] {
    const head = checkHead(this.#suite, this.#parent, block);
    const { header, hash } = head;
    const body = { seal: block.seal, records: 0, bytes: 0 };
    for (const { count, bytes } of facts) {
      body.records += count;
      body.bytes += bytes;
    }
    const isGenesis = this.#parent === undefined;
    if (isGenesis && body.records === 0) fail("genesis", "block 0 begins with genesis");
    // Membership and parameters are those at the start of the block; genesis itself sets them for block 0.
    if (!isGenesis) this.#checkAgainstChain(head, body);
    const tree = new LogTree();
    const others: ParsedRecord[] = [];
    for (const batch of facts) {
      const hashes = asBuffer(batch.hashes);
      let text = 0;
      for (let i = 0; i < batch.count; i++) {
        const line1 = batch.status[i] === DAY ? undefined : (batch.texts[text++] ?? "");
        const other = this.#applyRecord(batch, i, line1, { height, time: header.time });
        const at = i * HASHES;
        const leaf =
          other === undefined
            ? hashes.toString("latin1", at + LEAF_AT, at + LEAF_AT + HASH_BYTES)
            : toLatin1(other.leaf);
        if (other === undefined) {
          this.#sealed.demand(batch.words, (at + CT_AT) / 4, this.size);
          if (batch.line2[i] === LINE2) this.#shown += 1;
          else this.#hasDoubtfulBlobs = true;
        } else {
          others.push(other);
          this.#demand(other, batch, i);
        }
        tree.append(leaf);
        this.#log.append(leaf);
        if (isGenesis && tree.size === 1) this.#checkAgainstChain(head, body);
      }
    }
    this.#checkRoots(header, tree);
    this.#parent = { height, hash, time: header.time };
    this.#roots.set(header.logSize, header.logRoot);
    this.#work += workOfBits(header.bits);
    return others;
  }

  #checkAgainstChain(head: BlockHead, body: Parameters<typeof checkAgainstChain>[2]): void {
    const { state, keys } = this.#fold;
    checkAgainstChain(state, head, body, { suite: this.#suite, keys });
  }

  /** Applies the next record of the log; returns it unless it is a `DAY`. */
  #applyRecord(
    batch: RecordFacts,
    i: number,
    line1: string | undefined,
    block: { readonly height: number; readonly time: number },
  ): ParsedRecord | undefined {
    try {
      if (line1 !== undefined) return this.#fold.applyText(batch, i, line1, this.size, block);
      this.#fold.applyDay(batch, i, this.size, block);
      return undefined;
    } catch (error) {
      if (!(error instanceof WattproofError)) throw error;
      const leaf =
        line1 === undefined
          ? hashText(batch, i, LEAF_AT)
          : encodeBase64url(computeLeaf(this.#suite, line1));
      throw withDetail(error, { height: block.height, record: this.size, leaf });
    }
  }

  #demand(record: ParsedRecord, batch: RecordFacts, i: number): void {
    if (!("ct" in record.payload)) {
      if (batch.line2[i] !== NO_LINE2) this.#hasDoubtfulBlobs = true;
      return;
    }
    const ct = toWords(record.payload.ct);
    this.#sealed.demand(ct, 0, this.size);
    const at = (i * HASHES + CT_AT) / 4;
    const isShown = batch.line2[i] === LINE2 && ct.every((word, w) => word === batch.words[at + w]);
    if (isShown) this.#shown += 1;
    else this.#hasDoubtfulBlobs = true;
  }

  #checkRoots(header: BlockHeader, tree: LogTree): void {
    if (!equalBytes(tree.root(), header.recordsRoot)) {
      fail("root", "recordsRoot is not the root of the block's records");
    }
    if (this.size !== header.logSize) fail("root", "logSize is not the size of the log");
    if (!equalBytes(this.#log.root(), header.logRoot)) {
      fail("root", "logRoot is not the root of the log");
    }
  }

  /** The next line 2: its hash, at word `at`, must be the one that comes next in log order. */
  addBlob(words: Uint32Array, at: number): void {
    if (this.#parent === undefined) fail("dump", "a blob before the blocks");
    if (this.#checkpoint !== undefined) fail("dump", "a blob after checkpoints");
    this.#sealed.find(words, at, (position) => this.#placeOf(position));
  }

  /**
   * Takes the lines 2 that were shown beside the records instead of {@link addBlob} for each. False, and nothing has
   * changed, unless every record was shown with the one that it names and no two records name the same.
   */
  acceptShownBlobs(): boolean {
    if (this.#hasDoubtfulBlobs || this.#shown !== this.#sealed.count) return false;
    this.#sealed.findAll();
    return true;
  }

  #placeOf(position: number): Place {
    const height = this.#blocks.findLastIndex(({ first }) => first <= position);
    const { first, leafOf } = this.#blocks[height] as VerifiedBlock;
    return { height, record: position, leaf: leafOf(position - first) };
  }

  /** The next checkpoint: signed by Q gateways, for the root of a block's end, larger than the one before. */
  addCheckpoint(note: string): void {
    if (this.#parent === undefined) fail("dump", "a checkpoint before the blocks");
    const gateways = this.#fold.state.gateways();
    const { size, root } = verifyCheckpoint(this.#suite, note, {
      origin: this.chain.origin,
      verifiers: gateways.map(({ name, note: key }) => ({
        name,
        publicKey: decodeBase64url(key ?? ""),
      })),
      threshold: quorumOf(gateways.length),
    });
    if (this.#checkpoint !== undefined && size <= this.#checkpoint) {
      fail("dump", "checkpoints are in order of their size", { size });
    }
    const expected = this.#roots.get(size);
    if (expected === undefined) {
      if (size > this.size)
        fail("tail-missing", `a checkpoint of size ${size} beyond the last block`);
      fail("checkpoint", `a checkpoint of size ${size}, where no block ends`, { size });
    }
    if (!equalBytes(expected, root)) {
      fail("checkpoint", `the checkpoint of size ${size} shows another root than the log`, {
        size,
      });
    }
    this.#checkpoint = size;
  }

  /** Ends the verification. `complete`: whether every line 2 was demanded (none is erasable in this version). */
  finish(complete: boolean): void {
    if (this.#parent === undefined) fail("dump", "there is no block");
    const missing = this.#sealed.missing();
    if (complete && missing !== undefined) {
      fail("blob", "line 2 of a record is missing", { ...this.#placeOf(missing) });
    }
    // With one gateway every block is final when it is appended, so a checkpoint must reach the last one.
    if (this.#fold.state.gateways().length === 1 && this.#checkpoint !== this.size) {
      fail(
        "tail-missing",
        "no checkpoint covers the last block: the end of the chain may be cut off",
        {
          height: this.height,
        },
      );
    }
  }
}

function withDetail(error: WattproofError, detail: WattproofError["detail"]): WattproofError {
  return new WattproofError(error.code, error.message, { ...error.detail, ...detail });
}

function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array<ArrayBuffer>): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

function toWords(hash: string): Uint32Array {
  return new Uint32Array(Uint8Array.from(Buffer.from(hash, "base64url")).buffer);
}

/** H as a text of one character a byte. */
function toLatin1(hash: string): string {
  return Buffer.from(hash, "base64url").toString("latin1");
}
