/**
 * Verifies a chain from genesis: every block by the rules of records.md section 6, every record by the chain rules,
 * every line 2 by its hash, every checkpoint by signature and root. It needs no secret and reads no clock.
 *
 * The only effects of running it are on its own state; the first rule broken ends it with a coded error whose
 * detail names height, record (position in the log) and leaf where there is one.
 */
import { decodeBase64url, encodeBase64url, equalBytes } from "../../shared/base/bytes.ts";
import { fail, WattproofError } from "../../shared/base/error.ts";
import type { SealedBlock } from "../../shared/chain/block.ts";
import { applyBlock, type ParentBlock } from "../../shared/chain/block-rules.ts";
import { ChainState, quorumOf } from "../../shared/chain/chain-state.ts";
import { verifyCheckpoint } from "../../shared/chain/checkpoint.ts";
import { VerifyKeyCache } from "../../shared/chain/rule-context.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { computeLeaf, type ParsedRecord } from "../../shared/record/record.ts";

/** A record as the rest of a dump refers to it. */
export interface VerifiedRecord {
  readonly position: number;
  readonly height: number;
  readonly leaf: string;
  readonly pt: string;
}

export class ChainVerifier {
  readonly state = new ChainState();
  readonly #suite: CryptoSuite;
  readonly #keys: VerifyKeyCache;
  #parent: ParentBlock | undefined;
  #work = 0n;
  /** Log root after each block, by log size; what a checkpoint of that size must show. */
  readonly #roots = new Map<number, Uint8Array>();
  /** ct of every line 2 in log order of its first record, with that record. */
  readonly #sealed = new Map<string, VerifiedRecord>();
  readonly #order: string[] = [];
  #nextBlob = 0;
  #checkpoint: { size: number; note: string } | undefined;

  constructor(suite: CryptoSuite) {
    this.#suite = suite;
    this.#keys = new VerifyKeyCache(suite);
  }

  get height(): number {
    return this.#parent?.height ?? -1;
  }

  get size(): number {
    return this.#parent?.range.size ?? 0;
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
    return this.#nextBlob;
  }

  get checkpointSize(): number | undefined {
    return this.#checkpoint?.size;
  }

  /**
   * The next block. `known` gives, for its records one after the other, the record that was parsed and whose
   * signature was verified already, or undefined.
   */
  addBlock(block: SealedBlock, known: () => ParsedRecord | undefined): readonly ParsedRecord[] {
    if (this.#nextBlob > 0 || this.#checkpoint !== undefined) {
      fail("dump", "a block after blobs or checkpoints");
    }
    const first = this.size;
    const height = this.height + 1;
    try {
      const checked = applyBlock(this.state, this.#parent, block, {
        suite: this.#suite,
        keys: this.#keys,
        known: (line1) => {
          const record = known();
          return record?.line1 === line1 ? record : undefined;
        },
      });
      this.state.forgetChanges();
      const { header, hash, range, records, work } = checked;
      this.#parent = { height: header.height, hash, time: header.time, range };
      this.#roots.set(header.logSize, header.logRoot);
      this.#work += work;
      for (const [i, record] of records.entries()) this.#remember(record, first + i, height);
      return records;
    } catch (error) {
      throw this.#locate(error, height, first, block);
    }
  }

  #remember(record: ParsedRecord, position: number, height: number): void {
    if (record.typ !== "day" && record.typ !== "event" && record.typ !== "bill") return;
    const { ct, pt } = record.payload;
    if (this.#sealed.has(ct)) return;
    this.#sealed.set(ct, { position, height, leaf: record.leaf, pt });
    this.#order.push(ct);
  }

  /** The next line 2, of which `ct` is the hash: it must be the one that comes next in log order. */
  addBlob(ct: string): void {
    if (this.#parent === undefined) fail("dump", "a blob before the blocks");
    if (this.#checkpoint !== undefined) fail("dump", "a blob after checkpoints");
    const expected = this.#order[this.#nextBlob];
    if (ct !== expected) {
      const record = expected === undefined ? undefined : this.#sealed.get(expected);
      const place =
        record === undefined
          ? {}
          : { height: record.height, record: record.position, leaf: record.leaf };
      if (!this.#sealed.has(ct)) fail("ct", "a line 2 that no record names", place);
      fail("blob", "line 2 of a record is missing, comes twice or is out of log order", place);
    }
    this.#nextBlob += 1;
  }

  /** The next checkpoint: signed by Q gateways, for the root of a block's end, larger than the one before. */
  addCheckpoint(note: string): void {
    if (this.#parent === undefined) fail("dump", "a checkpoint before the blocks");
    const gateways = this.state.gateways();
    const checkpoint = verifyCheckpoint(this.#suite, note, {
      origin: this.state.chain.origin,
      verifiers: gateways.map(({ name, note: key }) => ({
        name,
        publicKey: decodeBase64url(key ?? ""),
      })),
      threshold: quorumOf(gateways.length),
    });
    const { size, root } = checkpoint;
    if (this.#checkpoint !== undefined && size <= this.#checkpoint.size) {
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
    this.#checkpoint = { size, note };
  }

  /** Ends the verification. `complete`: whether every line 2 was demanded (none is erasable in this version). */
  finish(complete: boolean): void {
    if (this.#parent === undefined) fail("dump", "there is no block");
    const missing = this.#order[this.#nextBlob];
    if (complete && missing !== undefined) {
      const { height, position, leaf } = this.#sealed.get(missing) as VerifiedRecord;
      fail("blob", "line 2 of a record is missing", { height, record: position, leaf });
    }
    // With one gateway every block is final when it is appended, so a checkpoint must reach the last one.
    if (this.state.gateways().length === 1 && this.#checkpoint?.size !== this.size) {
      fail(
        "tail-missing",
        "no checkpoint covers the last block: the end of the chain may be cut off",
        {
          height: this.height,
        },
      );
    }
  }

  /** Adds where it happened to an error of a block's rules. */
  #locate(error: unknown, height: number, first: number, block: SealedBlock): unknown {
    if (!(error instanceof WattproofError)) return error;
    const { record: index, ...detail } = error.detail;
    const line1 = typeof index === "number" ? block.records[index] : undefined;
    const place =
      typeof index !== "number" || line1 === undefined
        ? { height }
        : { height, record: first + index, leaf: encodeBase64url(computeLeaf(this.#suite, line1)) };
    return new WattproofError(error.code, error.message, { ...detail, ...place });
  }
}
