/**
 * `gateway verify`: checks a dump or a live store from genesis and says what it found.
 *
 * Shares nothing with the code that writes the chain beyond `shared/`. Blocks are read ahead in chunks whose
 * signatures go to the worker threads, while the chunks before are folded in order by {@link ChainVerifier}.
 */
import { encodeBase64url, encodeHex, encodeUtf8 } from "../../shared/base/bytes.ts";
import { fail, isCoded } from "../../shared/base/error.ts";
import type { SealedBlock } from "../../shared/chain/block.ts";
import type { DumpLine } from "../../shared/chain/dump.ts";
import { thumbprint } from "../../shared/crypto/key.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import { formatJwsHeader } from "../../shared/record/compact-jws.ts";
import { type ParsedRecord, parseRecord } from "../../shared/record/record.ts";
import { ChainVerifier } from "./chain-verifier.ts";
import { OpenedVerifier } from "./opened-verifier.ts";
import { SignaturePool } from "./signature-pool.ts";
import type { VerifySource } from "./verify-source.ts";

export interface VerifyOptions {
  /** Worker threads that check signatures. */
  readonly workers: number;
  /** Accept a source without its lines 2, which an auditor of the chain alone does not need. */
  readonly withoutBlobs?: boolean;
  /** The chain id that must be found; without it any genesis is accepted. */
  readonly chain?: string;
  /** Called now and then with the part that has been read, 0 to 1. */
  readonly onProgress?: (part: number) => void;
}

export interface VerifyReport {
  readonly chain: string;
  readonly origin: string;
  readonly blocks: number;
  readonly records: number;
  /** Unix seconds of the last block. */
  readonly time: number;
  /** Lower-case hex of the last block's hash. */
  readonly tip: string;
  /** Expected number of tries that the blocks took, as a decimal. */
  readonly work: string;
  readonly blobs: number;
  readonly checkpoint: number | undefined;
  readonly opened: number;
  readonly unusable: number;
  readonly bills: number;
}

/** Records that are read ahead, so that no core waits. */
const CHUNK_RECORDS = 1_024;
const CHUNKS_AHEAD = 3;

interface Chunk {
  readonly blocks: readonly SealedBlock[];
  readonly known: Promise<Map<string, ParsedRecord<"day">>>;
}

/**
 * Reads the whole source; resolves with the report or rejects with the coded error of the first rule broken
 * (detail: height, record = position in the log, leaf).
 */
export async function verify(source: VerifySource, options: VerifyOptions): Promise<VerifyReport> {
  const pool = new SignaturePool(options.workers);
  try {
    return await run(source, options, pool);
  } finally {
    await pool.close();
  }
}

async function run(
  source: VerifySource,
  options: VerifyOptions,
  pool: SignaturePool,
): Promise<VerifyReport> {
  const verifier = new ChainVerifier(nodeSuite);
  const opened = new OpenedVerifier(nodeSuite);
  const ahead: Chunk[] = [];
  let blocks: SealedBlock[] = [];
  let records = 0;
  let blockCount = 0;

  for await (const line of source.lines()) {
    if (line.kind === "block") {
      blocks.push(line.block);
      records += line.block.records.length;
      if (records >= CHUNK_RECORDS) await startChunk();
      continue;
    }
    if (blocks.length > 0 || ahead.length > 0) await finishBlocks();
    addOther(line);
  }
  await finishBlocks();
  verifier.finish(options.withoutBlobs !== true);
  options.onProgress?.(1);
  const { chain } = verifier.state;
  return {
    chain: chain.id,
    origin: chain.origin,
    blocks: blockCount,
    records: verifier.size,
    time: verifier.tipTime,
    tip: encodeHex(verifier.tipHash),
    work: String(verifier.work),
    blobs: verifier.blobs,
    checkpoint: verifier.checkpointSize,
    ...opened.counts,
  };

  async function startChunk(): Promise<void> {
    const lines: string[] = [];
    for (const block of blocks) for (const line1 of block.records) lines.push(line1);
    announceKeys(pool, lines);
    const known = pool.check(lines);
    // Folding awaits it later; until then a failing pool must not count as an unhandled rejection.
    known.catch(() => undefined);
    ahead.push({ blocks, known });
    blocks = [];
    records = 0;
    while (ahead.length >= CHUNKS_AHEAD) await foldChunk();
  }

  async function finishBlocks(): Promise<void> {
    if (blocks.length > 0) await startChunk();
    while (ahead.length > 0) await foldChunk();
  }

  async function foldChunk(): Promise<void> {
    const chunk = ahead.shift();
    if (chunk === undefined) return;
    const known = await chunk.known;
    for (const block of chunk.blocks) {
      const first = verifier.size;
      const added = verifier.addBlock(block, known);
      if (blockCount++ === 0) requireChain(options, verifier);
      added.forEach((record, i) => {
        opened.addRecord(record, first + i, verifier.height);
      });
    }
    options.onProgress?.(source.progress());
  }

  function addOther(line: Exclude<DumpLine, { kind: "block" }>): void {
    if (line.kind === "blob") {
      if (options.withoutBlobs === true) fail("dump", "a line 2 in a dump said to have none");
      verifier.addBlob(line.line2);
    } else if (line.kind === "checkpoint") {
      verifier.addCheckpoint(line.note);
    } else {
      opened.addOpened(line.opened);
    }
  }
}

function requireChain(options: VerifyOptions, verifier: ChainVerifier): void {
  const { id } = verifier.state.chain;
  if (options.chain !== undefined && options.chain !== id) {
    fail("chain", `this is chain ${id}, not ${options.chain}`);
  }
}

/**
 * Makes the keys that these lines enrol known to the workers. A kid is its key's own hash, so that a key can be
 * taken from anywhere; whether it may sign is a matter of the rules, which are applied in order afterwards.
 */
function announceKeys(pool: SignaturePool, lines: readonly string[]): void {
  for (const line1 of lines) {
    if (!isEnrol(line1)) continue;
    try {
      const record = parseRecord(nodeSuite, line1);
      if (record.typ !== "enrol") continue;
      const jwk = record.payload.key;
      nodeSuite.importVerifyKey(jwk);
      pool.addKey(thumbprint(nodeSuite, jwk), jwk);
    } catch (error) {
      // Applying the record in order finds the same fault and names it.
      if (!isCoded(error)) throw error;
    }
  }
}

/** The header of an enrol record by its length, which tells it from every other type of this version. */
const ENROL_HEADER = new RegExp(
  `^[^.]{${encodeBase64url(encodeUtf8(formatJwsHeader("0".repeat(43), "enrol"))).length}}\\.`,
);

function isEnrol(line1: string): boolean {
  return ENROL_HEADER.test(line1);
}
