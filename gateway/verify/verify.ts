/**
 * `gateway verify`: checks a dump or a live store from genesis and says what it found.
 *
 * Shares nothing with the code that writes the chain beyond `shared/`. The source is read ahead in chunks whose
 * signatures and hashes go to the worker threads, while what came before is folded in order by {@link ChainVerifier}.
 */
import { encodeBase64url, encodeHex, encodeUtf8 } from "../../shared/base/bytes.ts";
import { fail, isCoded } from "../../shared/base/error.ts";
import type { SealedBlock } from "../../shared/chain/block.ts";
import type { DumpLine } from "../../shared/chain/dump.ts";
import { thumbprint } from "../../shared/crypto/key.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import { formatJwsHeader } from "../../shared/record/compact-jws.ts";
import { computeCt } from "../../shared/record/envelope.ts";
import { parseRecord } from "../../shared/record/record.ts";
import { ChainVerifier } from "./chain-verifier.ts";
import { OpenedVerifier } from "./opened-verifier.ts";
import { SignaturePool, type Vouched } from "./signature-pool.ts";
import type { RawBlob, VerifySource } from "./verify-source.ts";

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
  /** Opened days and events that do not count. */
  readonly unusable: number;
  /** Events that count. */
  readonly events: number;
  readonly bills: number;
}

/** Records a chunk: enough for all cores. */
const CHUNK_RECORDS = 1_024;
/** Blobs a batch: half a megabyte. */
const BLOB_BATCH = 256;
/** Chunks and batches that are read ahead, so that no core waits. */
const STEPS_AHEAD = 12;

/** Something that was read and is not folded yet; its turn comes in the order of the source. */
interface Step {
  fold(): Promise<void>;
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
  const ahead: Step[] = [];
  let blocks: SealedBlock[] = [];
  let blobs: RawBlob[] = [];
  let records = 0;
  let blockCount = 0;

  try {
    for await (const line of source.lines()) await take(line);
  } catch (error) {
    // What comes before the line that cannot be read is judged first: the first fault in order is the one named.
    await foldAll();
    throw error;
  }
  await foldAll();
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

  async function take(line: DumpLine | RawBlob): Promise<void> {
    if (line.kind === "block") {
      startBlobs();
      blocks.push(line.block);
      records += line.block.records.length;
      if (records >= CHUNK_RECORDS) startChunk();
    } else if (line.kind === "raw-blob") {
      startChunk();
      blobs.push(line);
      if (blobs.length >= BLOB_BATCH) startBlobs();
    } else {
      startChunk();
      startBlobs();
      push(Promise.resolve(), () => addOther(line));
    }
    while (ahead.length >= STEPS_AHEAD) await foldNext();
  }

  function push(ready: Promise<unknown>, fold: () => void): void {
    // Folding awaits it later; until then a failing pool must not count as an unhandled rejection.
    ready.catch(() => undefined);
    ahead.push({
      fold: async () => {
        await ready;
        fold();
      },
    });
  }

  function startChunk(): void {
    if (blocks.length === 0) return;
    const chunk = blocks;
    blocks = [];
    records = 0;
    const lines = chunk.flatMap((block) => block.records);
    announceKeys(pool, lines);
    let vouched: readonly Vouched[] = [];
    const ready = pool.check(lines).then((checked) => {
      vouched = checked;
    });
    let at = 0;
    push(ready, () => {
      for (const block of chunk) addBlock(block, () => vouched[at++]);
      options.onProgress?.(source.progress());
    });
  }

  function startBlobs(): void {
    if (blobs.length === 0) return;
    const batch = blobs;
    blobs = [];
    let hashes: readonly string[] = [];
    const ready = pool.hash(batch).then((hashed) => {
      hashes = hashed;
    });
    push(ready, () => {
      batch.forEach((blob, i) => {
        addBlob(hashes[i] || hashLongWay(blob));
      });
    });
  }

  async function foldAll(): Promise<void> {
    startChunk();
    startBlobs();
    while (ahead.length > 0) await foldNext();
  }

  async function foldNext(): Promise<void> {
    await ahead.shift()?.fold();
  }

  function addBlock(block: SealedBlock, known: () => Vouched): void {
    requireNoneOpened();
    const first = verifier.size;
    const added = verifier.addBlock(block, known);
    if (blockCount++ === 0) requireChain(options, verifier);
    added.forEach((record, i) => {
      opened.addRecord(record, first + i, verifier.height);
    });
  }

  function requireNoneOpened(): void {
    if (opened.counts.opened > 0) fail("dump", "another line after the opened plaintexts");
  }

  function addBlob(ct: string): void {
    requireNoneOpened();
    if (options.withoutBlobs === true) fail("dump", "a line 2 in a dump said to have none");
    verifier.addBlob(ct);
  }

  function addOther(line: Exclude<DumpLine, { kind: "block" }>): void {
    if (line.kind === "blob") addBlob(computeCt(nodeSuite, line.line2));
    else if (line.kind === "checkpoint") {
      requireNoneOpened();
      verifier.addCheckpoint(line.note);
    } else opened.addOpened(line.opened);
  }
}

/** The bytes of a blob are not what they should be: reading them the long way says what is wrong. */
function hashLongWay(blob: RawBlob): string {
  const line = blob.read();
  return line.kind === "blob" ? computeCt(nodeSuite, line.line2) : "";
}

function requireChain(options: VerifyOptions, verifier: ChainVerifier): void {
  const { id } = verifier.state.chain;
  if (options.chain !== undefined && options.chain !== id) {
    fail("chain", `this is chain ${id}, not ${options.chain}`);
  }
}

/**
 * Makes the keys that these lines admit known to the workers. A kid is its key's own hash, so that a key can be
 * taken from anywhere; whether it may sign is a matter of the rules, which are applied in order afterwards.
 */
function announceKeys(pool: SignaturePool, lines: readonly string[]): void {
  for (const line1 of lines) {
    if (!ADMITTING_LENGTHS.includes(line1.indexOf("."))) continue;
    try {
      const { typ, payload } = parseRecord(nodeSuite, line1);
      const admitted = typ === "enrol" ? [payload] : typ === "genesis" ? payload.members : [];
      for (const { key } of admitted) pool.addKey(thumbprint(nodeSuite, key), key);
    } catch (error) {
      // Applying the record in order finds the same fault and names it.
      if (!isCoded(error)) throw error;
    }
  }
}

/** Lengths of the headers that belong to records with keys: a quick look, other types of these lengths do no harm. */
const ADMITTING_LENGTHS = ["enrol", "genesis"].map(
  (typ) => encodeBase64url(encodeUtf8(formatJwsHeader("0".repeat(43), typ))).length,
);
