/**
 * Rules of a block (records.md section 6), the same for a gateway's own blocks and for foreign ones.
 *
 * Cheap checks come first: form, place, work, seal, limits; then the records in order, each against the state left
 * by the one before; then the roots. A block that breaks a rule leaves the state as it was.
 */
import { decodeBase64url, encodeBase64url, equalBytes } from "../base/bytes.ts";
import { fail, WattproofError } from "../base/error.ts";
import type { CryptoSuite } from "../crypto/suite.ts";
import { type ParsedRecord, parseRecord } from "../record/record.ts";
import {
  type BlockHeader,
  decodeHeader,
  hashBlock,
  hashHeader,
  NONCE_BYTES,
  requireSeal,
  type SealedBlock,
} from "./block.ts";
import { applyRecord } from "./chain-rules.ts";
import type { ChainState } from "./chain-state.ts";
import { ListedLog, type LogView } from "./log-view.ts";
import type { RuleContext, VerifyKeyCache } from "./rule-context.ts";
import { CompactRange, computeRoot } from "./tree.ts";
import { requireWork, workOfBits } from "./work.ts";

/** Most records of one meter key in a block. */
export const MAX_RECORDS_OF_METER = 64;

/** What a block must know of its parent. */
export interface ParentBlock {
  readonly height: number;
  readonly hash: Uint8Array;
  readonly time: number;
  /** The log after the parent. */
  readonly range: CompactRange;
}

export interface CheckedBlock {
  readonly header: BlockHeader;
  readonly hash: Uint8Array;
  readonly work: bigint;
  readonly records: readonly ParsedRecord[];
  /** Leaf hashes of the records, in order. */
  readonly leaves: readonly Uint8Array[];
  /** The log after this block. */
  readonly range: CompactRange;
}

/** A block whose records the caller has parsed and verified, and made the header of. */
export interface ParsedBlock extends Omit<SealedBlock, "records"> {
  readonly records: readonly ParsedRecord[];
  /** Sum of the lengths of its lines 1. */
  readonly bytes: number;
  /** Leaf hashes of the records, their root, and the log after them. */
  readonly leaves: readonly Uint8Array[];
  readonly recordsRoot: Uint8Array;
  readonly range: CompactRange;
}

export interface BlockContext {
  readonly suite: CryptoSuite;
  readonly keys: VerifyKeyCache;
  /** The records below the block; none where there is no block below. */
  readonly log?: LogView;
  /** A record that the caller has parsed and whose signature it has verified already. */
  readonly known?: (line1: string) => ParsedRecord | undefined;
}

/**
 * Checks a block on top of `parent` (undefined for block 0, with an empty state) and applies its records.
 * Throws the code of the first rule broken; `detail.record` is the index of the record in the block.
 */
export function applyBlock(
  state: ChainState,
  parent: ParentBlock | undefined,
  block: SealedBlock,
  context: BlockContext,
): CheckedBlock {
  const mark = state.mark();
  try {
    return checkAndApply(state, parent, block, context);
  } catch (error) {
    state.rollbackTo(mark);
    throw error;
  }
}

/**
 * {@link applyBlock} for a block that was made here: the same rules, but nothing is parsed, verified or hashed that
 * was when the block was made.
 */
export function applyParsedBlock(
  state: ChainState,
  parent: ParentBlock,
  block: ParsedBlock,
  context: BlockContext,
): CheckedBlock {
  const mark = state.mark();
  try {
    const head = checkHead(context.suite, parent, block);
    const { records, seal, bytes, leaves, recordsRoot, range } = block;
    const { header, hash } = head;
    checkAgainstChain(state, head, { seal, records: records.length, bytes }, context);
    const place = new BlockPlace(parent.range.size, header, context, records);
    for (const record of records) place.apply(state, record, true);
    checkRoots(header, recordsRoot, range);
    return { header, hash, work: workOfBits(header.bits), records, leaves, range };
  } catch (error) {
    state.rollbackTo(mark);
    throw error;
  }
}

function checkAndApply(
  state: ChainState,
  parent: ParentBlock | undefined,
  block: SealedBlock,
  context: BlockContext,
): CheckedBlock {
  const { suite } = context;
  const head = checkHead(suite, parent, block);
  const { header, hash } = head;
  const records: ParsedRecord[] = [];
  const first = parent === undefined ? 0 : parent.range.size;
  const place = new BlockPlace(first, header, context, records);
  // Membership and parameters are those at the start of the block; genesis itself sets them for block 0.
  if (parent === undefined) applyNext();
  const bytes = block.records.reduce((sum, line1) => sum + line1.length, 0);
  const body = { seal: block.seal, records: block.records.length, bytes };
  checkAgainstChain(state, head, body, context);
  while (records.length < block.records.length) applyNext();

  const leaves = records.map((record) => decodeBase64url(record.leaf));
  const range = parent === undefined ? new CompactRange(suite) : parent.range.clone();
  for (const leaf of leaves) range.append(leaf);
  checkRoots(header, computeRoot(suite, leaves), range);
  return { header, hash, work: workOfBits(header.bits), records, leaves, range };

  function applyNext(): void {
    const line1 = block.records[records.length];
    const known = line1 === undefined ? undefined : context.known?.(line1);
    const parse = (): ParsedRecord =>
      line1 === undefined
        ? fail("genesis", "block 0 begins with genesis")
        : parseRecord(suite, line1);
    records.push(place.apply(state, known ?? parse, known !== undefined));
  }
}

/** Where the next record of a block stands, and how many each meter key has in it. */
class BlockPlace {
  readonly #first: number;
  readonly #header: BlockHeader;
  readonly #context: BlockContext;
  readonly #log: LogView;
  readonly #counts = new Map<string, number>();
  #index = 0;

  /** @param first position of the block's first record in the log; @param records at least those applied so far */
  constructor(
    first: number,
    header: BlockHeader,
    context: BlockContext,
    records: readonly ParsedRecord[],
  ) {
    this.#first = first;
    this.#header = header;
    this.#context = context;
    this.#log = new ListedLog(records, context.log);
  }

  /** Applies the next record, parsed or still to be parsed; what is thrown has its index in the detail. */
  apply(
    state: ChainState,
    given: ParsedRecord | (() => ParsedRecord),
    signatureChecked: boolean,
  ): ParsedRecord {
    try {
      const record = typeof given === "function" ? given() : given;
      const { suite, keys } = this.#context;
      const { height, time: blockTime } = this.#header;
      const position = this.#first + this.#index;
      const log = this.#log;
      const context: RuleContext = { suite, keys, position, height, blockTime, log };
      applyRecord(state, record, context, signatureChecked);
      this.#count(state, record);
      this.#index += 1;
      return record;
    } catch (error) {
      if (!(error instanceof WattproofError)) throw error;
      const detail = { ...error.detail, record: this.#index };
      throw new WattproofError(error.code, error.message, detail);
    }
  }

  #count(state: ChainState, { kid }: ParsedRecord): void {
    if (state.get("device", kid) === undefined) return;
    const count = (this.#counts.get(kid) ?? 0) + 1;
    checkMeterCount(count);
    this.#counts.set(kid, count);
  }
}

/** `range`: the log after the block. Throws `root`. */
function checkRoots(header: BlockHeader, recordsRoot: Uint8Array, range: CompactRange): void {
  if (!equalBytes(recordsRoot, header.recordsRoot)) {
    fail("root", "recordsRoot is not the root of the block's records");
  }
  if (range.size !== header.logSize) fail("root", "logSize is not the size of the log");
  if (!equalBytes(range.root(), header.logRoot)) fail("root", "logRoot is not the root of the log");
}

/** What a block says of itself, and its hash. */
export interface BlockHead {
  readonly header: BlockHeader;
  readonly hash: Uint8Array;
}

/**
 * Form, place and work: the rules that need nothing but the parent (undefined for block 0).
 * Throws `header`, `height`, `parent`, `time`, `length`, `bits`, `work`.
 */
export function checkHead(
  suite: Pick<CryptoSuite, "sha256">,
  parent: Pick<ParentBlock, "height" | "hash" | "time"> | undefined,
  block: Pick<SealedBlock, "header" | "nonce">,
): BlockHead {
  const header = decodeHeader(block.header);
  checkPlace(header, parent);
  if (block.nonce.length !== NONCE_BYTES) fail("length", `a nonce has ${NONCE_BYTES} bytes`);
  const hash = hashBlock(suite, hashHeader(suite, block.header), block.nonce);
  requireWork(hash, header.bits);
  return { header, hash };
}

function checkPlace(
  header: BlockHeader,
  parent: Pick<ParentBlock, "height" | "hash" | "time"> | undefined,
): void {
  const height = parent === undefined ? 0 : parent.height + 1;
  if (header.height !== height) fail("height", `height ${header.height} where ${height} is next`);
  const prev = parent === undefined ? new Uint8Array(32) : parent.hash;
  if (!equalBytes(header.prev, prev)) fail("parent", "prev is not the parent's hash");
  if (parent !== undefined && header.time < parent.time) {
    fail("time", "the block's time is before its parent's");
  }
}

/**
 * Difficulty, seal and limits, judged by the state at the start of the block; `bytes` is the sum of the lengths of
 * its lines 1. Throws `bits`, `seal`, `limit`.
 */
export function checkAgainstChain(
  state: ChainState,
  { header, hash }: BlockHead,
  body: { readonly seal: Uint8Array; readonly records: number; readonly bytes: number },
  context: Pick<BlockContext, "suite" | "keys">,
): void {
  const { params } = state.chain;
  if (header.bits !== params.bits) fail("bits", "the difficulty is not the chain's");
  const kid = encodeBase64url(header.gateway);
  const gateway = state.get("member", kid);
  if (gateway === undefined || !gateway.roles.includes("gateway")) {
    fail("seal", "sealed by a key that is no gateway's");
  }
  requireSeal(context.suite, context.keys.get(kid, gateway.key), hash, body.seal);
  if (body.records > params.max_records) fail("limit", "more records than allowed");
  if (body.bytes > params.max_bytes) fail("limit", "more bytes of records than allowed");
}

/** `count`: records of one meter key in a block so far. Throws `limit`. */
export function checkMeterCount(count: number): void {
  if (count > MAX_RECORDS_OF_METER) {
    fail("limit", `more than ${MAX_RECORDS_OF_METER} records of one meter key in a block`);
  }
}
